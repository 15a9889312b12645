"""What a rehearsed `up` took, which chain of resources decided it, and what it would take for real.

Read from the cloud's log, one JSON line an operation, and from the state that the engine exports.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from textwrap import wrap
from typing import Any

from rehearsal.table import TABLE, Row

Dependencies = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Operation:
    """One operation that really happened, `start` and `end` in seconds of one clock."""

    op: str
    type: str
    name: str
    urn: str
    start: float
    end: float


def operations(log: Path) -> list[Operation]:
    """Read the cloud's log; what failed is left out. Empty where there is none."""
    if not log.exists():
        return []
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [
        Operation(row["op"], row["type"], row["name"], row["urn"], row["start"], row["end"])
        for row in rows
        if row["ok"]
    ]


def real_seconds(kind: str) -> float:
    """Return how long a resource of a type takes in real life until it is ready, by the table."""
    return TABLE.get(kind, Row()).ready


def dependencies(export: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Read from `pulumi stack export` what each resource waited for, its parent included."""
    waits = {}
    for resource in export["deployment"].get("resources") or ():
        by_property = (resource.get("propertyDependencies") or {}).values()
        named = chain(resource.get("dependencies") or (), *(urns or () for urns in by_property))
        waits[resource["urn"]] = frozenset(filter(None, (resource.get("parent"), *named)))
    return waits


def among(urns: Iterable[str], every: Dependencies) -> dict[str, frozenset[str]]:
    """Reduce dependencies to some resources: what lies between two of them is passed through."""
    chosen = frozenset(urns)
    reached = {}
    for urn in chosen:
        found: set[str] = set()
        seen: set[str] = set()
        ahead = set(every.get(urn, ()))
        while ahead:
            each = ahead.pop()
            seen.add(each)
            if each in chosen:
                found.add(each)
            else:
                ahead |= every.get(each, frozenset()) - seen
        reached[urn] = frozenset(found)
    return reached


def critical_path(done: Iterable[Operation], waits: Dependencies) -> list[Operation]:
    """Return the chain that decided when all was over, first operation first.

    From the operation that ended last, back each time to the one that ended last of those that
    this waited for. `waits` names them directly; one that ended after the start was not waited for.
    """
    by_urn = {operation.urn: operation for operation in done}
    path: list[Operation] = []
    ahead = list(by_urn.values())
    while ahead:
        last = max(ahead, key=lambda operation: (operation.end, operation.urn))
        path.append(last)
        ahead = [
            by_urn[urn]
            for urn in waits.get(last.urn, ())
            if urn in by_urn and by_urn[urn].end <= last.start and by_urn[urn] not in path
        ]
    return path[::-1]


def at_full_length(
    done: Iterable[Operation], waits: Dependencies, seconds: Callable[[str], float]
) -> list[Operation]:
    """Return the same operations from zero, each as long as its type takes in real life.

    Each starts as soon as the last that it waits for ends.
    """
    moved: dict[str, Operation] = {}
    for operation in sorted(done, key=lambda each: (each.start, each.end)):
        ends = [moved[urn].end for urn in waits.get(operation.urn, ()) if urn in moved]
        start = max(ends, default=0.0)
        length = seconds(operation.type)
        moved[operation.urn] = replace(operation, start=start, end=start + length)
    return list(moved.values())


def summary(
    export: Mapping[str, Any],
    done: Sequence[Operation],
    wall: float,
    seconds: Callable[[str], float] = real_seconds,
) -> str:
    """Tell in a few lines what was made, what took how long, and what it would take for real."""
    resources = [
        resource
        for resource in export["deployment"].get("resources") or ()
        if not resource["type"].startswith("pulumi:")
    ]
    custom = sum(resource["custom"] for resource in resources)
    lines = [
        f"resources      {len(resources)}: {custom} in the cloud,"
        f" {len(resources) - custom} that group or describe",
        f"wall time      {_span(wall)}",
    ]
    if not done:
        return "\n".join([*lines, "critical path  not known: the cloud's log is empty"])
    for op, count in sorted(Counter(operation.op for operation in done).items()):
        kinds = Counter(operation.type for operation in done if operation.op == op)
        listed = ", ".join(f"{number}~{kind}" for kind, number in kinds.most_common())
        folded = wrap(f"{op:<15}{count}: {listed}", width=100, subsequent_indent=" " * 15)
        lines += [line.replace("~", " ") for line in folded]  # a number stays with its kind
    waits = among((operation.urn for operation in done), dependencies(export))
    path = critical_path(done, waits)
    began = min(operation.start for operation in done)
    lines += told(f"critical path  {_span(path[-1].end - began)}", path, began)
    real = critical_path(at_full_length(done, waits, seconds), waits)
    if real[-1].end:
        title = f"for real       about {_span(real[-1].end)}, if the ready times of our table hold"
        lines += told(title, real, 0)
    return "\n".join(lines)


def told(title: str, path: Sequence[Operation], began: float = 0) -> list[str]:
    """Tell of each operation when it started, how long it took, and what it made."""
    rows = [
        f"  at {_span(each.start - began):>12}, {_span(each.end - each.start):>12}:"
        f"  {each.name} ({each.type})"
        for each in path
    ]
    return [title, *rows]


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
