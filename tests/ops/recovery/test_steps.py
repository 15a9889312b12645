"""The steps of every recovery: they can be typed, and speak of nothing that is not there."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import STACKS
from recoveries import case, commands, every, known, words
from typer.main import get_command

from ops.__main__ import app
from ops.plan import config
from ops.recovery.kinds import KINDS
from ops.recovery.steps.cloud import BY_KIND, steps
from ops.recovery.steps.step import Step

PROGRAMS = {"python", "pulumi", "git", "gh", "dig", "ssh", "scp", "psql", "mongorestore"}

COMMANDS = get_command(app)


def test_every_kind_of_loss_has_steps() -> None:
    assert set(BY_KIND) == KINDS


@pytest.mark.parametrize("stack", STACKS)
def test_a_recovery_ends_by_looking_whether_all_is_well_and_keeps_what_it_changed(
    stack: str,
) -> None:
    for name, taken in every(stack).items():
        now = [step for step in taken if not step.later]
        changed = any("config" in step.command for step in now)
        kept = "git commit" in now[-1].command and now.pop()
        assert kept or not changed, name
        assert commands(now)[-1].startswith("python -m ops verify "), name


@pytest.mark.parametrize("stack", STACKS)
def test_a_person_reads_a_title_and_types_one_line(stack: str) -> None:
    for name, taken in every(stack).items():
        for step in taken:
            assert step.title, name
            assert "\n" not in step.title + step.command + step.check, name
            assert step.command or not step.check, name


@pytest.mark.parametrize("stack", STACKS)
def test_every_command_can_be_typed(stack: str) -> None:
    for command in {each for taken in every(stack).values() for each in commands(taken)}:
        for word in words(command):
            assert word[0] in PROGRAMS, command
            if word[:3] == ["python", "-m", "ops"]:
                parse(word[3:])


def parse(arguments: list[str]) -> None:
    """Hand arguments to the command's own parser. Fails for what there is not."""
    command: Any = COMMANDS
    while arguments and arguments[0] in getattr(command, "commands", {}):
        command = command.commands[arguments[0]]
        arguments = arguments[1:]
    assert command is not COMMANDS, arguments
    command.make_context(command.name, list(arguments))


@pytest.mark.parametrize("stack", STACKS)
def test_every_command_names_a_stack_and_only_what_is_in_it(stack: str) -> None:
    for name, taken in every(stack).items():
        for word in (each for command in commands(taken) for each in words(command)):
            if "--stack" not in word:
                continue
            named = word[word.index("--stack") + 1]
            assert named in config.stacks(), name
            _, graph, _ = known(named)
            if word[:3] == ["pulumi", "stack", "output"]:
                output = word[word.index(named) + 1]
                assert output in graph.outputs, name
            if word[:3] == ["pulumi", "state", "unprotect"]:
                assert word[-1] in {each.urn for each in graph.resources}, name
            if any(each.startswith("estate:removals[") for each in word) and "set" in word:
                assert word[-1] in {each.name for each in graph.resources}, name


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_named_within_a_command_is_there(stack: str) -> None:
    _, graph, _ = known(stack)
    outputs = {
        command.rpartition(f"pulumi stack output --stack {stack} ")[2].partition(")")[0]
        for taken in every(stack).values()
        for command in commands(taken)
        if f"$(pulumi stack output --stack {stack} " in command
    }
    assert "krotrustAddress" in outputs
    assert outputs <= set(graph.outputs)


def titles(taken: list[Step]) -> str:
    return "\n".join(step.title for step in taken)


def test_a_droplet_whose_names_follow_it_is_told_from_one_with_a_reserved_address() -> None:
    assert "the names follow its new address" in titles(steps(case("krotrust-droplet", "prod")))
    assert "its reserved address is led to it" in titles(steps(case("krotrust-droplet", "dr")))


@pytest.mark.parametrize("stack", STACKS)
def test_an_app_with_sealed_secrets_is_made_anew_without_them(stack: str) -> None:
    backend = commands(steps(case("krogiving-backend-app", stack)))
    (out, made) = (
        backend.index(f"pulumi config rm --stack {stack} estate:seals"),
        backend.index(f"python -m ops up --stack {stack}"),
    )
    assert out < made
    media = commands(steps(case("krogiving-media-files-bucket", stack)))
    assert not any("seals" in command for command in media)


def test_only_the_app_that_the_workflow_deploys_is_told_to_it() -> None:
    assert any(c.startswith("gh ") for c in commands(steps(case("krogiving-backend-app"))))
    elsewhere = commands(steps(case("krogiving-backend-app", "dr")))
    assert not any(command.startswith("gh ") for command in elsewhere)


def test_a_cache_is_made_anew_and_nothing_is_restored() -> None:
    told = commands(steps(case("krogiving-valkey-cluster")))
    assert "python -m ops up --stack prod" in told
    assert not any("restored" in command for command in told)


def test_a_database_of_a_server_is_restored_alone_and_only_its_users_stop() -> None:
    told = commands(steps(case("pencom_audit")))
    assert [command for command in told if command.startswith("psql")] == [
        "psql --set ON_ERROR_STOP=1 --host 10.20.0.13 --port 5432 --dbname pencom_audit"
        " < pencom_audit.sql"
    ]
    assert [command for command in told if "order" in command] == [
        "python -m ops order stop audit --stack prod",
        "python -m ops order start audit --stack prod",
    ]


def test_what_no_order_starts_on_a_host_is_told_to_a_person() -> None:
    (told,) = (
        step for step in steps(case("vps-1")) if "nginx" in step.title and "set up" in step.title
    )
    assert told.by == "person"
    assert "set up" not in titles(steps(case("vps-3")))


def test_who_keeps_data_in_a_store_stops_in_the_other_order_than_it_starts() -> None:
    told = [word for each in commands(steps(case("pencom-postgresql"))) for word in words(each)]
    stops = [word[5] for word in told if word[3:5] == ["order", "stop"]]
    starts = [word[5] for word in told if word[3:5] == ["order", "start"]]
    assert len(stops) > 2
    assert stops == starts[::-1]


def test_a_region_without_a_stand_in_is_made_anew_where_it_was() -> None:
    told = commands(steps(case("ams3", "dr")))
    assert told[:2] == ["python -m ops drift --stack dr", "python -m ops up --stack dr"]
    assert not any("--stack prod" in command for command in told)
