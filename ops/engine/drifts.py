"""What a preview changes: inputs of resources that differ, and whole resources.

It has what the provider reads back; what that leaves out, no preview sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ops.engine.documents import Preview, State, Step
from ops.plan.changes import Change, aligned, changes, keyed
from ops.plan.graph import SECRET

QUIET = ("same", "refresh", "read")
CHANGED = "changed"
KINDS = {  # operation of the engine -> kind of drift; any other operation keeps its name
    "live": {"update": CHANGED, "delete": "gone"},
    "code": {"update": CHANGED, "create": "create", "replace": "REPLACE", "delete": "DELETE"},
}
REFUSED = ("DELETE", "REPLACE")  # where protected
FIRST = (*REFUSED, "gone")  # in a list of drifts
UNKNOWN = re.compile("04da6b54-80e4-46f7-96ec-b56ff0331ba9")  # stands for a value not known yet
LATER = "[known later]"
_STEPS = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')

Side = Literal["live", "code"]


@dataclass(frozen=True)
class Drift:
    """One finding: an input of a resource that differs, or without `change` the whole resource.

    `mend` is the command that sets right what the engine cannot.
    """

    resource: str
    kind: str
    change: Change | None = None
    protected: bool = False
    mend: str = ""

    @property
    def path(self) -> str:
        """Where in the resource's inputs."""
        return self.change.path if self.change else ""

    @property
    def secret(self) -> bool:
        """Whether either value is one that the engine hides."""
        return self.change is not None and SECRET in (self.change.old, self.change.new)

    @property
    def shown(self) -> bool:
        """Whether there are two values that may be seen."""
        return self.change is not None and not self.secret and self.change.old != self.change.new

    def lines(self) -> Iterator[str]:
        """Yield the lines of a report."""
        if self.kind != CHANGED:
            refused = " (protected: an `up` would refuse)" if self.protected else ""
            yield f"{self.kind}: {self.resource}{refused}"
        elif self.change and self.shown:
            yield from (f"{self.resource}  {line}" for line in self.change.lines())
        else:
            where = f"{self.path}: " if self.path else ""
            yield f"{self.resource}  {where}changed"
        if self.mend:
            yield f"  an `up` neither sees nor mends it; this does: {self.mend}"

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        data: dict[str, Any] = {"resource": self.resource, "kind": self.kind}
        if self.kind != CHANGED:
            return data | {"protected": self.protected}
        data |= {"path": self.path, "secret": self.secret}
        if self.change and self.shown:
            data |= {"old": self.change.old, "new": self.change.new}
        return data | ({"mend": self.mend} if self.mend else {})


def drifts(preview: Preview, side: Side) -> list[Drift]:
    """Return the drifts that a preview names, destroyed and missing resources first.

    Whether a resource differs at all is the provider's verdict: the engine says `same` of one
    whose outputs or ignored inputs alone do.
    """
    result: list[Drift] = []
    for step in preview.steps:
        if step.op in QUIET or step.urn.of_engine:
            continue
        kind = KINDS[side].get(step.op, step.op)
        if kind != CHANGED:
            current = step.new or step.old
            protected = kind in REFUSED and current is not None and current.protect
            result.append(Drift(step.name, kind, protected=protected))
        if step.old and step.new:
            changed = _changed(step, step.old, step.new, side)
            result += [Drift(step.name, CHANGED, change) for change in changed]
    ranks = {kind: rank for rank, kind in enumerate(FIRST)}
    rank = {d.resource: ranks[d.kind] for d in result if d.kind in ranks}  # its inputs follow it
    return sorted(result, key=lambda d: (rank.get(d.resource, len(FIRST)), d.resource))


def _changed(step: Step, old: State, new: State, side: Side) -> Iterator[Change]:
    """Yield each input that the step changes, and those that it only names, without values."""
    before, after = plain(old.inputs), plain(new.inputs)
    named: dict[str, Change] = {}
    for path, how in step.detail.items():
        if any(field.startswith("__") for _, _, field in _STEPS.findall(path)):
            continue
        # An index counts in the list that has the item; of an update, in what the code wants.
        in_old = how.startswith("delete") or (side == "live" and how.startswith("update"))
        name, (was, now) = _look(path, (before, after), first=0 if in_old else 1)
        if SECRET in (was, now):
            named[name] = Change(name, SECRET, SECRET)
        elif before.get(top := _STEPS.findall(path)[0][2]) == after.get(top):
            # The inputs agree, so the cloud filled the value in. The code wants what it gives.
            wanted = plain(new.outputs) if side == "live" else after
            pair = (plain(old.outputs), wanted)
            named[name] = Change(name, *_look(path, pair, first=0 if in_old else 1)[1])
    reasons = step.diff_reasons
    for change in changes(before, aligned(before, after)):
        if change.path not in named and (not reasons or change.path.partition(".")[0] in reasons):
            named[change.path] = change
    if not named and not step.detail and before == after:
        named[""] = Change("", None, None)  # a component's secret
    yield from (named[name] for name in sorted(named))


def _look(path: str, sides: tuple[Any, Any], first: int) -> tuple[str, tuple[Any, Any]]:
    """Follow a property path through both sides, down to a secret. Positions become names.

    `first` is the side whose positions count.
    """
    names: list[str] = []
    for quoted, index, field in _STEPS.findall(path):
        if SECRET in sides:
            break
        parts = [keyed(side) if isinstance(side, list) else side for side in sides]
        parts = [part if isinstance(part, dict) else {} for part in parts]
        name: Any = quoted or field
        if index:
            orders = [list(parts[n]) for n in (first, 1 - first)]
            name = next((order[int(index)] for order in orders if int(index) < len(order)), index)
        names.append(str(name))
        sides = (parts[0].get(name), parts[1].get(name))
    return ".".join(names), sides


def plain(value: Any) -> Any:
    """Leave out the engine's internals; hide secrets of App Platform and values not known yet."""
    if isinstance(value, dict):
        part = {key: plain(each) for key, each in value.items() if not key.startswith("__")}
        return part | {"value": SECRET} if part.get("type") == "SECRET" else part
    if isinstance(value, list):
        return [plain(each) for each in value]
    return UNKNOWN.sub(LATER, value) if isinstance(value, str) else value
