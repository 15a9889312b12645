"""What the steps write into the stack files, and the plan of those settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from conftest import STACKS, changed
from recoveries import ADDRESS, applied, case, commands, known, words

from ops.plan import config
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, Resource, build
from ops.recovery.loss import losable
from ops.recovery.steps.cloud import steps
from ops.recovery.steps.step import Step

KRO, GIV = "krotrust-database-cluster", "krogiving-postgresql-cluster"
SETTINGS = {KRO: "krotrust.database", GIV: "krogiving.postgresql"}
MONGO = "krogiving-mongodb-cluster"
PARTS = {"DatabaseCluster", "DatabaseDb", "DatabaseFirewall", "DatabaseUser"}
MOMENT = "2026-01-31T02:00:00Z"


def by_name(graph: Graph) -> dict[str, Resource]:
    return {each.name: each for each in graph.resources}


def after(stack: str, taken: Sequence[Step], settings: StackConfig | None = None) -> StackConfig:
    """A stack's settings after some steps."""
    before = {each: config.load(each) for each in STACKS} | ({stack: settings} if settings else {})
    return applied(before, commands(taken))[stack]


def is_kept(old: Resource, new: Resource) -> bool:
    """Whether a resource is not replaced: what identifies it is as it was."""
    fixed = ("name", "region", "engine", "privateNetworkUuid", "clusterId", "type", "domain")
    return old.urn == new.urn and all(old.inputs.get(e) == new.inputs.get(e) for e in fixed)


