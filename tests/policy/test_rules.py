"""Every rule on real plans: what breaks it is reported, and what only comes close is not."""

from __future__ import annotations

from typing import Any

import pytest
from broken import BREAKS, CANARY
from changes import Change, committed
from conftest import STACKS
from sound import PASSES

from components.facts.pencom import INVENTORY
from policy import data_loss, exposure, upkeep
from policy.resources import Operation, PlannedResource, kind, product_of, worldwide
from policy.rules import RULES, violations
from policy.secrecy import looks_like
from stacks.discovery import environments

ADVISORY = {"watched-urls", "grouped-and-tagged"}


def _each(cases: dict[str, list[Change]]) -> list[Any]:
    return [
        pytest.param(rule, change, id=f"{rule}: {change.title}")
        for rule, changes in cases.items()
        for change in changes
    ]


def test_every_rule_has_a_change_that_breaks_it_and_one_that_does_not() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert set(BREAKS) == set(PASSES) == set(names)
    assert all([*BREAKS.values(), *PASSES.values()])


@pytest.mark.parametrize("stack", STACKS)
def test_every_committed_stack_keeps_every_rule(stack: str) -> None:
    assert violations(committed(stack), stack) == []


@pytest.mark.parametrize(("rule", "change"), _each(BREAKS))
def test_what_breaks_a_rule_is_found_at_its_resource_and_nothing_else_is(
    rule: str, change: Change
) -> None:
    broken = change.violations()
    assert {(each.rule.name, each.resource) for each in broken} == {
        (rule, name) for name in change.problems
    }
    for name, part in change.problems.items():
        assert part in " ".join(each.message for each in broken if each.resource == name)
    assert not [each for each in broken if CANARY in f"{each.resource} {each.message}"]


@pytest.mark.parametrize(("rule", "change"), _each(PASSES))
def test_what_only_comes_close_is_allowed(rule: str, change: Change) -> None:
    assert rule in PASSES
    assert change.violations() == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_why_it_is_there_and_how_to_fix_it(rule: Any) -> None:
    assert rule.severity == ("advisory" if rule.name in ADVISORY else "mandatory")
    assert rule.reason.endswith(".")
    assert rule.fix
    assert not rule.fix.endswith(".")


@pytest.mark.parametrize(
    ("operation", "environment", "refused"),
    [
        (Operation("db", "DatabaseCluster", "delete"), "prod", True),
        (Operation("db", "digitalocean:index/droplet:Droplet", "replace"), "dr", True),
        (Operation("db", "App", "delete-replaced"), "prod", True),
        (Operation("db", "DatabaseCluster", "update"), "prod", False),
        (Operation("db", "MonitorAlert", "delete"), "prod", False),
        (Operation("db", "DatabaseCluster", "delete"), "stage", False),
    ],
)
def test_a_plan_that_deletes_or_replaces_what_holds_data_is_refused_where_guarded(
    operation: Operation, environment: str, refused: bool
) -> None:
    broken = violations(committed(environment), environment, [operation])
    assert [(each.rule.name, each.resource) for each in broken] == (
        [("nothing-lost", "db")] if refused else []
    )
    assert not refused or operation.op in broken[0].message


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("doo_v1_" + CANARY, "a DigitalOcean token"),
        ("AKIA" + "A1B2C3D4E5F6G7H8", "a Spaces or AWS key"),
        ("DO00" + "A1B2C3D4E5F6G7H8", "a Spaces or AWS key"),
        ("rk_test_" + CANARY, "a payment key"),
        ("SG." + "a" * 22 + "." + "b" * 43, "a mail key"),
        ("github_pat_" + CANARY, "a GitHub token"),
        ("xoxb-" + CANARY, "a Slack token"),
        ("https://hooks.slack.com/services/T0/B0/" + CANARY, "a Slack token"),
        ("AIza" + "a" * 35, "a Google key"),
        ("KEY" + "0123456789ABCDEF" * 2 + "_abc", "a Telnyx key"),
        ("pul-" + "0a" * 20, "a Pulumi token"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abcdefghijkl", "a signed token"),
        ("-----BEGIN OPENSSH PRIVATE" + " KEY-----", "a private key"),
        ("see postgres://me:" + CANARY + "@db.test/x", "a URL with a password"),
        ("redis://:" + CANARY + "@db.test", "a URL with a password"),
        ("postgres://me:${db.PASSWORD}@db.test", ""),
        ("https://api.krotrust.com:8443/@me", ""),
        ("git@github.com:krotrust", ""),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA root@host", ""),
        ("-----BEGIN CERTIFICATE-----", ""),
        ("pk_live_" + CANARY, ""),
    ],
)
def test_the_known_forms_of_secrets_are_told_from_what_only_resembles_one(
    text: str, form: str
) -> None:
    assert looks_like(text) == form


