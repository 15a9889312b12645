"""The steps of every recovery: their commands can be run, and their names exist."""

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
def test_a_recovery_ends_with_a_check_and_commits_what_it_changed(
    stack: str,
) -> None:
    for name, taken in every(stack).items():
        now = [step for step in taken if not step.later]
        changed = any("config" in step.command for step in now)
        committed = "git commit" in now[-1].command and now.pop()
        assert committed or not changed, name
        assert commands(now)[-1].startswith("python -m ops verify "), name


@pytest.mark.parametrize("stack", STACKS)
def test_a_step_has_a_title_and_commands_of_one_line(stack: str) -> None:
    for name, taken in every(stack).items():
        for step in taken:
            assert step.title, name
            assert "\n" not in step.title + step.command + step.check, name
            assert step.command or not step.check, name


@pytest.mark.parametrize("stack", STACKS)
def test_every_command_can_be_parsed(stack: str) -> None:
    for command in {each for taken in every(stack).values() for each in commands(taken)}:
        for word in words(command):
            assert word[0] in PROGRAMS, command
            if word[:3] == ["python", "-m", "ops"]:
                parse(word[3:])


def parse(arguments: list[str]) -> None:
    """Parse arguments with the command's own parser. Fails for unknown ones."""
    command: Any = COMMANDS
    while arguments and arguments[0] in getattr(command, "commands", {}):
        command = command.commands[arguments[0]]
        arguments = arguments[1:]
    assert command is not COMMANDS, arguments
    command.make_context(command.name, list(arguments))


@pytest.mark.parametrize("stack", STACKS)
def test_every_command_has_a_stack_and_names_that_exist_in_it(stack: str) -> None:
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
def test_the_outputs_in_a_command_exist(stack: str) -> None:
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


def test_a_droplet_with_a_reserved_address_keeps_it() -> None:
    assert "its names get the new address" in titles(steps(case("krotrust-droplet", "prod")))
    assert "its reserved address moves to it" in titles(steps(case("krotrust-droplet", "dr")))


@pytest.mark.parametrize("stack", STACKS)
def test_an_app_with_seals_is_replaced_without_them(stack: str) -> None:
    backend = commands(steps(case("krogiving-backend-app", stack)))
    (out, made) = (
        backend.index(f"pulumi config rm --stack {stack} estate:seals"),
        backend.index(f"python -m ops up --stack {stack}"),
    )
    assert out < made
    media = commands(steps(case("krogiving-media-files-bucket", stack)))
    assert not any("seals" in command for command in media)


def test_only_the_id_of_the_app_with_a_workflow_is_stored_in_it() -> None:
    assert any(c.startswith("gh ") for c in commands(steps(case("krogiving-backend-app"))))
    elsewhere = commands(steps(case("krogiving-backend-app", "dr")))
    assert not any(command.startswith("gh ") for command in elsewhere)


def test_a_cache_is_replaced_and_nothing_is_restored() -> None:
    typed = commands(steps(case("krogiving-valkey-cluster")))
    assert "python -m ops up --stack prod" in typed
    assert not any("restored" in command for command in typed)


def test_one_database_of_a_server_is_restored_and_only_its_users_stop() -> None:
    typed = commands(steps(case("pencom_audit")))
    assert [command for command in typed if command.startswith("psql")] == [
        "psql --set ON_ERROR_STOP=1 --host 10.20.0.13 --port 5432 --dbname pencom_audit"
        " < pencom_audit.sql"
    ]
    assert [command for command in typed if "order" in command] == [
        "python -m ops order stop audit --stack prod",
        "python -m ops order start audit --stack prod",
    ]


def test_what_the_inventory_does_not_describe_is_set_up_by_a_person() -> None:
    (step,) = (
        step for step in steps(case("vps-1")) if "nginx" in step.title and "Set up" in step.title
    )
    assert step.by == "person"
    assert "Set up" not in titles(steps(case("vps-3")))


def test_the_users_of_a_store_stop_in_the_reverse_order_of_their_start() -> None:
    typed = [word for each in commands(steps(case("pencom-postgresql"))) for word in words(each)]
    stops = [word[5] for word in typed if word[3:5] == ["order", "stop"]]
    starts = [word[5] for word in typed if word[3:5] == ["order", "start"]]
    assert len(stops) > 2
    assert stops == starts[::-1]


def test_a_region_without_a_stand_in_is_replaced_in_place() -> None:
    typed = commands(steps(case("ams3", "dr")))
    assert typed[:2] == ["python -m ops drift --stack dr", "python -m ops up --stack dr"]
    assert not any("--stack prod" in command for command in typed)


def in_order(typed: list[str], *beginnings: str) -> bool:
    """Whether a command with each beginning comes after one with the beginning before it."""
    rest = iter(typed)
    return all(any(command.startswith(each) for command in rest) for each in beginnings)


@pytest.mark.parametrize(
    "lost",
    [
        *("krotrust-droplet", "krotrust-database-cluster", "krogiving-valkey-cluster"),
        *("krogiving-backend-app", "krotrust-zone-domain", "krogiving-media-files-bucket"),
        "krotrust-firewall",
    ],
)
def test_the_account_is_looked_at_before_anything_is_changed(lost: str) -> None:
    assert commands(steps(case(lost)))[0] == "python -m ops drift --stack prod"


def test_krotrust_writes_nothing_while_its_database_is_restored() -> None:
    typed = commands(step for step in steps(case("krotrust-database-cluster")) if not step.later)
    (stop,) = [command for command in typed if command.endswith("stop backend")]
    assert in_order(typed, stop, "pulumi config set", "python -m ops up", "ssh -A ")


def test_a_lost_state_is_adopted_before_an_up() -> None:
    typed = commands(steps(case("state")))
    look, apply = (f"python -m ops adopt --stack prod{end}" for end in ("", " --apply"))
    assert typed.index(look) < typed.index(apply) < typed.index("python -m ops up --stack prod")


def test_an_interrupted_up_is_repaired_before_the_next_one() -> None:
    typed = commands(steps(case("up")))
    assert typed[:2] == ["python -m ops repair --stack prod", "python -m ops up --stack prod"]


def test_a_region_fails_over_in_order() -> None:
    now = commands(step for step in steps(case("fra1")) if not step.later)
    assert in_order(
        now,
        "python -m ops up --stack dr",
        "pulumi config set --stack prod --path 'estate:krogiving.standIn'",
        "python -m ops up --stack prod --target ",
        "pulumi config set --stack dr --path 'estate:krogiving.answersFor'",
        "python -m ops up --stack dr",
    )


def test_a_region_fails_back_only_by_the_later_steps_and_after_all_writes_stopped() -> None:
    taken = steps(case("fra1"))
    later = [step.later for step in taken]
    assert later == sorted(later)
    back = commands(step for step in taken if step.later)
    assert back[0].endswith("stop backend")
    assert in_order(
        back,
        "pulumi config set --stack prod --path 'estate:krotrust.database.restored",
        "pulumi config rm --stack dr --path 'estate:krogiving.answersFor'",
        "python -m ops up --stack dr",
        "pulumi config rm --stack prod --path 'estate:krogiving.standIn'",
        "python -m ops up --stack prod",
    )


def test_a_rebuilt_host_has_its_firewall_before_anything_starts() -> None:
    typed = commands(steps(case("vps-3")))
    export = "python -m ops inventory --stack prod --format firewall"
    assert in_order(typed, "python -m ops order stop vps-3", export, "python -m ops order start")