def databases(stack: str) -> list[str]:
    _, graph, dependencies = known(stack)
    return [
        loss.name
        for loss in losable(graph, dependencies)
        if loss.kind == "database" and loss.resource and loss.resource.inputs["engine"] != "valkey"
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_each_database_gets_a_cluster_beside_it_and_nothing_else_is_replaced(stack: str) -> None:
    _, graph, _ = known(stack)
    old = by_name(graph)
    lost = databases(stack)
    taken = [step for name in lost for step in steps(case(name, stack, MOMENT)) if not step.later]
    new = by_name(build(after(stack, taken)))
    further = [each for each in new.values() if each.name not in old]
    clusters = [each for each in further if each.kind == "DatabaseCluster"]
    assert len(clusters) == len(lost) == 3
    assert sorted(each.inputs["backupRestore"]["databaseName"] for each in clusters) == sorted(
        old[name].inputs["name"] for name in lost
    )
    assert {each.inputs["backupRestore"]["backupCreatedAt"] for each in clusters} == {MOMENT}
    assert {each.kind for each in further} == PARTS
    assert [each for each in old if not is_kept(old[each], new[each])] == []


@pytest.mark.parametrize(("stack", "name"), [("prod", KRO), ("prod", MONGO), ("stage", GIV)])
def test_an_old_database_is_deleted_only_by_the_later_steps(stack: str, name: str) -> None:
    taken = steps(case(name, stack))
    ups = [place for place, step in enumerate(taken) if step.command.startswith("pulumi up ")]
    recovered, freed, end = (
        by_name(build(after(stack, taken[:stop])))
        for stop in (next(place for place, step in enumerate(taken) if step.later), *ups)
    )
    assert recovered.keys() == freed.keys()
    deleted = {each for each in freed if each not in end and freed[each].custom}
    assert {freed[each].kind for each in deleted} == PARTS
    assert name in deleted
    unprotected = {each for each in freed if recovered[each].protect != freed[each].protect}
    assert unprotected == (deleted if recovered[name].protect else set())
    assert end.keys() < freed.keys()
    assert [each for each in end if end[each].protect != recovered[each].protect] == []


def listed(settings: StackConfig, path: str) -> Any:
    system, *rest = path.split(".")
    value: Any = settings.document()[f"{settings.project}:{system}"]
    for part in rest:
        value = value[part]
    return value


@pytest.mark.parametrize("name", [KRO, GIV])
def test_a_second_restoration_and_other_removals_stay_as_they_are(name: str) -> None:
    path = SETTINGS[name]
    stem = listed(config.load("prod"), path)["name"]
    settings = changed(
        "prod",
        {
            f"{path}.restored": [{"name": f"{stem}-2"}],
            "removals": ["krotrust-firewall", "krogiving-admin-app"],
        },
    )
    newest = case(f"{stem}-2", settings=settings).loss.name
    taken = steps(case(newest, settings=settings))
    restored = after("prod", [step for step in taken if not step.later], settings)
    assert listed(restored, f"{path}.restored") == [{"name": f"{stem}-2"}, {"name": f"{stem}-3"}]
    freed = after("prod", [step for step in taken if "config rm" not in step.command], settings)
    assert listed(freed, "removals")[:3] == ["krotrust-firewall", "krogiving-admin-app", newest]
    end = after("prod", taken, settings)
    assert listed(end, "removals") == ["krotrust-firewall", "krogiving-admin-app"]
    assert listed(end, f"{path}.retired") == [f"{stem}-2"]
    plan = by_name(build(end))
    assert newest not in plan
    assert plan[name].inputs["name"] == stem


def test_a_name_is_not_used_twice() -> None:
    stem = "kro-prod-db-cluster"
    settings = changed("prod", {f"{SETTINGS[KRO]}.restored": [{"name": f"{stem}-3"}]})
    restored = after("prod", steps(case(KRO, settings=settings)), settings)
    assert listed(restored, f"{SETTINGS[KRO]}.restored")[1] == {"name": f"{stem}-2"}


def test_without_a_moment_the_latest_backup_is_restored() -> None:
    assert not any(".at'" in command for command in commands(steps(case(KRO))))
    assert sum(f".at' {MOMENT}" in each for each in commands(steps(case(KRO, at=MOMENT)))) == 1


def plan_after(stack: str, taken: Sequence[Step]) -> dict[str, Resource]:
    """The plan of a stack after some steps."""
    return by_name(build(after(stack, taken)))


def test_a_lost_region_moves_the_names_to_the_stand_in() -> None:
    old = by_name(known("prod")[1])
    taken = [step for step in steps(case("fra1")) if not step.later]
    plan = plan_after("prod", taken)
    records = [each for each in plan.values() if each.inputs.get("type") == "A"]
    assert {each.inputs["value"] for each in records} == {ADDRESS}
    assert plan.keys() == old.keys()
    spec = plan_after("dr", taken)["krogiving-backend-app"].inputs["spec"]
    assert "api.krogiving.com" in [each["name"] for each in spec["domainNames"]]


def test_the_targets_of_the_move_are_all_that_changes() -> None:
    old = by_name(known("prod")[1])
    taken = steps(case("fra1"))
    (move,) = [step for step in taken if "--target" in step.command]
    new = plan_after("prod", taken[: taken.index(move)])
    (word,) = words(move.command)
    targets = [word[place + 1] for place, each in enumerate(word) if each == "--target"]
    patterns = [
        re.compile(re.escape(each).replace(r"\*\*", ".*").replace(r"\*", "[^:]*"))
        for each in targets
    ]
    reached = {name for name, each in new.items() if any(p.fullmatch(each.urn) for p in patterns)}
    moved = {name for name in old if old[name].custom and old[name] != new[name]}
    assert moved
    assert moved <= reached
    assert {new[name].kind for name in reached} == {"App", "DnsRecord"}


def test_the_names_move_back_with_the_data_written_meanwhile() -> None:
    old = by_name(known("prod")[1])
    home = plan_after("prod", steps(case("fra1")))
    records = [name for name in old if old[name].kind == "DnsRecord"]
    assert {name: home[name].inputs for name in records} == {
        name: old[name].inputs for name in records
    }
    assert {
        each.inputs["name"]: each.inputs["backupRestore"]["databaseName"]
        for each in home.values()
        if "backupRestore" in each.inputs
    } == {
        "giv-prod-mongodb-2": "giv-dr-mongodb",
        "giv-prod-postgresql-2": "giv-dr-postgresql",
        "kro-prod-db-cluster-2": "kro-dr-db-cluster",
    }
