"""The edits of a change: two offline plans compared, resource by resource."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ops.plan.changes import Change, aligned, changes
from ops.plan.graph import SECRET, Graph, Resource
from ops.plan.identity import IDENTITY
from ops.plan.references import references
from rehearsal.table import REPLACES_WHEN_OFF, TABLE

Op = Literal["replace", "delete", "create", "update", "same"]
ORDER: tuple[Op, ...] = ("replace", "delete", "update", "create", "same")


@dataclass(frozen=True)
class Edit:
    """What a change does to one resource. `old` is None before its creation, `new` after deletion.

    `because` are the inputs that replace it, `ignored` the changes of ignored inputs, `follows`
    pairs of an input and the replaced resource that gives it another value.
    """

    op: Op
    old: Resource | None
    new: Resource | None
    changes: tuple[Change, ...] = ()
    because: tuple[str, ...] = ()
    ignored: tuple[Change, ...] = ()
    follows: tuple[tuple[str, str], ...] = ()

    @property
    def resource(self) -> Resource:
        """The new resource, or the old one of a deletion."""
        resource = self.new or self.old
        assert resource is not None  # noqa: S101  an edit has at least one of them
        return resource

    @property
    def kind(self) -> str:
        """The last part of the type."""
        return self.resource.kind

    @property
    def protected(self) -> bool:
        """Whether the engine refuses to delete or to replace it."""
        return bool(self.old and self.old.protect and self.resource.protect)

    @property
    def unprotected(self) -> bool:
        """Whether the change removes the protection."""
        return bool(self.old and self.new and self.old.protect and not self.new.protect)

    @property
    def unguarded(self) -> tuple[str, ...]:
        """Inputs that are no longer ignored, and replace the resource where they differ."""
        if not self.old or not self.new:
            return ()
        removed = [key for key in self.old.ignore_changes if key not in self.new.ignore_changes]
        return tuple(key for key in removed if _replaces(self.new, key))

    @property
    def renamed(self) -> bool:
        """Whether a bucket gets another name, which makes it another bucket."""
        return any(each.path == IDENTITY.get(self.kind) for each in self.changes)


def compare(before: Graph, after: Graph) -> list[Edit]:
    """Compare two plans, and follow each replacement to the inputs that take a value from it.

    A resource that an alias renames or moves is the same resource, as it is to the engine.
    """
    old = {resource.urn: resource for resource in before.resources}
    new = {resource.urn: resource for resource in after.resources}
    for resource in after.resources:
        for urn in resource.former & old.keys() - new.keys():
            old.setdefault(resource.urn, old.pop(urn))
    edits = {urn: _edit(old.get(urn), new.get(urn)) for urn in old.keys() | new.keys()}
    _follow(edits, after)
    return sorted_edits(edits.values())


def sorted_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits that change something, destructive ones first."""
    shown = [edit for edit in edits if edit.op != "same" or edit.ignored or edit.unprotected]
    return sorted(shown, key=lambda e: (ORDER.index(e.op), e.resource.system, e.resource.name))


def _edit(old: Resource | None, new: Resource | None) -> Edit:
    if old is None or new is None:
        return Edit("create" if old is None else "delete", old, new)
    differences = [
        Change(c.path, SECRET, SECRET) if SECRET in (c.old, c.new) else c
        for c in changes(old.inputs, aligned(old.inputs, new.inputs))
    ]
    ignored = [c for c in differences if c.path.partition(".")[0] in new.ignore_changes]
    counted = [c for c in differences if c not in ignored]
    if old.ignore_changes != new.ignore_changes:
        lists = (list(old.ignore_changes), list(new.ignore_changes))
        counted.append(Change("ignoreChanges", *lists))
    because = tuple(
        dict.fromkeys(top for c in counted if _replaces(new, top := c.path.partition(".")[0]))
    )
    op: Op = "replace" if because else "update" if counted else "same"
    return Edit(op, old, new, tuple(counted), because, tuple(ignored))


def _replaces(resource: Resource, field: str) -> bool:
    """Whether another value of an input replaces the resource."""
    row = TABLE.get(resource.kind)
    if row is None or field not in row.replaces.split():
        return False
    return field not in REPLACES_WHEN_OFF or not resource.inputs.get(field)


def _follow(edits: dict[str, Edit], after: Graph) -> None:
    """Update what takes a value from a replaced resource; replace it where that input does so."""
    consumers: dict[str, list[tuple[Resource, str]]] = defaultdict(list)
    for resource in after.resources:
        for key, value in resource.inputs.items():
            if key not in resource.ignore_changes:
                for name in references(value):
                    consumers[name].append((resource, key))
    queue = [edit.resource.name for edit in edits.values() if edit.op == "replace"]
    while queue:
        name = queue.pop()
        for consumer, key in consumers[name]:
            edit = edits[consumer.urn]
            if edit.op == "create":
                continue
            because = edit.because
            if _replaces(consumer, key) and key not in because:
                because = (*because, key)
                if edit.op != "replace":
                    queue.append(consumer.name)
            op: Op = "replace" if because else "update"
            follows = (*edit.follows, (key, name))
            edits[consumer.urn] = replace(edit, op=op, because=because, follows=follows)
