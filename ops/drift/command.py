"""What differs between cloud, state and code, as the engine sees it. Reads; changes nothing.

It tells what the provider reads back, and of a bucket's ACL, which that does not, what Spaces says.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import typer

from ops.account import acl
from ops.account.client import NotAtHandError
from ops.deploy import operations
from ops.drift import unmanaged_records
from ops.engine import pulumi_cli
from ops.plan.graph import SECRET
from ops.plan.rendered import Change, changes, keyed

PREVIEW = ("preview", "--ignore-protect")  # else the engine stops at what it would refuse
QUIET = ("same", "refresh", "read")
CHANGED = "changed"
KINDS = {  # what the engine says of a resource -> what is said here; any other is said as it is
    "live": {"update": CHANGED, "delete": "gone"},
    "code": {"update": CHANGED, "create": "create", "replace": "REPLACE", "delete": "DELETE"},
}
REFUSED = ("DELETE", "REPLACE")  # where protected
LOUD = (*REFUSED, "gone")  # told first
UNKNOWN = re.compile("04da6b54-80e4-46f7-96ec-b56ff0331ba9")  # the engine's mark in its JSON
LATER = "[known later]"
_STEPS = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')

Side = Literal["live", "code"]
State = Mapping[str, Any]


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
        """Give it to a reader."""
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
        """Give the published form."""
        data: dict[str, Any] = {"resource": self.resource, "kind": self.kind}
        if self.kind != CHANGED:
            return data | {"protected": self.protected}
        data |= {"path": self.path, "secret": self.secret}
        if self.change and self.shown:
            data |= {"old": self.change.old, "new": self.change.new}
        return data | ({"mend": self.mend} if self.mend else {})


def run(stack: str, config_file: str | None, form: str, report_file: str | None = None) -> int:
    """Print both comparisons, and the records that no code knows.

    The report file gets the published form, whatever is printed. Returns 0 without a drift, else 2:
    a record is none. Raises UsageError with the engine's own words where it could not tell.
    """
    pulumi_cli.settings(stack, config_file)  # what is not there is said at once
    provider = operations.answering(os.environ)
    if form == "text":
        typer.echo(f"provider: {provider}")
    live, code, records, notes = _compare(pulumi_cli.target(stack, config_file))
    report = {
        "stack": stack,
        "provider": provider,
        "drift": bool(live or code),
        "liveAgainstState": [drift.as_json() for drift in live],
        "codeAgainstState": [drift.as_json() for drift in code],
        "unmanagedRecords": records,  # null where nobody could look
    }
    if form == "json":
        typer.echo(json.dumps(report, indent=2))
    else:
        for head, part in (("live against state", live), ("code against state", code)):
            typer.echo(f"\n{head}:")
            for line in [line for drift in part for line in drift.lines()] or ["no drift"]:
                typer.echo(f"  {line}")
        if records:
            typer.echo("\nrecords that no code knows, and that are lost with their zone:")
            typer.echo("\n".join(f"  {line}" for line in unmanaged_records.lines(records)))
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    if report_file:
        Path(report_file).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 2 if live or code else 0


def _compare(
    target: Sequence[str],
) -> tuple[list[Drift], list[Drift], list[dict[str, Any]] | None, list[str]]:
    """Give both comparisons, the records that no code knows, and what else there is to say."""
    refreshed = pulumi_cli.answer(*pulumi_cli.LIVE, *target)
    live = drifts(refreshed, "live")
    planned = pulumi_cli.answer(*PREVIEW, *target)
    code = drifts(planned, "code")
    if any(drift.secret for drift in live):
        current = drifts(pulumi_cli.answer(*PREVIEW, "--refresh", *target), "code")
        live = without_own_seals(live, code, current)
    notes = pulumi_cli.said(planned, "info")
    try:
        opened = acl.changed(refreshed, os.environ)
        live += [Drift(each.resource, CHANGED, each.change, mend=each.mend) for each in opened]
    except NotAtHandError as error:
        notes.append(f"the buckets' ACLs were not looked at: {error}")
    try:
        records = unmanaged_records.unmanaged(refreshed, os.environ)
    except NotAtHandError as error:
        records = None
        notes.append(f"the zones were not searched for records that no code knows: {error}")
    return live, code, records, notes


def drifts(answer: Mapping[str, Any], side: Side) -> list[Drift]:
    """Find the drifts in the engine's JSON, what is destroyed or gone first.

    Whether a resource differs at all is the provider's verdict: the engine says `same` of one
    whose outputs or ignored inputs alone do.
    """
    found: list[Drift] = []
    for step in answer.get("steps") or ():
        _, _, types, name = step["urn"].split("::", 3)
        if step["op"] in QUIET or types.rpartition("$")[2].startswith("pulumi:"):
            continue
        kind = KINDS[side].get(step["op"], step["op"])
        old, new = step.get("oldState"), step.get("newState")
        if kind != CHANGED:
            protected = kind in REFUSED and bool((new or old or {}).get("protect"))
            found.append(Drift(name, kind, protected=protected))
        if old and new:
            found += [Drift(name, CHANGED, change) for change in _changed(step, old, new, side)]
    ranks = {kind: rank for rank, kind in enumerate(LOUD)}
    first = {d.resource: ranks[d.kind] for d in found if d.kind in ranks}  # and its inputs with it
    return sorted(found, key=lambda d: (first.get(d.resource, len(LOUD)), d.resource))


def without_own_seals(
    live: Sequence[Drift], code: Sequence[Drift], current: Sequence[Drift]
) -> list[Drift]:
    """Leave out the secrets that nobody touched. `current` is code against the cloud as it is.

    A secret that an `up` sent plain differs from its sealed answer until the next `up`, and the
    engine hides both. But where the code sends what the state has, it differs from the cloud only
    if somebody changed it there. One that the code changes too is told in that part alone.
    """

    def secrets(found: Sequence[Drift]) -> set[tuple[str, str]]:
        return {(drift.resource, drift.path) for drift in found if drift.secret}

    touched = secrets(current) - secrets(code)
    return [d for d in live if not d.secret or (d.resource, d.path) in touched]


def _changed(step: Mapping[str, Any], old: State, new: State, side: Side) -> Iterator[Change]:
    """Give each input that the step changes, and those that it only names with no value to show."""
    before, after = plain(old.get("inputs") or {}), plain(new.get("inputs") or {})
    reasons, detail = step.get("diffReasons") or (), step.get("detailedDiff") or {}
    named: dict[str, Change] = {}
    for path, each in detail.items():
        if any(field.startswith("__") for _, _, field in _STEPS.findall(path)):
            continue
        # An index counts in the list that has the item; of an update, in what the code wants.
        in_old = each["kind"].startswith("delete") or (
            side == "live" and each["kind"].startswith("update")
        )
        name, (was, now) = _look(path, (before, after), first=0 if in_old else 1)
        if SECRET in (was, now):
            named[name] = Change(name, SECRET, SECRET)
        elif before.get(top := _STEPS.findall(path)[0][2]) == after.get(top):
            # Not in the inputs: what the cloud filled in. The code wants what it gives.
            far = plain(new.get("outputs") or {}) if side == "live" else after
            pair = (plain(old.get("outputs") or {}), far)
            named[name] = Change(name, *_look(path, pair, first=0 if in_old else 1)[1])
    for change in changes(before, aligned(before, after)):
        if change.path not in named and (not reasons or change.path.partition(".")[0] in reasons):
            named[change.path] = change
    if not named and not detail and before == after:
        named[""] = Change("", None, None)  # a component's secret
    yield from (named[name] for name in sorted(named))


def _look(path: str, sides: tuple[Any, Any], first: int) -> tuple[str, tuple[Any, Any]]:
    """Follow a path of the engine's through both sides, down to a secret. Positions become names.

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
    """Leave out the engine's internals; hide what App Platform calls secret or nobody knows yet."""
    if isinstance(value, dict):
        part = {key: plain(each) for key, each in value.items() if not key.startswith("__")}
        return part | {"value": SECRET} if part.get("type") == "SECRET" else part
    if isinstance(value, list):
        return [plain(each) for each in value]
    return UNKNOWN.sub(LATER, value) if isinstance(value, str) else value


def aligned(old: Any, new: Any) -> Any:
    """Put the items of lists where `old` has them, so that order is no change."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: aligned(old.get(key), each) for key, each in new.items()}
    if not (isinstance(old, list) and isinstance(new, list)):
        return new
    if all(isinstance(name, str) for name in (*keyed(old), *keyed(new))):
        others, order = keyed(old), list(keyed(old))
        items = keyed(new).items()
        placed = sorted(items, key=lambda i: order.index(i[0]) if i[0] in others else len(order))
        return [aligned(others.get(name), each) for name, each in placed]
    rest = list(new)
    places = [rest.pop(rest.index(each)) if each in rest else None for each in old]
    for n, each in enumerate(old):
        if places[n] is None and rest:
            places[n] = aligned(each, rest.pop(0))
    return places + rest
