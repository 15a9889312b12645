"""Durations of a rehearsed `up`, its critical path, and how long it would take for real.

Reads the cloud's log, one JSON line an operation, and the state that the engine exports.
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
    """Return the operations of the cloud's log that succeeded; an empty list without a log."""
    if not log.exists():
        return []
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [
        Operation(row["op"], row["type"], row["name"], row["urn"], row["start"], row["end"])
        for row in rows
        if row["ok"]
    ]


def real_seconds(kind: str) -> float:
    """Return the seconds that a resource of a type takes in real life until it is ready."""
    return TABLE.get(kind, Row()).ready


def dependencies(export: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the URNs that each URN of `pulumi stack export` waited for, its parent included."""
    waits = {}
    for resource in export["deployment"].get("resources") or ():
        by_property = (resource.get("propertyDependencies") or {}).values()
        named = chain(resource.get("dependencies") or (), *(urns or () for urns in by_property))
        waits[resource["urn"]] = frozenset(filter(None, (resource.get("parent"), *named)))
    return waits


def reduce_dependencies(urns: Iterable[str], every: Dependencies) -> dict[str, frozenset[str]]:
    """Return the dependencies between some resources; the other ones are passed through."""
    chosen = frozenset(urns)
    reduced = {}
    for urn in chosen:
        direct: set[str] = set()
        visited: set[str] = set()
        queue = set(every.get(urn, ()))
        while queue:
            each = queue.pop()
            visited.add(each)
            if each in chosen:
                direct.add(each)
            else:
                queue |= every.get(each, frozenset()) - visited
        reduced[urn] = frozenset(direct)
    return reduced


def critical_path(done: Iterable[Operation], waits: Dependencies) -> list[Operation]:
    """Return the chain of operations that decided the end, first operation first.

    It goes from the operation that ended last back to the dependency that ended last, and so on.
    `waits` has direct dependencies; one that ended after the start of the other was not waited for.
    """
    by_urn = {operation.urn: operation for operation in done}
    path: list[Operation] = []
    candidates = list(by_urn.values())
    while candidates:
        last = max(candidates, key=lambda operation: (operation.end, operation.urn))
        path.append(last)
        candidates = [
            by_urn[urn]
            for urn in waits.get(last.urn, ())
            if urn in by_urn and by_urn[urn].end <= last.start and by_urn[urn] not in path
        ]
    return path[::-1]


def with_real_durations(
    done: Iterable[Operation], waits: Dependencies, seconds: Callable[[str], float]
) -> list[Operation]:
    """Return the operations rescheduled from zero, each as long as `seconds` of its type.

    Each starts when the last of its dependencies ends.
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
    """Return a report of the resources, the operations, the wall time and the critical path."""
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
    waits = reduce_dependencies((operation.urn for operation in done), dependencies(export))
    path = critical_path(done, waits)
    began = min(operation.start for operation in done)
    lines += operation_lines(f"critical path  {_span(path[-1].end - began)}", path, began)
    real = critical_path(with_real_durations(done, waits, seconds), waits)
    if real[-1].end:
        title = f"for real       about {_span(real[-1].end)}, if the table's ready times are right"
        lines += operation_lines(title, real, 0)
    return "\n".join(lines)


def operation_lines(title: str, path: Sequence[Operation], began: float = 0) -> list[str]:
    """Return `title` and a line for each operation: start, duration, name and type."""
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
