"""The script `estate`: it finds its checkout, wherever it is called from or moved to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Project

from ops import ROOT

SCRIPT = ROOT / "ops" / "cli" / "estate.sh"
STUB = "import sys\ndef main() -> None:\n    print(__file__, *map(repr, sys.argv[1:]))\n"


def installed(project: Path) -> Path:
    """Install the script into the .venv of a project, as `make setup` does."""
    folder = project / ".venv" / "bin"
    folder.mkdir(parents=True)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    shutil.copy(SCRIPT, folder / "estate")
    return folder / "estate"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a command line that prints where it is, and what it gets."""
    folder = tmp_path / "a project"
    (folder / "ops").mkdir(parents=True)
    (folder / "ops" / "__init__.py").touch()
    (folder / "ops" / "__main__.py").write_text(STUB)
    installed(folder)
    return folder


def _run(script: Path | str, *arguments: str, cwd: Path, path: str = "") -> str:
    environ = {**os.environ, "PATH": os.pathsep.join(filter(None, (path, os.environ["PATH"])))}
    done = subprocess.run(
        [script, *arguments], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_its_own_project_in_a_folder_that_has_an_ops_too(
    project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(project / "ops", other / "ops")
    ours = f"{project}/ops/__main__.py"
    script = project / ".venv" / "bin" / "estate"
    assert _run(script, "blast", "two words", "", cwd=other) == f"{ours} 'blast' 'two words' ''\n"
    assert _run("estate", cwd=other, path=str(script.parent)) == f"{ours}\n"
    assert _run(Path(".venv/bin/estate"), cwd=project) == f"{ours}\n"


def test_it_survives_a_move_and_a_link(project: Path, tmp_path: Path) -> None:
    moved = project.rename(tmp_path / "moved")
    assert _run(moved / ".venv" / "bin" / "estate", cwd=tmp_path) == f"{moved}/ops/__main__.py\n"
    link = tmp_path / "estate"
    link.symlink_to(moved / ".venv" / "bin" / "estate")
    assert _run(link, cwd=tmp_path) == f"{moved}/ops/__main__.py\n"


def test_a_worktree_with_a_shared_venv_runs_its_own_code(project: Path, tmp_path: Path) -> None:
    worktree = tmp_path / "worktree"
    shutil.copytree(project / "ops", worktree / "ops")
    (worktree / ".venv").symlink_to(project / ".venv")
    told = _run(worktree / ".venv" / "bin" / "estate", cwd=tmp_path)
    assert told == f"{worktree}/ops/__main__.py\n"


def test_a_command_reads_the_project_and_writes_where_the_person_is(tmp_path: Path) -> None:
    script = installed(Project.copied(tmp_path / "project").folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = _run(script, "inventory", "--format", "ssh", "--output", "out", cwd=elsewhere)
    assert told.splitlines() == [f"out/{file.name}" for file in (elsewhere / "out").iterdir()]
    assert told
    assert json.loads(_run(script, "plan", "--format", "json", cwd=elsewhere))["stack"] == "prod"


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing_in_it() -> None:
    done = subprocess.run(["shellcheck", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
