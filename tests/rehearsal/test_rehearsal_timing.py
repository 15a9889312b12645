"""The critical path of a rehearsal, with its own durations and with real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal import timing
from rehearsal.timing import Operation


@st.composite
def _runs(draw: st.DrawFn) -> tuple[list[Operation], dict[str, frozenset[str]]]:
    """Operations, and dependencies without a circle; times need not fit them."""
    count = draw(st.integers(1, 8))
    times = st.integers(0, 20)
    done, waits = [], {}
    for i in range(count):
        start = draw(times)
        end = start + draw(times)
        done.append(Operation("create", "Vpc", f"r{i}", f"u{i}", start, end))
        before = st.sampled_from([f"u{j}" for j in range(i)]) if i else st.nothing()
        waits[f"u{i}"] = draw(st.frozensets(before))
    return done, waits


@settings(deadline=None)  # a machine may be busy
@given(_runs())
def test_the_critical_path_is_a_chain_in_time_that_ends_at_the_end(
    drawn: tuple[list[Operation], dict[str, frozenset[str]]],
) -> None:
    done, waits = drawn
    path = timing.critical_path(done, waits)
    assert path[-1].end == max(operation.end for operation in done)
    for before, after in pairwise(path):
        assert before.urn in waits[after.urn]
        assert before.end <= after.start
        over = [each.end for each in done if each.urn in waits[after.urn]]
        assert before.end == max(end for end in over if end <= after.start)
    assert not [
        each for each in done if each.urn in waits[path[0].urn] and each.end <= path[0].start
    ]


@settings(deadline=None)  # a machine may be busy
@given(_runs())
def test_with_real_durations_nothing_waits_longer_than_for_its_own_dependencies(
    drawn: tuple[list[Operation], dict[str, frozenset[str]]],
) -> None:
    done, waits = drawn
    # As in a real run, what is waited for comes first.
    done = [Operation(*("create", "Vpc", o.name, o.urn), i, i + 1) for i, o in enumerate(done)]
    moved = {each.urn: each for each in timing.with_real_durations(done, waits, lambda _: 10)}

    def longest(urn: str) -> float:
        return 10 + max((longest(each) for each in waits[urn]), default=0)

    assert {urn: each.end for urn, each in moved.items()} == {urn: longest(urn) for urn in moved}
    path = timing.critical_path(moved.values(), waits)
    assert sum(each.end - each.start for each in path) == path[-1].end


def _state() -> Mapping[str, Any]:
    """A VPC, and a cluster in it that belongs to a component which waits for the VPC."""
    return {
        "deployment": {
            "resources": [
                {"urn": "stack", "type": "pulumi:pulumi:Stack", "custom": False},
                {"urn": "vpc", "type": "do:Vpc", "custom": True, "parent": "stack"},
                {"urn": "group", "type": "e:Group", "custom": False, "dependencies": ["vpc"]},
                {
                    "urn": "cluster",
                    "type": "do:DatabaseCluster",
                    "custom": True,
                    "parent": "group",
                    "propertyDependencies": {"name": [], "size": None},
                },
                {"urn": "key", "type": "do:SshKey", "custom": True, "parent": "stack"},
            ]
        }
    }


def _log(path: Path) -> Path:
    rows = [
        ("create", "Vpc", "vpc", 1000.0, 1000.5, True),
        ("create", "SshKey", "key", 1000.0, 1000.2, True),
        ("create", "DatabaseCluster", "cluster", 1000.5, 1001.0, False),
        ("create", "DatabaseCluster", "cluster", 1001.0, 1006.0, True),
    ]
    keys = ("op", "type", "urn", "start", "end", "ok")
    lines = [json.dumps({**dict(zip(keys, row, strict=True)), "name": row[2]}) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_summary_lists_the_operations_and_the_critical_path(tmp_path: Path) -> None:
    done = timing.operations(_log(tmp_path / "cloud.json.log"))
    real = {"Vpc": 2.0, "DatabaseCluster": 300.0}
    assert timing.summary(_state(), done, 7.04, lambda kind: real.get(kind, 0)).splitlines() == [
        "resources      4: 3 in the cloud, 1 that group or describe",
        "wall time      7.0 s",
        "create         3: 1 Vpc, 1 SshKey, 1 DatabaseCluster",
        "critical path  6.0 s",
        "  at        0.0 s,        0.5 s:  vpc (Vpc)",
        "  at        1.0 s,        5.0 s:  cluster (DatabaseCluster)",
        "for real       about 5 min 02 s, if the table's ready times are right",
        "  at        0.0 s,        2.0 s:  vpc (Vpc)",
        "  at        2.0 s,        5 min:  cluster (DatabaseCluster)",
    ]


def test_the_summary_says_when_the_cloud_has_no_log(tmp_path: Path) -> None:
    text = timing.summary(_state(), timing.operations(tmp_path / "none.log"), 1)
    assert text.splitlines()[-1] == "critical path  not known: the cloud's log is empty"
