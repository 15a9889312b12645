"""What the steps write into the stack files: the plan of that is what the recovery is to make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from conftest import STACKS, changed
from recoveries import ADDRESS, case, commands, known, typed, words

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
    """What a stack's settings are after some steps."""
    before = {each: config.load(each) for each in STACKS} | ({stack: settings} if settings else {})
    return typed(before, commands(taken))[stack]


def same_but_where_it_leads(old: Resource, new: Resource) -> bool:
    """Whether nothing is told to be made anew: identity and protection are as they were."""
    fixed = ("name", "region", "engine", "privateNetworkUuid", "clusterId", "type", "domain")
    return old.urn == new.urn and all(old.inputs.get(e) == new.inputs.get(e) for e in fixed)


def databases(stack: str) -> list[str]:
    _, graph, found = known(stack)
    return [
        loss.name
        for loss in losable(graph, found)
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
    assert [each for each in old if not same_but_where_it_leads(old[each], new[each])] == []


@pytest.mark.parametrize(("stack", "name"), [("prod", KRO), ("prod", MONGO), ("stage", GIV)])
def test_an_old_database_goes_only_when_it_was_let_go_of(stack: str, name: str) -> None:
    taken = steps(case(name, stack))
    ups = [place for place, step in enumerate(taken) if step.command.startswith("pulumi up ")]
    recovered, freed, gone = (
        by_name(build(after(stack, taken[:end])))
        for end in (next(place for place, step in enumerate(taken) if step.later), *ups)
    )
    assert recovered.keys() == freed.keys()
    deleted = {each for each in freed if each not in gone and freed[each].custom}
    assert {freed[each].kind for each in deleted} == PARTS
    assert name in deleted
    unprotected = {each for each in freed if recovered[each].protect != freed[each].protect}
    assert unprotected == (deleted if recovered[name].protect else set())
    assert gone.keys() < freed.keys()
    assert [each for each in gone if gone[each].protect != recovered[each].protect] == []


def listed(settings: StackConfig, path: str) -> Any:
    found: Any = settings.document()
    system, *rest = path.split(".")
    found = found[f"{settings.project}:{system}"]
    for part in rest:
        found = found[part]
    return found


@pytest.mark.parametrize("name", [KRO, GIV])
def test_a_second_restoration_and_other_removals_stay_as_they_are(name: str) -> None:
    path = SETTINGS[name]
    stem = listed(config.load("prod"), path)["name"]
    given = changed(
        "prod",
        {
            f"{path}.restored": [{"name": f"{stem}-2"}],
            "removals": ["krotrust-firewall", "krogiving-admin-app"],
        },
    )
    newest = case(f"{stem}-2", settings=given).loss.name
    taken = steps(case(newest, settings=given))
    restored = after("prod", [step for step in taken if not step.later], given)
    assert listed(restored, f"{path}.restored") == [{"name": f"{stem}-2"}, {"name": f"{stem}-3"}]
    freed = after("prod", [step for step in taken if "config rm" not in step.command], given)
    assert listed(freed, "removals")[:3] == ["krotrust-firewall", "krogiving-admin-app", newest]
    end = after("prod", taken, given)
    assert listed(end, "removals") == ["krotrust-firewall", "krogiving-admin-app"]
    assert listed(end, f"{path}.retired") == [f"{stem}-2"]
    plan = by_name(build(end))
    assert newest not in plan
    assert plan[name].inputs["name"] == stem


def test_a_name_that_is_taken_is_not_given_again() -> None:
    stem = "kro-prod-db-cluster"
    given = changed("prod", {f"{SETTINGS[KRO]}.restored": [{"name": f"{stem}-3"}]})
    restored = after("prod", steps(case(KRO, settings=given)), given)
    assert listed(restored, f"{SETTINGS[KRO]}.restored")[1] == {"name": f"{stem}-2"}


def test_without_a_moment_it_is_the_latest() -> None:
    assert not any(".at'" in command for command in commands(steps(case(KRO))))
    assert sum(f".at' {MOMENT}" in each for each in commands(steps(case(KRO, at=MOMENT)))) == 1


def led(stack: str, taken: Sequence[Step]) -> dict[str, Resource]:
    """The plan of a stack after some steps."""
    return by_name(build(after(stack, taken)))


def test_a_lost_region_leads_the_names_to_the_stand_in() -> None:
    old = by_name(known("prod")[1])
    taken = [step for step in steps(case("fra1")) if not step.later]
    there = led("prod", taken)
    records = [each for each in there.values() if each.inputs.get("type") == "A"]
    assert {each.inputs["value"] for each in records} == {ADDRESS}
    assert there.keys() == old.keys()
    spec = led("dr", taken)["krogiving-backend-app"].inputs["spec"]
    assert "api.krogiving.com" in [each["name"] for each in spec["domainNames"]]


def test_what_moves_the_names_reaches_all_that_changes_and_nothing_else() -> None:
    old = by_name(known("prod")[1])
    taken = steps(case("fra1"))
    (move,) = [step for step in taken if "--target" in step.command]
    new = led("prod", taken[: taken.index(move)])
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


def test_the_names_go_home_with_the_data_that_was_written_meanwhile() -> None:
    old = by_name(known("prod")[1])
    home = led("prod", steps(case("fra1")))
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
