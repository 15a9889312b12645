"""`ops preview` costs and changes nothing; `up`, `refresh` and `destroy` run what they say."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import REAL, SEAL, STORED, FakePulumi, Project

INSTALL_PAGE = "https://www.pulumi.com/docs/install/"
SALT = "encryptionsalt: v1:c2FsdA==:v1:bm9uY2U=:Y2lwaGVy\n"
UP = ("--refresh", "--policy-pack", "policy")  # what our `up` adds to the engine's
ENCRYPTED = "  estate:KROGIVING__JWT_SECRET_KEY:\n    secure: v1:bm9uY2U=:Y2lwaGVy\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path / "project")


@pytest.fixture
def pulumi(tmp_path: Path) -> FakePulumi:
    fake = FakePulumi(tmp_path / "bin")
    plugin = {"name": "digitalocean", "version": version("pulumi-digitalocean")}
    fake.answer("plugin ls", out=json.dumps([plugin]))
    return fake


def test_a_preview_without_the_engine_says_so_in_one_line_and_shows_the_offline_plan(
    project: Project,
) -> None:
    done = project.ops("preview", "--stack", "stage")
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *_ = done.stdout.splitlines()
    assert "pulumi is not installed" in first
    assert INSTALL_PAGE in first
    assert second.startswith("stage: ")
    assert done.stdout.split("\n", 1)[1] == project.ops("plan", "--stack", "stage").stdout


@pytest.mark.parametrize("command", ["up", "refresh", "destroy", "preview"])
def test_a_stack_without_a_file_is_said_before_anything_runs(
    project: Project, pulumi: FakePulumi, command: str
) -> None:
    done = project.ops(command, "--stack", "sandbox", path=pulumi.folder, environ=REAL)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no Pulumi.sandbox.yaml")
    assert pulumi.calls == []


@pytest.mark.parametrize("command", ["up", "refresh", "destroy"])
def test_a_change_without_the_engine_says_where_to_get_it(project: Project, command: str) -> None:
    done = project.ops(command, "--stack", "stage", environ=REAL)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: pulumi is not installed: `make setup`, or see {INSTALL_PAGE}\n"


SEALED = json.dumps({"krogivingSeals": {"JWT_SECRET_KEY": SEAL}})


@pytest.mark.parametrize("message", ["-mfix", "-mC"])
def test_what_a_message_says_is_no_option(
    project: Project, pulumi: FakePulumi, message: str
) -> None:
    done = project.ops("refresh", "--stack", "stage", message, path=pulumi.folder, environ=REAL)
    assert done.returncode == 0, done.stderr
    assert pulumi.call("refresh")["arguments"][-1] == message


def test_an_up_reads_what_is_live_takes_the_options_it_was_given_and_then_seals(
    project: Project, pulumi: FakePulumi
) -> None:
    project.append("Pulumi.stage.yaml", STORED)
    pulumi.answer("stack output", out=SEALED)
    options = ("--yes", "--target", "urn", "--refresh=false")
    done = project.ops("up", "--stack", "stage", *options, path=pulumi.folder, environ=REAL)
    assert done.returncode == 0, done.stderr
    # The engine takes the last word on an option.
    assert pulumi.call("up")["arguments"] == ["up", "--stack", "stage", *UP, *options]
    order = [call["arguments"][:2] for call in pulumi.calls if call["arguments"][0] != "stack"]
    assert order == [["up", "--stack"], ["config", "set-all"]]


@pytest.mark.parametrize(("command", "code"), [("up", 3), ("refresh", 0), ("destroy", 0)])
def test_only_an_up_that_succeeded_seals_and_the_exit_code_is_the_engines(
    project: Project, pulumi: FakePulumi, command: str, code: int
) -> None:
    pulumi.answer("stack output", out="{}")
    pulumi.answer(command, code=code)
    done = project.ops(command, "--stack", "stage", path=pulumi.folder, environ=REAL)
    assert done.returncode == code
    assert ("provide the same plain" in done.stderr) is bool(code)
    (change,) = [call["arguments"] for call in pulumi.calls if call["arguments"][0] != "stack"]
    assert change == [command, "--stack", "stage", *(UP if command == "up" else ())]


def test_seals_that_were_taken_out_for_a_rebuilt_app_keep_nobody_from_an_up(
    project: Project, pulumi: FakePulumi
) -> None:
    """The next `up` sends the plain values, or names what is not at hand."""
    pulumi.answer("stack output", out=SEALED)
    done = project.ops("up", "--stack", "stage", path=pulumi.folder, environ=REAL)
    assert done.returncode == 0, done.stderr
    assert "up" in [call["arguments"][0] for call in pulumi.calls]


def _preview(project: Project, pulumi: FakePulumi, **environ: str) -> dict[str, Any]:
    done = project.ops("preview", "--stack", "stage", path=pulumi.folder, environ=environ)
    assert done.returncode == 0, done.stderr
    return pulumi.call("preview")


def test_a_preview_runs_on_a_new_local_state_with_throw_away_credentials(
    project: Project, pulumi: FakePulumi
) -> None:
    call = _preview(project, pulumi, PULUMI_BACKEND_URL="https://the.real.one")
    state = project.folder / ".state" / "preview" / "stage" / "state"
    assert call["environ"]["PULUMI_BACKEND_URL"] == state.as_uri()
    assert call["environ"]["PULUMI_CONFIG_PASSPHRASE"] == "throw-away"
    assert call["environ"]["DIGITALOCEAN_TOKEN"] == "throw-away"
    init = pulumi.call("stack", "init", "stage", "--no-select", "-C", str(state.parent))
    assert init["environ"]["PULUMI_BACKEND_URL"] == state.as_uri()


def test_a_preview_starts_from_nothing_each_time(project: Project, pulumi: FakePulumi) -> None:
    _preview(project, pulumi)
    left = project.folder / ".state" / "preview" / "stage" / "state" / "left"
    left.write_text("from the last one")
    project.ops("preview", "--stack", "stage", path=pulumi.folder)
    assert not left.exists()


def test_a_preview_leaves_the_stack_file_as_it_is(project: Project, pulumi: FakePulumi) -> None:
    file = project.folder / "Pulumi.stage.yaml"
    before = file.read_text()
    _preview(project, pulumi)
    assert file.read_text() == before


def test_a_state_that_cannot_be_made_is_one_message(project: Project, pulumi: FakePulumi) -> None:
    pulumi.answer("stack init", code=255, err="error: disk full\n")
    done = project.ops("preview", "--stack", "stage", path=pulumi.folder)
    assert done.returncode == 1
    assert done.stderr == "error: pulumi stack init stage: disk full\n"


@pytest.mark.parametrize(
    ("environ", "salt", "kept"),
    [
        ({}, True, False),
        ({"PULUMI_CONFIG_PASSPHRASE": "throw-away"}, True, False),
        ({"PULUMI_CONFIG_PASSPHRASE": "the vault's"}, True, True),
        ({"PULUMI_CONFIG_PASSPHRASE": "the vault's"}, False, False),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "/vault/passphrase"}, True, True),
    ],
)
def test_what_a_throw_away_passphrase_cannot_open_is_left_out_of_the_private_copy(
    project: Project, pulumi: FakePulumi, environ: dict[str, str], salt: bool, kept: bool
) -> None:
    file = project.folder / "Pulumi.stage.yaml"
    file.write_text(file.read_text() + ENCRYPTED + (SALT if salt else ""))
    copy = yaml.safe_load(_preview(project, pulumi, **environ)["file"])
    assert ("encryptionsalt" in copy) == kept
    assert ("estate:KROGIVING__JWT_SECRET_KEY" in copy["config"]) == kept
    whole = yaml.safe_load(file.read_text())["config"]
    del whole["estate:KROGIVING__JWT_SECRET_KEY"]
    assert whole.items() <= copy["config"].items()


def test_a_passphrase_in_a_file_is_not_overruled_by_the_throw_away_one(
    project: Project, pulumi: FakePulumi
) -> None:
    # The engine reads the variable first, and the file only where the variable is not set.
    call = _preview(project, pulumi, PULUMI_CONFIG_PASSPHRASE_FILE="/vault/passphrase")
    assert "PULUMI_CONFIG_PASSPHRASE" not in call["environ"]


@pytest.mark.parametrize("why", ["asked for", "no plugin"])
def test_the_stand_in_is_used_where_it_is_asked_for_or_there_is_nothing_else(
    project: Project, pulumi: FakePulumi, why: str
) -> None:
    environ = {"ESTATE_PROVIDER": "rehearsal"} if why == "asked for" else {}
    if why == "no plugin":
        pulumi.answer("plugin ls", out="[]")
        pulumi.answer("plugin install", code=1)
    environ["DIGITALOCEAN_TOKEN"] = "dop_v1_real"
    call = _preview(project, pulumi, **environ)
    assert "dop_v1_real" not in str(call["environ"])
    assert str(project.folder / "rehearsal" / "bin") in call["environ"]["PATH"].split(":")
    assert ".state" in call["environ"]["REHEARSAL_CLOUD"]
