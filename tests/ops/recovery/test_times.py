"""How long a recovery takes: the longest chain of waits among what has to be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from recoveries import case, known

from ops.plan.graph import Graph, Resource
from ops.recovery.report import recovery
from ops.recovery.runbook import recoveries
from ops.recovery.steps.times import chain, told
from rehearsal.timing import Operation, real_seconds, with_real_durations

CLUSTER, APP = real_seconds("DatabaseCluster"), real_seconds("App")
DROPLET, RECORD = real_seconds("Droplet"), real_seconds("DnsRecord")


def drawn(waits: Mapping[str, Iterable[str]], parents: Mapping[str, str] | None = None) -> Graph:
    """A graph by hand, `Kind.name` with what each waits for."""

    def urn(each: str) -> str:
        return f"urn:pulumi:hand::estate::{each.partition('.')[0]}::{each}"

    above = parents or {}
    found = [
        Resource(
            urn=urn(each),
            type=f"digitalocean:index/x:{each.partition('.')[0]}",
            name=each,
            parent=urn(above[each]) if each in above else "",
            system="hand",
            inputs={},
            dependencies=tuple(map(urn, needed)),
            uses={},
            protect=False,
            ignore_changes=(),
            custom=True,
        )
        for each, needed in waits.items()
    ]
    return Graph("hand", tuple(found), {})


@pytest.mark.parametrize(
    ("made", "seconds"),
    [
        ([], 0),
        (["Droplet.a"], DROPLET),
        (["Droplet.a", "DatabaseCluster.b"], max(DROPLET, CLUSTER)),  # at once
        (["App.d", "DatabaseCluster.b"], CLUSTER + APP),  # one after the other
        (["DnsRecord.e", "DatabaseCluster.b"], CLUSTER + RECORD),  # through what is there already
        (["DnsRecord.e", "App.d", "DatabaseCluster.b", "Droplet.a"], CLUSTER + APP + RECORD),
    ],
)
def test_a_chain_by_hand(made: list[str], seconds: float) -> None:
    graph = drawn(
        {
            "Droplet.a": [],
            "DatabaseCluster.b": [],
            "App.d": ["DatabaseCluster.b"],
            "DnsRecord.e": ["App.d"],
        }
    )
    assert chain(graph, made) == seconds


def test_a_part_waits_for_the_component_that_it_stands_in() -> None:
    graph = drawn(
        {"DatabaseCluster.b": [], "Group.c": ["DatabaseCluster.b"], "App.d": []},
        {"App.d": "Group.c"},
    )
    assert chain(graph, ["App.d", "DatabaseCluster.b"]) == CLUSTER + APP


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_the_figure_is_that_of_a_rehearsal_at_full_length(stack: str) -> None:
    _, graph, _ = known(stack)
    ordered: list[Resource] = []
    left = {each.urn: each for each in graph.resources}
    waits = {
        each.urn: frozenset({*each.dependencies, each.parent} & left.keys())
        for each in graph.resources
    }
    while left:
        free = [urn for urn in left if not waits[urn] & left.keys()]
        ordered += [left.pop(urn) for urn in free]
    done = [
        Operation("create", each.kind, each.name, each.urn, place, place + 1)
        for place, each in enumerate(ordered)
    ]
    length = max(each.end for each in with_real_durations(done, waits, real_seconds))
    assert chain(graph, [each.name for each in graph.resources]) == length > CLUSTER + APP


def test_what_is_done_later_takes_no_time_now() -> None:
    given = recovery(case("fra1"))
    later = sum(step.seconds for step in given.steps if step.later)
    assert later > 0
    assert given.seconds + later == sum(step.seconds for step in given.steps)


def test_what_is_made_in_the_cloud_takes_time_and_what_is_not_takes_none() -> None:
    timed = {each.case.loss.kind for each in recoveries() if each.seconds}
    assert timed == {"app", "bucket", "database", "droplet", "region", "secret", "state", "zone"}


def test_a_database_waits_for_its_cluster_and_then_for_the_apps_that_move_there() -> None:
    alone = recovery(case("krotrust-database-cluster"))
    with_apps = recovery(case("krogiving-postgresql-cluster"))
    made = CLUSTER + real_seconds("DatabaseUser")  # its user, database and rules at once
    assert (alone.seconds, with_apps.seconds) == (made, made + APP)


@pytest.mark.parametrize(
    ("seconds", "words"), [(2, "2 s"), (59, "59 s"), (60, "1 min"), (603, "10 min")]
)
def test_a_time_is_told_as_people_do(seconds: float, words: str) -> None:
    assert told(seconds) == words
