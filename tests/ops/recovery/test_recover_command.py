"""`python -m ops recover`: what it prints in each form, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

import pytest
from recoveries import case, commands, known
from typer.testing import CliRunner, Result

from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.recovery import readiness
from ops.recovery.kinds import LossKind
from ops.recovery.steps.cloud import steps

Kinds = Collection[LossKind] | None
FINDINGS = [
    Finding("tools", "git", "ok", "/usr/bin/git"),
    Finding("token", "TOKEN", "bad", "not set", "export TOKEN=... (" + "a long word " * 20 + ")"),
]
TEXT, MD, JSON = ("--format", "text"), ("--format", "md"), ("--format", "json")


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Kinds]:
    """Replace the checks; returns the kinds of loss for which they were called."""
    kinds: list[Kinds] = []

    def check(_stack: str, _file: str | None, _environ: object, called: Kinds = None) -> object:
        kinds.append(called)
        return FINDINGS

    monkeypatch.setattr(readiness, "check", check)
    return kinds


@pytest.fixture(autouse=True)
def _planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.recovery.command.build", lambda settings: known(settings.stack)[1])


@pytest.fixture(params=["40", "200"])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", request.param)
    return str(request.param)


def recover(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recover", *arguments])


def printed(*arguments: str) -> str:
    done = recover(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("lost", ["fra1", "krotrust-database-cluster", "pencom-vps-3"])
@pytest.mark.usefixtures("checked", "width")
def test_a_command_is_not_wrapped_in_a_narrow_terminal(lost: str) -> None:
    lines = [line.strip() for line in printed(lost).splitlines()]
    expected = commands(steps(case(lost)))
    assert len(expected) > 5
    assert [command for command in expected if command not in lines] == []
    assert FINDINGS[1].repair.strip() in lines  # a repair is copied, too


@pytest.mark.usefixtures("checked")
def test_the_text_has_the_provider_and_every_part_in_order() -> None:
    text = printed("krotrust-droplet")
    assert text.startswith("provider: ")
    heads = [
        "Lost: kro-prod",
        "Affected",
        "Unaffected",
        "Prerequisites",
        "Steps",
        "Time",
        "Contact",
    ]
    places = [text.index(head) for head in heads]
    assert places == sorted(places)
    numbers = re.findall(r"^ (\d+) \S", text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(steps(case("krotrust-droplet"))) + 1)]


def test_only_the_prerequisites_of_this_kind_of_loss_are_checked(checked: list[Kinds]) -> None:
    printed("krotrust-droplet")
    printed("pencom-core", *MD)
    printed("krotrust-droplet", *JSON)
    assert checked == [{"droplet"}, {"service"}, {"droplet"}]


@pytest.mark.usefixtures("checked")
def test_a_missing_prerequisite_is_shown_and_is_no_failure() -> None:
    assert "MISSING token: TOKEN" in printed("krotrust-droplet", *MD)
    needs = json.loads(printed("krotrust-droplet", *JSON))["needs"]
    assert [each["state"] for each in needs] == ["ok", "bad"]


@pytest.mark.parametrize("form", [TEXT, MD, JSON])
@pytest.mark.parametrize("lost", [(), ("krotrust-droplet",)])
def test_a_check_fails_in_every_form_if_something_is_missing(
    lost: tuple[str, ...], form: tuple[str, str], checked: list[Kinds]
) -> None:
    done = recover("--check", *lost, *form)
    assert done.exit_code == 1, done.output
    assert "TOKEN" in done.stdout
    assert "Steps" not in done.stdout
    assert checked == [{"droplet"} if lost else None]


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("form", [TEXT, MD, JSON])
def test_a_check_succeeds_if_nothing_is_missing(
    form: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "check", lambda *_: FINDINGS[:1])
    assert recover("--check", *form).exit_code == 0


@pytest.mark.parametrize("form", [TEXT, MD, JSON])
def test_without_a_loss_it_lists_what_can_be_lost(
    form: tuple[str, str], checked: list[Kinds]
) -> None:
    listed = printed(*form)
    for name in ("krotrust-droplet", "pencom-core", "fra1", "state", "KROGIVING__JWT_SECRET_KEY"):
        assert name in listed
    if form == JSON:
        assert {"kind": "up", "name": "up", "label": "an interrupted `up`"} in (
            json.loads(listed)["losable"]
        )
    assert checked == []


def test_a_moment_to_restore_to_is_written_into_the_settings(checked: list[Kinds]) -> None:
    text = printed("kro-prod-db-cluster", "--at", "2026-01-31T02:00:00Z")
    assert "restored[0].at' 2026-01-31T02:00:00Z" in text
    assert checked == [{"database"}]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["krotrust-droplet", "--at", "2026-01-31T02:00:00Z"], "krotrust-droplet is a droplet"),
        (["giv-prod-valkey", "--at", "2026-01-31T02:00:00Z"], "giv-prod-valkey has none"),
        (["--at", "2026-01-31T02:00:00Z"], "say which"),
        (["--check", "--at", "2026-01-31T02:00:00Z"], "say which"),
        (["kro-prod-db-cluster", "--at", "yesterday"], "allowed is a moment like 2026-"),
        (["kro-prod-db-cluster", "--at", "2026-02-30T02:00:00Z"], "allowed is a moment like 2026-"),
        (["kro-prod-db-cluster", "--at", "2026-1-31T2:00:00Z"], "allowed is a moment like 2026-"),
        (["kro-prod-db-cluster", "--at", "2026-01-31T02:00:00"], "allowed is a moment like 2026-"),
        (["--check", "kro-prod-db-cluster", "--at", "now"], "allowed is a moment like 2026-"),
        (["krotrust-dropet"], "krotrust-droplet"),
        (["--check", "krotrust-dropet"], "krotrust-droplet"),
        (["fra1", "--stack", "production"], "known stacks are dr, prod, stage"),
    ],
)
def test_an_impossible_argument_is_refused_before_any_check(
    arguments: list[str], error: str, checked: list[Kinds]
) -> None:
    done = recover(*arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, UsageError)
    assert error in str(done.exception)
    assert checked == []


def test_a_check_of_everything_needs_no_plan(
    checked: list[Kinds], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack file with mistakes is itself something that the check reports."""

    def broken(_settings: object) -> object:
        raise AssertionError("planned")

    monkeypatch.setattr("ops.recovery.command.build", broken)
    assert recover("--check").exit_code == 1
    assert checked == [None]
