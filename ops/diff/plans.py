"""What a change does to each resource, between two offline plans."""

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
    """What happens to one resource. `old` and `new` are None where it is not there.

    `because` are the inputs that replace it, `ignored` the differences that nothing acts on, and
    `follows` the inputs that take another value from a resource that is replaced.
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
        """The resource, as it will be where it will be."""
        found = self.new or self.old
        assert found is not None  # noqa: S101  one of them is given
        return found

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
        """Whether the change takes the protection away."""
        return bool(self.old and self.new and self.old.protect and not self.new.protect)

    @property
    def unguarded(self) -> tuple[str, ...]:
        """The inputs that were ignored, are no longer, and would replace the resource."""
        if not self.old or not self.new:
            return ()
        lost = [key for key in self.old.ignore_changes if key not in self.new.ignore_changes]
        return tuple(key for key in lost if _replaces(self.new, key))

    @property
    def renamed(self) -> bool:
        """Whether a bucket gets another name, which the provider cannot do."""
        return any(each.path == IDENTITY.get(self.kind) for each in self.changes)


def between(before: Graph, after: Graph) -> list[Edit]:
    """Compare two plans, and follow what is replaced to what takes a value from it.

    What an alias says was renamed or moved is the same resource, as it is to the engine.
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
    """Leave out what stays as it is; what destroys comes first."""
    kept = [edit for edit in edits if edit.op != "same" or edit.ignored or edit.unprotected]
    return sorted(kept, key=lambda e: (ORDER.index(e.op), e.resource.system, e.resource.name))


def _edit(old: Resource | None, new: Resource | None) -> Edit:
    if old is None or new is None:
        return Edit("create" if old is None else "delete", old, new)
    found = [
        Change(c.path, SECRET, SECRET) if SECRET in (c.old, c.new) else c
        for c in changes(old.inputs, aligned(old.inputs, new.inputs))
    ]
    ignored = [c for c in found if c.path.partition(".")[0] in new.ignore_changes]
    counted = [c for c in found if c not in ignored]
    if old.ignore_changes != new.ignore_changes:
        lists = (list(old.ignore_changes), list(new.ignore_changes))
        counted.append(Change("ignoreChanges", *lists))
    because = tuple(
        dict.fromkeys(top for c in counted if _replaces(new, top := c.path.partition(".")[0]))
    )
    op: Op = "replace" if because else "update" if counted else "same"
    return Edit(op, old, new, tuple(counted), because, tuple(ignored))


def _replaces(resource: Resource, field: str) -> bool:
    """Tell whether another value of an input makes the resource anew."""
    row = TABLE.get(resource.kind)
    if row is None or field not in row.replaces.split():
        return False
    return field not in REPLACES_WHEN_OFF or not resource.inputs.get(field)


def _follow(edits: dict[str, Edit], after: Graph) -> None:
    """Give whoever takes a value from what is replaced another one, and replace it if that does."""
    takers: dict[str, list[tuple[Resource, str]]] = defaultdict(list)
    for resource in after.resources:
        for key, value in resource.inputs.items():
            if key not in resource.ignore_changes:
                for name in references(value):
                    takers[name].append((resource, key))
    waiting = [edit.resource.name for edit in edits.values() if edit.op == "replace"]
    while waiting:
        name = waiting.pop()
        for taker, key in takers[name]:
            edit = edits[taker.urn]
            if edit.op == "create":
                continue
            because = edit.because
            if _replaces(taker, key) and key not in because:
                because = (*because, key)
                if edit.op != "replace":
                    waiting.append(taker.name)
            op: Op = "replace" if because else "update"
            follows = (*edit.follows, (key, name))
            edits[taker.urn] = replace(edit, op=op, because=because, follows=follows)
