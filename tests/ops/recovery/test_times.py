"""How long a recovery takes: the longest chain of waits among what is created."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from recoveries import case, known

from ops.plan.graph import Graph, Resource
from ops.recovery.report import recovery
from ops.recovery.runbook import recoveries
from ops.recovery.steps.times import chain, shown
from rehearsal.timing import Operation, at_full_length, real_seconds

CLUSTER, APP = real_seconds("DatabaseCluster"), real_seconds("App")
DROPLET, RECORD = real_seconds("Droplet"), real_seconds("DnsRecord")


def drawn(waits: Mapping[str, Iterable[str]], parents: Mapping[str, str] | None = None) -> Graph:
    """A graph by hand: `Kind.name`, and what each waits for."""

    def urn(each: str) -> str:
        return f"urn:pulumi:hand::estate::{each.partition('.')[0]}::{each}"

    above = parents or {}
    resources = [
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
    return Graph("hand", tuple(resources), {})


@pytest.mark.parametrize(
    ("created", "seconds"),
    [
        ([], 0),
        (["Droplet.a"], DROPLET),
        (["Droplet.a", "DatabaseCluster.b"], max(DROPLET, CLUSTER)),  # at once
        (["App.d", "DatabaseCluster.b"], CLUSTER + APP),  # one after the other
        (["DnsRecord.e", "DatabaseCluster.b"], CLUSTER + RECORD),  # through what exists already
        (["DnsRecord.e", "App.d", "DatabaseCluster.b", "Droplet.a"], CLUSTER + APP + RECORD),
    ],
)
def test_a_chain_by_hand(created: list[str], seconds: float) -> None:
    graph = drawn(
        {
            "Droplet.a": [],
            "DatabaseCluster.b": [],
            "App.d": ["DatabaseCluster.b"],
            "DnsRecord.e": ["App.d"],
        }
    )
    assert chain(graph, created) == seconds


def test_a_part_waits_for_its_component() -> None:
    graph = drawn(
        {"DatabaseCluster.b": [], "Group.c": ["DatabaseCluster.b"], "App.d": []},
        {"App.d": "Group.c"},
    )
    assert chain(graph, ["App.d", "DatabaseCluster.b"]) == CLUSTER + APP


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_the_figure_is_that_of_a_rehearsal_in_real_time(stack: str) -> None:
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
    length = max(each.end for each in at_full_length(done, waits, real_seconds))
    assert chain(graph, [each.name for each in graph.resources]) == length > CLUSTER + APP


def test_later_steps_take_no_time_now() -> None:
    report = recovery(case("fra1"))
    later = sum(step.seconds for step in report.steps if step.later)
    assert later > 0
    assert report.seconds + later == sum(step.seconds for step in report.steps)


def test_only_recoveries_in_the_cloud_take_time() -> None:
    timed = {each.case.loss.kind for each in recoveries() if each.seconds}
    assert timed == {"app", "bucket", "database", "droplet", "region", "secret", "state", "zone"}


def test_a_database_takes_as_long_as_its_cluster_and_then_the_apps_that_use_it() -> None:
    alone = recovery(case("krotrust-database-cluster"))
    with_apps = recovery(case("krogiving-postgresql-cluster"))
    cluster = CLUSTER + real_seconds("DatabaseUser")  # its user, database and rules at once
    assert (alone.seconds, with_apps.seconds) == (cluster, cluster + APP)


@pytest.mark.parametrize(
    ("seconds", "words"), [(2, "2 s"), (59, "59 s"), (60, "1 min"), (603, "10 min")]
)
def test_a_time_is_in_seconds_or_minutes(seconds: float, words: str) -> None:
    assert shown(seconds) == words