def test_a_secret_in_an_unlikely_place_is_kept_out_of_the_message() -> None:
    token = f"sk_live_{CANARY}"
    web = PlannedResource("Droplet", "web", {"region": token, "backups": True})
    broken = violations([web], "stage")
    assert {each.rule.name for each in broken} >= {"known-regions", "no-plain-secret"}
    assert not [each for each in broken if CANARY in each.message]


@pytest.mark.parametrize(
    ("sources", "wide"),
    [
        (["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/0"]),
        (["11.0.0.0/8"], []),
        (["10.0.0.0/8", "11.0.0.0/8"], ["10.0.0.0/7"]),
        (["2000::/3"], ["2000::/3"]),
        (["::ffff:10.0.0.0/104"], []),
        (["::ffff:0.0.0.0/100"], ["::ffff:0:0/100"]),
        ([None], ["None (no network)"]),
    ],
)
def test_networks_that_are_the_world_together_are_told_from_wide_ones(
    sources: list[Any], wide: list[str]
) -> None:
    assert worldwide(sources) == wide


def test_two_types_of_one_name_do_not_make_the_search_for_a_product_endless() -> None:
    inner = PlannedResource("Domain", "zone", {}, parent="zone")
    outer = PlannedResource("estate:dns:Zone", "zone", {}, parent="zone")
    assert product_of(inner, [inner, outer]) == "zone"


def test_a_resource_of_the_cloud_goes_by_its_last_name_and_a_component_by_its_whole_one() -> None:
    assert kind("digitalocean:index/droplet:Droplet") == "Droplet"
    assert kind("estate:pencom:Host") == "estate:pencom:Host"


@pytest.mark.parametrize("stack", STACKS)
def test_the_rules_guard_every_stack_but_those_for_staging(stack: str) -> None:
    environment = environments()[stack]
    assert data_loss.guarded(committed(stack), stack) is (environment.kind != "staging")
    assert data_loss.guarded(committed(stack), "another") is (environment.kind != "staging")


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_production_stays_guarded_when_its_projects_say_that_it_is_none(stack: str) -> None:
    project = PlannedResource("Project", "project", {"environment": "Staging"})
    broken = violations([project, PlannedResource("Vpc", "vpc", {})], stack)
    assert [each.resource for each in broken] == ["vpc", "vpc"]
    assert {each.rule.name for each in broken} == {"nothing-lost", "known-regions"}


def test_the_rules_know_the_same_hosts_and_regions_as_the_program() -> None:
    gateways = {name for name, each in INVENTORY.services.items() if each.gateway}
    assert set(exposure.AT_THE_EDGE) == gateways | {"nginx"}
    types = {each.type for stack in STACKS for each in committed(stack)}
    assert {exposure.HOST, exposure.SERVICE, exposure.STORE, exposure.FOREIGN} <= types
    used = {each.inputs.get("region") for stack in STACKS for each in committed(stack)}
    assert used - {None} == set(upkeep.REGIONS)
