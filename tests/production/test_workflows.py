"""The workflows: what they may do, whom they trust, and that their linters have nothing to say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from plans import STACKS
from typer.testing import CliRunner

from ops import ROOT
from ops.__main__ import app

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GITHUB = (ROOT / "docs" / "github.md").read_text()
MAIN = "github.ref == 'refs/heads/main'"
TRUSTED = {  # of each environment, what its jobs ask before they get its secrets
    "pull-request": "head.repo.full_name == github.repository",
    "preview": MAIN,
    "production": MAIN,
}
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$")
# What somebody from outside can write, and a shell would run.
FOREIGN = re.compile(r"\$\{\{[^}]*(?:github\.(?:event|head_ref|actor)|inputs\.|outputs\.)[^}]*\}\}")


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    return content


def _jobs() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{f.stem}:{name}", job) for f in FILES for name, job in _read(f)["jobs"].items()]


JOBS = _jobs()
each_job = pytest.mark.parametrize("job", [job for _, job in JOBS], ids=[name for name, _ in JOBS])


def test_there_is_one_for_a_pull_request_a_deployment_each_night_and_each_week() -> None:
    assert [file.stem for file in FILES] == ["deploy", "drift", "pr", "weekly"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_action_is_pinned_by_commit_and_says_its_version(file: Path) -> None:
    used = [line.strip("- ") for line in file.read_text().splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_begins_with_no_permission_at_all(file: Path) -> None:
    assert _read(file)["permissions"] == {}
    assert "pull_request_target" not in file.read_text()


@each_job
def test_a_job_ends_in_time_and_writes_at_most_one_thing(job: dict[str, Any]) -> None:
    assert job["timeout-minutes"] <= 180
    written = [what for what, may in job["permissions"].items() if may == "write"]
    assert len(written) <= 1
    assert not (written and "contents" in job["permissions"])


@each_job
def test_no_shell_gets_a_text_from_outside(job: dict[str, Any]) -> None:
    scripts = [step.get("run", "") for step in job["steps"]]
    assert [script for script in scripts if FOREIGN.search(script)] == []


@each_job
def test_a_secret_is_given_to_a_step_of_a_job_with_an_environment_and_of_no_fork(
    job: dict[str, Any],
) -> None:
    if "secrets." not in str(job):
        return
    assert TRUSTED[job["environment"]] in job["if"]
    assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})


def test_unreviewed_code_gets_a_secret_only_after_an_approval() -> None:
    used = {name: job["environment"] for name, job in JOBS if "environment" in job}
    assert used == {
        "deploy:plan": "preview",
        "deploy:up": "production",
        "drift:compare": "preview",
        "pr:preview": "pull-request",
        "weekly:save": "preview",
    }
    documented = dict(re.findall(r"^\| `([\w-]+)` \| (\*.*?) \|", GITHUB, flags=re.MULTILINE))
    assert {*documented} == {*TRUSTED}
    for environment, rules in documented.items():
        assert ("*required reviewers*" in rules) is (environment != "preview"), environment
        assert ("main only" in rules) is (environment != "pull-request"), environment


def test_every_environment_has_exactly_the_secrets_that_its_jobs_use() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \| ([^|]*) \|", GITHUB, flags=re.MULTILINE)
    documented = {
        (environment, name)
        for names, where in rows
        for name in re.findall(r"`(\w+)`", names)
        for environment in TRUSTED
        if where == "all three" or f"`{environment}`" in where
    }
    taken = {
        (job["environment"], name)
        for _, job in JOBS
        for name in re.findall(r"secrets\.(\w+)", str(job))
    }
    assert taken
    assert documented == taken


def test_the_comment_waits_for_no_approval() -> None:
    jobs = _read(ROOT / ".github" / "workflows" / "pr.yml")["jobs"]
    assert jobs["comment"]["needs"] == "stack"
    assert not [name for name in ("stacks", "stack", "check") if "environment" in jobs[name]]


def test_a_pull_request_is_reviewed_once_for_each_stack_there_is(tmp_path: Path) -> None:
    jobs = _read(ROOT / ".github" / "workflows" / "pr.yml")["jobs"]
    (listing,) = [step for step in jobs["stacks"]["steps"] if step.get("id") == "stacks"]
    output = tmp_path / "output"
    # Another Python than the project's, with nothing installed.
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    environ = {"GITHUB_OUTPUT": str(output), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["bash", "-e", "-c", listing["run"]], cwd=ROOT, env=environ, check=True)
    name, _, listed = output.read_text().partition("=")
    assert json.loads(listed) == sorted(STACKS)
    assert jobs["stacks"]["outputs"] == {name: f"${{{{ steps.stacks.outputs.{name} }}}}"}
    matrix = jobs["stack"]["strategy"]["matrix"]
    assert matrix == {"stack": f"${{{{ fromJSON(needs.stacks.outputs.{name}) }}}}"}
    scripts = [step["run"] for step in jobs["stack"]["steps"] if "-m ops" in step.get("run", "")]
    assert [script for script in scripts if '--stack "$STACK"' not in script] == []
    for command in ("plan", "review", "policy"):
        assert any(f"-m ops {command} " in script for script in scripts), command


def test_only_an_approved_job_holds_credentials_that_write() -> None:
    holders = {name: job for name, job in JOBS if "secrets.DIGITALOCEAN_TOKEN" in str(job)}
    assert list(holders) == ["deploy:up"]
    job = holders["deploy:up"]
    assert job["environment"] == "production"
    assert job["needs"] == "plan"
    (run,) = [step["run"] for step in job["steps"] if "ops up" in step.get("run", "")]
    assert "--plan plan.json" in run
    deploy = _read(ROOT / ".github" / "workflows" / "deploy.yml")
    assert deploy["concurrency"] == {"group": "deploy-prod", "cancel-in-progress": False}


def test_the_key_of_the_copies_is_not_the_one_of_the_state() -> None:
    for _, job in JOBS:
        for step in job["steps"]:
            given = step.get("env", {})
            if "ESTATE_STATE_COPIES" in given:
                keys = [each for name, each in given.items() if name.endswith("ACCESS_KEY_ID")]
                assert len(keys) == len(set(keys)) >= 2


def test_the_workflows_run_what_the_readme_and_the_commands_have() -> None:
    text = "".join(file.read_text() for file in FILES)
    targets = set(re.findall(r"\bmake ([a-z]+)", text))
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert targets <= known
    for command in set(re.findall(r"-m ops ([a-z-]+)", text)):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, command


def test_zizmor_finds_nothing() -> None:
    program = Path(sys.executable).with_name("zizmor")
    command = [str(program), "--offline", "--no-progress", str(ROOT / ".github")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not installed")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["actionlint"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
