"""The report: affected and unaffected things, worked out by hand, and its forms."""

from __future__ import annotations

import json

import pytest
from conftest import STACKS
from expected_impact import DONATIONS, ESCROW, GIV_API, KRO_URLS, states
from recoveries import case

from ops.cli.findings import Finding
from ops.recovery.report import markdown, prerequisites, recovery
from ops.recovery.runbook import recoveries
from ops.recovery.steps.step import Step

MEDIA, FILES = "giv-prod-media", "kro-prod-files"


def unaffected(lost: str) -> set[str]:
    return {name for names in recovery(case(lost)).unaffected.values() for name in names}


@pytest.mark.parametrize(
    ("lost", "down", "expected"),
    [
        ("krotrust-droplet", {*KRO_URLS, "kro-prod"}, {ESCROW, FILES, DONATIONS, GIV_API}),
        ("kro-prod-db-cluster", {*KRO_URLS, ESCROW, "kro-prod"}, {DONATIONS, GIV_API, FILES}),
        ("krogiving-backend-app", {GIV_API, "krogiving-backend"}, {DONATIONS, MEDIA, *KRO_URLS}),
        ("krotrust.com", KRO_URLS, {ESCROW, FILES, GIV_API, DONATIONS}),
        ("pencom-audit", {"audit"}, {"postgresql/pencom_audit", ESCROW, GIV_API, *KRO_URLS}),
        ("state", set(), {ESCROW, DONATIONS, GIV_API, *KRO_URLS}),
    ],
)
def test_affected_and_unaffected_things(lost: str, down: set[str], expected: set[str]) -> None:
    report = recovery(case(lost))
    assert states(report.blast).get("down", set()) == down
    assert expected <= unaffected(lost)


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_affected_is_listed_as_unaffected(stack: str) -> None:
    for report in recoveries(stack):
        affected = {each.node.label for each in report.blast.hits if each.effect}
        listed = {name for names in report.unaffected.values() for name in names}
        assert listed & affected == set(), report.case.loss.name


def test_a_lost_region_does_not_affect_pencom() -> None:
    assert recovery(case("fra1")).unaffected.keys() == {"pencom"}


@pytest.mark.parametrize(
    ("lost", "people"),
    [
        ("krotrust-droplet", ["whoever holds root on the droplet (krotrust)"]),
        ("krogiving-backend-app", ["the owners of krogiving-backend (krogiving)"]),
        ("pencom-core", ["the infrastructure team (pencom)"]),
        ("state", ["whoever has the vault"]),
    ],
)
def test_the_contacts(lost: str, people: list[str]) -> None:
    lines = list(markdown(recovery(case(lost))))
    contacts = lines[lines.index("## Contact") :]
    assert [f"- {each}" for each in people if f"- {each}" not in contacts] == []


FINDINGS = [
    Finding("tools", "git", "ok", "/usr/bin/git"),
    Finding("tools", "ssh", "ok", "/usr/bin/ssh"),
    Finding("secrets", "A", "bad", "not set for prod", "pulumi config set A"),
    Finding("secrets", "B", "bad", "not set\n for prod", "pulumi config set B"),
    Finding("token", "app:read", "not checked", "no token"),
    Finding("token", "cdn:read", "not checked", "no token"),
    Finding("backups", "kro", "not checked", "no token", "set one"),
]


def test_met_prerequisites_are_counted_and_findings_with_one_detail_are_one_line() -> None:
    text = "\n".join(prerequisites(FINDINGS))
    assert text.startswith("2 of 7 are met, 2 missing.")
    assert "git" not in text
    assert text.count("not set for prod") == text.count("no token") == 1
    assert "- MISSING secrets: A, B: not set for prod" in text
    assert "```\n  pulumi config set A\n  pulumi config set B\n  ```" in text
    assert "- not checked token: app:read, cdn:read; backups: kro: no token (set one)" in text


def test_without_a_check_the_page_has_the_command_that_checks() -> None:
    text = "\n".join(markdown(recovery(case("krotrust-droplet"))))
    assert "`python -m ops recover --check krotrust-droplet --stack prod` checks them." in text
    assert "MISSING" not in text


def test_every_step_has_its_command_on_a_line_of_its_own() -> None:
    report = recovery(case("fra1"), FINDINGS)
    lines = [line.strip() for line in markdown(report)]
    for step in report.steps:
        assert any(step.title in line for line in lines), step.title
        for command in filter(None, (step.command, step.check)):
            assert command in lines


def test_the_json_form_has_everything() -> None:
    document = json.loads(json.dumps(recovery(case("krotrust-droplet"), FINDINGS).as_json()))
    assert document["stack"] == "prod"
    assert document["lost"] == {"kind": "droplet", "name": "krotrust-droplet", "label": "kro-prod"}
    assert {each["name"] for each in document["blast"]["urls"]} == KRO_URLS
    assert ESCROW in document["unaffected"]["krotrust"]
    assert [each["name"] for each in document["needs"]] == [each.name for each in FINDINGS]
    look, up, *_ = document["steps"]
    assert (look["command"], look["codes"]) == ("python -m ops drift --stack prod", [0, 2])
    assert (up["asks"], up["by"], up["later"]) == (True, "here", False)
    assert document["seconds"] == up["seconds"] > 0
    assert recovery(case("state")).as_json()["needs"] is None


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        ("python -m ops up --stack prod", True),
        ("python -m ops repair --stack prod", True),
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
