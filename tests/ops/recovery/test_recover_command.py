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
FOUND = [
    Finding("tools", "git", "ok", "/usr/bin/git"),
    Finding("token", "TOKEN", "bad", "not set", "export TOKEN=... (" + "a long word " * 20 + ")"),
]
TEXT, MD, JSON = ("--format", "text"), ("--format", "md"), ("--format", "json")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Kinds]:
    """Nobody looks at the account; for which kinds of loss that was asked."""
    kinds: list[Kinds] = []

    def look(_stack: str, _file: str | None, _environ: object, wanted: Kinds = None) -> object:
        kinds.append(wanted)
        return FOUND

    monkeypatch.setattr(readiness, "look", look)
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


def said(*arguments: str) -> str:
    done = recover(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("lost", ["fra1", "krotrust-database-cluster", "pencom-vps-3"])
@pytest.mark.usefixtures("asked", "width")
def test_a_terminal_of_any_width_gets_each_command_whole_on_its_line(lost: str) -> None:
    lines = [line.strip() for line in said(lost).splitlines()]
    wanted = commands(steps(case(lost)))
    assert len(wanted) > 5
    assert [command for command in wanted if command not in lines] == []
    assert FOUND[1].repair.strip() in lines  # what mends what is missing is copied, too


@pytest.mark.usefixtures("asked")
def test_the_text_says_who_answers_and_tells_of_everything_in_order() -> None:
    text = said("krotrust-droplet")
    assert text.startswith("provider: ")
    heads = ["Lost: kro-prod", "What is down", "What is safe", "What is needed", "Steps", "Time"]
    places = [text.index(head) for head in [*heads, "Whom to call"]]
    assert places == sorted(places)
    numbers = re.findall(r"^ (\d+) \S", text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(steps(case("krotrust-droplet"))) + 1)]


def test_it_looks_only_for_what_this_kind_of_loss_needs(asked: list[Kinds]) -> None:
    said("krotrust-droplet")
    said("pencom-core", *MD)
    said("krotrust-droplet", *JSON)
    assert asked == [{"droplet"}, {"service"}, {"droplet"}]


@pytest.mark.usefixtures("asked")
def test_what_is_missing_is_told_and_is_no_failure_of_the_answer() -> None:
    assert "MISSING token: TOKEN" in said("krotrust-droplet", *MD)
    needs = json.loads(said("krotrust-droplet", *JSON))["needs"]
    assert [each["state"] for each in needs] == ["ok", "bad"]


@pytest.mark.parametrize("form", [TEXT, MD, JSON])
@pytest.mark.parametrize("lost", [(), ("krotrust-droplet",)])
def test_a_check_fails_in_every_form_where_something_is_missing(
    lost: tuple[str, ...], form: tuple[str, str], asked: list[Kinds]
) -> None:
    done = recover("--check", *lost, *form)
    assert done.exit_code == 1, done.output
    assert "TOKEN" in done.stdout
    assert "Steps" not in done.stdout
    assert asked == [{"droplet"} if lost else None]


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("form", [TEXT, MD, JSON])
def test_a_check_succeeds_where_nothing_is(
    form: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "look", lambda *_: FOUND[:1])
    assert recover("--check", *form).exit_code == 0


@pytest.mark.parametrize("form", [TEXT, MD, JSON])
def test_without_a_loss_it_lists_what_may_be_lost(
    form: tuple[str, str], asked: list[Kinds]
) -> None:
    listed = said(*form)
    for name in ("krotrust-droplet", "pencom-core", "fra1", "state", "KROGIVING__JWT_SECRET_KEY"):
        assert name in listed
    if form == JSON:
        assert {"kind": "up", "name": "up", "label": "an `up` that was interrupted"} in (
            json.loads(listed)["losable"]
        )
    assert asked == []


def test_a_moment_to_go_back_to_is_written_into_the_settings(asked: list[Kinds]) -> None:
    text = said("kro-prod-db-cluster", "--at", "2026-01-31T02:00:00Z")
    assert "restored[0].at' 2026-01-31T02:00:00Z" in text
    assert asked == [{"database"}]


@pytest.mark.parametrize(
    ("arguments", "told"),
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
def test_what_cannot_be_meant_is_refused_before_anybody_looks(
    arguments: list[str], told: str, asked: list[Kinds]
) -> None:
    done = recover(*arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, UsageError)
    assert told in str(done.exception)
    assert asked == []


def test_a_check_of_everything_needs_no_plan(
    asked: list[Kinds], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack file with mistakes is itself something that the check has to tell of."""

    def broken(_settings: object) -> object:
        raise AssertionError("planned")

    monkeypatch.setattr("ops.recovery.command.build", broken)
    assert recover("--check").exit_code == 1
    assert asked == [None]
