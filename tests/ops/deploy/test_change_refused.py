"""What `up`, `refresh` and `destroy` refuse: what is not real, and what takes a guard away."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from command_line import REAL, SEAL, STORED, FakePulumi, Project

import rehearsal

UNSEEN = [f"PULUMI_OPTION_{name}" for name in ("SKIP_PREVIEW", "IGNORE_PROTECT", "NEWER")]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path / "project")


@pytest.fixture
def pulumi(tmp_path: Path) -> FakePulumi:
    return FakePulumi(tmp_path / "bin")


@pytest.mark.parametrize(
    ("command", "fill"),
    [("up", None), ("up", ""), ("up", "throw-away"), ("refresh", "rehearsal"), ("destroy", None)],
)
def test_a_change_with_credentials_that_are_not_real_lists_every_problem_and_runs_nothing(
    project: Project, pulumi: FakePulumi, command: str, fill: str | None
) -> None:
    credentials = ("DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
    environ = {
        "PULUMI_CONFIG_PASSPHRASE": "throw-away",
        "PULUMI_BACKEND_URL": (project.folder / ".state" / "preview" / "stage").as_uri(),
        **({} if fill is None else dict.fromkeys(credentials, fill)),
    }
    done = project.ops(command, "--stack", "stage", path=pulumi.folder, environ=environ)
    assert (done.returncode, done.stdout) == (1, "")
    head, *problems = done.stderr.splitlines()
    assert head == f"error: `{command}` changes the real estate, and nothing was changed:"
    named = [line.split()[0] for line in problems]
    assert named == ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", *credentials]
    assert pulumi.calls == []


@pytest.mark.parametrize("wrong", [*sorted(REAL), *UNSEEN])
def test_a_change_is_refused_for_one_that_is_not_real_or_sets_an_option_unseen(
    project: Project, pulumi: FakePulumi, wrong: str
) -> None:
    environ = {**REAL, wrong: "throw-away"}
    done = project.ops("up", "--stack", "stage", path=pulumi.folder, environ=environ)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stderr.splitlines()[1:]] == [wrong]
    assert (f"`unset {wrong}`" in done.stderr) is (wrong in UNSEEN)
    assert "correct horse" not in done.stderr
    assert pulumi.calls == []


def _rehearsal(project: Project, pulumi: FakePulumi) -> tuple[str, dict[str, str]]:
    """The PATH and the other variables of a rehearsal, with a pulumi that only writes down."""
    played = rehearsal.environment(project.folder / "cloud.json")
    del played["PATH"]
    return f"{pulumi.folder}{os.pathsep}{project.folder / 'rehearsal' / 'bin'}", played


def test_a_rehearsal_may_be_changed_by_the_same_commands(
    project: Project, pulumi: FakePulumi
) -> None:
    path, played = _rehearsal(project, pulumi)
    environ = {**played, "PULUMI_CONFIG_PASSPHRASE": "rehearsal"}
    done = project.ops("refresh", "--stack", "stage", path=path, environ=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "provider: the rehearsal stand-in"


@pytest.mark.parametrize("without", [(), ("PULUMI_BACKEND_URL", "REHEARSAL_CLOUD")])
def test_the_stand_in_changes_no_other_state_than_its_own(
    project: Project, pulumi: FakePulumi, without: tuple[str, ...]
) -> None:
    path, played = _rehearsal(project, pulumi)
    environ = {**played, **REAL, "PULUMI_BACKEND_URL": "s3://the-real-one"}
    environ = {name: value for name, value in environ.items() if name not in without}
    done = project.ops("up", "--stack", "stage", path=path, environ=environ)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stderr.splitlines()[1:]] == ["PATH"]
    assert pulumi.calls == []


def test_a_destroy_asks_for_the_name_of_its_stack(project: Project, pulumi: FakePulumi) -> None:
    done = project.ops("destroy", path=pulumi.folder, environ=REAL)
    assert done.returncode == 2
    assert "--stack" in done.stderr
    assert pulumi.calls == []


@pytest.mark.parametrize(
    ("last", "refused"),
    [
        ({"krogivingSeals": {"JWT_SECRET_KEY": {**SEAL, "sealed": "EV[1:rotated]"}}}, True),
        ({"krogivingSeals": {"TERMII_API_KEY": SEAL}}, True),
        ({"krogivingSeals": {"JWT_SECRET_KEY": SEAL}}, False),
        ({"krogivingSeals": {"JWT_SECRET_KEY": {"sealed": None, "fingerprint": None}}}, False),
        ({"krogivingSeals": None}, False),
        ({}, False),
    ],
    ids=["a rotated one", "a new one", "the stored one", "one not sealed yet", "null", "first up"],
)
def test_an_up_that_would_send_an_older_seal_back_is_refused(
    project: Project, pulumi: FakePulumi, last: dict[str, Any], refused: bool
) -> None:
    project.append("Pulumi.stage.yaml", STORED)
    pulumi.answer("stack output", out=json.dumps(last))
    done = project.ops("up", "--stack", "stage", path=pulumi.folder, environ=REAL)
    ran = [call["arguments"][0] for call in pulumi.calls]
    assert ("up" in ran) is not refused
    assert ("would send older secrets" in " ".join(done.stderr.split())) is refused
    if refused:
        assert done.returncode == 1
        assert "python -m ops seal --stack stage" in done.stderr


@pytest.mark.parametrize(
    "option",
    [
        *("--ignore-protect", "--skip-preview", "--skip-preview=true", "-f", "-f=true"),
        *("-yf", "-fy", "-rf", "--policy-pack-config", "--policy-pack-config=rules.json"),
        *("-C", "-Cother", "-yCother", "--cwd", "--cwd=other"),
        *("--config-file", "--config-file=other.yaml", "--disable-integrity-checking"),
        "--config-file=of two\nlines.yaml",
        *("aws-python", "https://elsewhere.test/program"),  # a template: another program
    ],
)
@pytest.mark.parametrize("command", ["up", "destroy"])
def test_an_option_that_takes_a_guard_away_or_leads_elsewhere_is_refused(
    project: Project, pulumi: FakePulumi, command: str, option: str
) -> None:
    arguments = (command, "--stack", "stage", "--yes", option)
    done = project.ops(*arguments, path=pulumi.folder, environ=REAL)
    assert done.returncode == 1
    assert option in done.stderr
    assert "runs this program with Pulumi.stage.yaml" in done.stderr
    assert "estate:removals" in done.stderr
    assert pulumi.calls == []
