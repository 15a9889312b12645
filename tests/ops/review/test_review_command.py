"""`ops review` as a command: what it compares with, and a preview of the engine in its place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Project
from conftest import STACKS

from ops.impact.edges import dependency_graph
from ops.plan import rendered
from ops.plan.graph import Graph

Plan = Callable[[str], Graph]
GIT = Path(shutil.which("git") or "")
PORT = ("Pulumi.stage.yaml", "port: 3000", "port: 3001")
SECRET = "canary-5d1f"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path)


def _git(project: Project, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.test")
    run = [str(GIT), *who, *arguments]
    return subprocess.run(
        run, cwd=project.folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(project: Project) -> Project:
    """The same as a git checkout, on a branch that began at main."""
    _git(project, "init", "-q", "-b", "main")
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "first")
    _git(project, "checkout", "-q", "-b", "change")
    return project


def _review(
    project: Project, *arguments: str, git: bool = True
) -> subprocess.CompletedProcess[str]:
    return project.ops("review", "--stack", "stage", *arguments, path=GIT.parent if git else None)


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_rendered_is_read_back_as_the_same_graph(plan: Plan, stack: str) -> None:
    planned = plan(stack)
    read = rendered.read(stack, rendered.documents(planned), "estate")
    assert rendered.documents(read) == rendered.documents(planned)
    assert [resource.urn for resource in read.resources] == [
        resource.urn for resource in planned.resources
    ]
    assert dependency_graph(read).edges == dependency_graph(planned).edges


def test_without_git_it_compares_with_rendered_and_says_so(project: Project) -> None:
    done = _review(project, git=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("### stage: no change\n")
    assert "rendered/stage, without git" in done.stdout


def test_a_change_that_is_committed_and_rendered_is_still_reported(repository: Project) -> None:
    """The plan of main is what counts, not rendered/ as the change leaves it."""
    repository.replace(*PORT)
    assert repository.ops("render").returncode == 0
    _git(repository, "commit", "-q", "-a", "-m", "change")
    done = _review(repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("### stage: 1 to update\n")
    assert f"the offline plan of main at {_git(repository, 'rev-parse', 'main')[:9]}" in done.stdout


def test_a_project_in_a_folder_of_a_larger_repository_is_compared_all_the_same(
    tmp_path: Path,
) -> None:
    project = Project.copied(tmp_path / "estate")
    outer = Project(tmp_path)
    _git(outer, "init", "-q", "-b", "main")
    _git(outer, "add", ".")
    _git(outer, "commit", "-q", "-m", "first")
    project.replace(*PORT)
    assert project.ops("render").returncode == 0
    done = _review(project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("### stage: 1 to update\n")


def test_what_main_did_meanwhile_is_not_reported_as_a_change(repository: Project) -> None:
    began = _git(repository, "rev-parse", "--short=9", "main")
    _git(repository, "checkout", "-q", "main")
    repository.replace(*PORT)
    assert repository.ops("render").returncode == 0
    _git(repository, "commit", "-q", "-a", "-m", "meanwhile")
    _git(repository, "checkout", "-q", "change")
    done = _review(repository, "--base", "main")
    assert done.stdout.startswith("### stage: no change\n")
    assert f"main at {began}" in done.stdout


def test_the_three_forms_agree(repository: Project) -> None:
    repository.replace(*PORT)
    shown: dict[str, Any] = json.loads(_review(repository, "--format", "json").stdout)
    assert shown["counts"] == {"update": 1}
    assert [change["name"] for change in shown["changes"]] == ["krogiving-backend-app"]
    (line,) = shown["changes"][0]["lines"]
    assert line.endswith("httpPort: 3000 => 3001")
    for form in ("text", "md"):
        assert line in _review(repository, "--format", form).stdout


def test_a_secret_of_the_stack_file_is_said_to_change_and_never_shown(
    repository: Project,
) -> None:
    file = repository.folder / "Pulumi.stage.yaml"
    entries = (
        f"  estate:KROGIVING__JWT_SECRET_KEY:\n    secure: v1:{SECRET}\n"
        f"  estate:seals:\n    KROGIVING__PAYSTACK_SECRET_KEY:\n"
        f"      sealed: EV[1:{SECRET}]\n      fingerprint: {'ab' * 16}\n"
    )
    file.write_text(file.read_text() + entries)
    done = _review(repository, "--format", "text")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("stage: 2 to rotate\n")
    assert "! KROGIVING__JWT_SECRET_KEY: changed, used by krogiving-backend\n" in done.stdout
    assert "! seal of KROGIVING__PAYSTACK_SECRET_KEY: changed, used by krogiving-backend\n" in (
        done.stdout
    )
    assert SECRET not in done.stdout
    _git(repository, "commit", "-q", "-a", "-m", "rotate")
    assert _review(repository, "--base", "HEAD").stdout.startswith("### stage: no change\n")


@pytest.mark.parametrize(
    ("arguments", "git", "shown"),
    [
        (["--base", "nowhere"], True, "git has no nowhere to compare with: fetch it"),
        (["--base", "main"], False, "--base main: this is not a git checkout"),
        (["--preview", "missing.json"], True, "missing.json is not a preview"),
        (["--preview", "Pulumi.yaml"], True, "Pulumi.yaml is not a preview"),
        (["--preview", "failed.json"], True, "the preview in failed.json failed: no token"),
        (["--preview", "other.json"], True, "other.json previews prod, not stage"),
    ],
)
def test_what_cannot_be_reviewed_is_one_message_and_exit_code_1(
    repository: Project, arguments: list[str], git: bool, shown: str
) -> None:
    failed = {"steps": [], "diagnostics": [{"severity": "error", "message": "error: no token\n"}]}
    other = {"steps": [_step("same", "prod")]}
    (repository.folder / "failed.json").write_text(json.dumps(failed))
    (repository.folder / "other.json").write_text(json.dumps(other))
    done = _review(repository, *arguments, git=git)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert shown in done.stderr


def test_a_clone_without_main_is_an_error_rather_than_no_change(repository: Project) -> None:
    _git(repository, "branch", "-q", "-D", "main")
    done = _review(repository)
    assert (done.returncode, done.stdout) == (1, "")
    assert "fetch-depth: 0" in done.stderr


def test_a_clone_without_history_is_an_error_that_says_how_to_get_it(repository: Project) -> None:
    _git(repository, "checkout", "-q", "--orphan", "island")
    _git(repository, "commit", "-q", "-m", "island")
    done = _review(repository)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no common commit" in done.stderr


SERVER = "estate:product:KroTrust$estate:compute:Droplet"


def _step(op: str, stack: str = "stage", **fields: Any) -> dict[str, Any]:
    kinds = f"{SERVER}$digitalocean:index/droplet:Droplet"
    return {"op": op, "urn": f"urn:pulumi:{stack}::estate::{kinds}::krotrust-droplet", **fields}


def _preview(project: Project, *steps: dict[str, Any]) -> dict[str, Any]:
    (project.folder / "preview.json").write_text(json.dumps({"steps": steps}))
    done = _review(project, "--preview", "preview.json", "--format", "json", git=False)
    assert (done.returncode, done.stderr) == (0, "")
    shown: dict[str, Any] = json.loads(done.stdout)
    assert SECRET not in done.stdout
    return shown


def _state(inputs: dict[str, Any], protect: bool = True) -> dict[str, Any]:
    return {
        "urn": _step("same")["urn"],
        "type": "digitalocean:index/droplet:Droplet",
        "parent": f"urn:pulumi:stage::estate::{SERVER}::krotrust-server",
        "custom": True,
        "protect": protect,
        "inputs": {"size": "s-1vcpu-2gb", "name": "kro-stage", **inputs},
    }


def test_a_preview_without_steps_is_no_change(project: Project) -> None:
    shown = _preview(project)
    assert (shown["counts"], shown["changes"], shown["loud"]) == ({}, [], [])


def test_a_previewed_replacement_is_loud_and_says_why(project: Project) -> None:
    old, new = _state({"region": "fra1"}), _state({"region": "ams3"})
    step = _step("replace", oldState=old, newState=new, replaceReasons=["region"])
    shown = _preview(project, step | {"diffReasons": ["region"]})
    assert shown["counts"] == {"replace": 1}
    assert shown["loud"] == [
        "REPLACE krotrust-droplet (Droplet) because of region: the old one is destroyed;"
        " protected: an `up` refuses"
    ]
    assert {each["state"] for each in shown["blast"]["urls"]} == {"down"}
    assert "region: 'fra1' => 'ams3'" in shown["changes"][0]["lines"]


def test_of_a_previewed_secret_nothing_is_shown(project: Project) -> None:
    old = _state({"userData": {"type": "SECRET", "value": f"{SECRET}-old"}})
    new = _state({"userData": {"type": "SECRET", "value": f"{SECRET}-new"}, "size": "s-2vcpu-4gb"})
    step = _step("update", oldState=old, newState=new, diffReasons=["size", "userData"])
    detail = {"userData.value": {"kind": "update"}, "size": {"kind": "update"}}
    shown = _preview(project, step | {"detailedDiff": detail})
    assert shown["counts"] == {"update": 1}
    assert sorted(shown["changes"][0]["lines"]) == [
        "size: 's-1vcpu-2gb' => 's-2vcpu-4gb'",
        "userData.value: changed",
    ]
    assert re.match(r"\d+\.\d\d -> \d+\.\d\d \(\+\d+\.\d\d\) USD a month", shown["cost"][0])


def test_a_removed_protection_that_the_engine_does_not_report_is_taken_from_the_plans(
    project: Project,
) -> None:
    file = project.folder / "rendered" / "stage" / "krotrust.yaml"
    head = (
        "krotrust-droplet:\n  type: digitalocean:index/droplet:Droplet\n  parent: krotrust-server\n"
    )
    text = file.read_text()
    assert f"{head}  protect: false" in text
    file.write_text(text.replace(f"{head}  protect: false", f"{head}  protect: true"))
    shown = _preview(project)
    assert shown["counts"] == {"unprotect": 1}
    assert shown["loud"] == ["PROTECTION OFF krotrust-droplet (Droplet)"]
