"""Where somebody stands: what is down and what is safe, worked out by hand; and how it is told."""

from __future__ import annotations

import json

import pytest
from conftest import STACKS
from expected_impact import DONATIONS, ESCROW, GIV_API, KRO_URLS, states
from recoveries import case

from ops.cli.findings import Finding
from ops.recovery.report import as_json, in_hand, markdown, recovery
from ops.recovery.runbook import recoveries
from ops.recovery.steps.step import Step

MEDIA, FILES = "giv-prod-media", "kro-prod-files"


def safe(said: str) -> set[str]:
    return {name for names in recovery(case(said)).safe.values() for name in names}


@pytest.mark.parametrize(
    ("said", "down", "stands"),
    [
        ("krotrust-droplet", {*KRO_URLS, "kro-prod"}, {ESCROW, FILES, DONATIONS, GIV_API}),
        ("kro-prod-db-cluster", {*KRO_URLS, ESCROW, "kro-prod"}, {DONATIONS, GIV_API, FILES}),
        ("krogiving-backend-app", {GIV_API, "krogiving-backend"}, {DONATIONS, MEDIA, *KRO_URLS}),
        ("krotrust.com", KRO_URLS, {ESCROW, FILES, GIV_API, DONATIONS}),
        ("pencom-audit", {"audit"}, {"postgresql/pencom_audit", ESCROW, GIV_API, *KRO_URLS}),
        ("state", set(), {ESCROW, DONATIONS, GIV_API, *KRO_URLS}),
    ],
)
def test_what_is_down_and_what_is_safe(said: str, down: set[str], stands: set[str]) -> None:
    told = recovery(case(said))
    assert states(told.blast).get("down", set()) == down
    assert stands <= safe(said)


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_called_safe_that_the_loss_hits(stack: str) -> None:
    for told in recoveries(stack):
        hit = {each.node.label for each in told.blast.hits if each.effect}
        named = {name for names in told.safe.values() for name in names}
        assert named & hit == set(), told.case.loss.name


def test_a_lost_region_leaves_what_stands_elsewhere() -> None:
    assert recovery(case("fra1")).safe.keys() == {"pencom"}


@pytest.mark.parametrize(
    ("said", "people"),
    [
        ("krotrust-droplet", ["whoever holds root on the droplet (krotrust)"]),
        ("krogiving-backend-app", ["the owners of krogiving-backend (krogiving)"]),
        ("pencom-core", ["the infrastructure team (pencom)"]),
        ("state", ["whoever has the vault"]),
    ],
)
def test_whom_to_call(said: str, people: list[str]) -> None:
    told = list(markdown(recovery(case(said))))
    called = told[told.index("## Whom to call") :]
    assert [f"- {each}" for each in people if f"- {each}" not in called] == []


FOUND = [
    Finding("tools", "git", "ok", "/usr/bin/git"),
    Finding("tools", "ssh", "ok", "/usr/bin/ssh"),
    Finding("secrets", "A", "bad", "not at hand", "pulumi config set A"),
    Finding("secrets", "B", "bad", "not\n at hand", "pulumi config set B"),
    Finding("token", "app:read", "unseen", "no token"),
    Finding("token", "cdn:read", "unseen", "no token"),
    Finding("backups", "kro", "unseen", "no token", "set one"),
]


def test_what_is_in_order_is_a_number_and_what_is_told_of_several_is_told_once() -> None:
    told = "\n".join(in_hand(FOUND))
    assert told.startswith("2 of 7 are in order, 2 missing.")
    assert "git" not in told
    assert told.count("not at hand") == told.count("no token") == 1
    assert "- MISSING secrets: A, B: not at hand" in told
    assert "```\n  pulumi config set A\n  pulumi config set B\n  ```" in told
    assert "- not seen token: app:read, cdn:read; backups: kro: no token (set one)" in told


def test_without_a_look_it_names_the_command_that_looks() -> None:
    told = "\n".join(markdown(recovery(case("krotrust-droplet"))))
    assert "`python -m ops recover --check krotrust-droplet --stack prod`" in told
    assert "MISSING" not in told


def test_every_step_is_told_with_its_command_on_a_line_of_its_own() -> None:
    given = recovery(case("fra1"), FOUND)
    told = [line.strip() for line in markdown(given)]
    for step in given.steps:
        assert any(step.title in line for line in told), step.title
        for command in filter(None, (step.command, step.check)):
            assert command in told


def test_a_program_gets_all_of_it() -> None:
    given = json.loads(as_json(recovery(case("krotrust-droplet"), FOUND)))
    assert given["stack"] == "prod"
    assert given["lost"] == {"kind": "droplet", "name": "krotrust-droplet", "label": "kro-prod"}
    assert {each["name"] for each in given["blast"]["urls"]} == KRO_URLS
    assert ESCROW in given["safe"]["krotrust"]
    assert [each["name"] for each in given["needs"]] == [each.name for each in FOUND]
    look, up, *_ = given["steps"]
    assert (look["command"], look["codes"]) == ("python -m ops drift --stack prod", [0, 2])
    assert (up["asks"], up["by"], up["later"]) == (True, "here", False)
    assert given["seconds"] == up["seconds"] > 0
    assert json.loads(as_json(recovery(case("state"))))["needs"] is None


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        ("python -m ops up --stack prod", True),
        ("python -m ops mend --stack prod", True),
        ("pulumi up --stack prod --refresh", True),
        ("python -m ops update", False),
        ("python -m ops drift --stack prod", False),
        ("", False),
    ],
)
def test_a_step_says_whether_its_command_asks_before_it_changes_anything(
    command: str, asks: bool
) -> None:
    assert Step("do it", command).asks is asks
