"""The program takes over what that of the commit before has made: nothing is replaced or lost."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from ops import ROOT
from rehearsal.prepare import ops_json, prepare

pytestmark = pytest.mark.engine


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The project as it was one commit ago."""
    command = ["git", "-C", str(ROOT), "archive", "HEAD^"]
    archive = shutil.which("git") and subprocess.run(command, capture_output=True, check=False)
    if not archive or archive.returncode:
        pytest.skip("the commit before is not to be had: no git, no history, or a shallow one")
    project = tmp_path / "before"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(project, filter="data")
    (project / ".venv").symlink_to(ROOT / ".venv")
    return project


@pytest.mark.parametrize("stack", ["prod", "dr"])  # only the latter has a reserved address
def test_the_program_takes_over_what_the_one_of_the_commit_before_has_made(
    stack: str, before: Path, tmp_path: Path
) -> None:
    # By its own commands, its own settings and its own stand-in.
    rehearse = [sys.executable, "-m", "rehearsal", "up", "--stack", stack, "--speed", "0"]
    made = subprocess.run(rehearse, cwd=before, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr

    now = prepare(stack, tmp_path / "now", ops_json("secrets", "--stack", stack))
    environ = replace(now, folder=before / ".state" / "rehearsal" / stack).environment()
    # Else the engine would stop at the first that it refuses, and not name the others.
    command = ["pulumi", "preview", "--json", "--ignore-protect", "--non-interactive"]
    done = subprocess.run(
        [*command, "--stack", stack, "--config-file", str(now.file)],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    preview = json.loads(done.stdout)
    assert preview["changeSummary"].get("same", 0) + preview["changeSummary"].get("update", 0) > 50
    # Updates may be, and what is new. What goes was named in estate:removals one commit before.
    lost = [
        f"{step['op']} {step['urn']}"
        for step in preview["steps"]
        if step["op"] not in ("create", "update", "same") and step["oldState"].get("protect")
    ]
    assert lost == []
