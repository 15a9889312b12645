"""The engine of `make setup`: when it is installed, and that a failure is one line and no harm."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import FakePulumi, Project
from pulumi.automation import PulumiCommand
from typer.testing import CliRunner

import rehearsal
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.engine import install, versions

WRITES = """
import pathlib, sys
folder = pathlib.Path(sys.argv[1]) / "bin"
folder.mkdir(parents=True)
(folder / "pulumi").write_text(f"#!/bin/sh\\necho v{sys.argv[2]}\\n")
(folder / "pulumi").chmod(0o755)
"""
HANGS = "import subprocess, sys; print(1, flush=True); subprocess.run(['sleep', '61.7'])"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project's engine, with nothing in it; 7.8.9 is pinned, none is on PATH."""
    place = tmp_path / ".venv" / "pulumi"
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    monkeypatch.setattr(install, "ENGINE", place)
    monkeypatch.setattr(versions, "PIN", tmp_path / "pin")
    (tmp_path / "pin").write_text("7.8.9\n")
    monkeypatch.delenv(install.SWITCH, raising=False)
    monkeypatch.setenv("PATH", f"/usr/bin:/bin:{place / 'bin'}")
    return place


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set what runs in the place of the download."""

    def set_to(code: str) -> None:
        monkeypatch.setattr(install, "CHILD", (sys.executable, "-c", code))

    return set_to


def setup() -> str:
    done = CliRunner().invoke(app, ["install-engine"])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_pinned_engine_is_installed_once_and_found_behind_one_on_path(
    folder: Path, child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    child(WRITES)
    assert setup() == "installing pulumi 7.8.9 into .venv: done\n"
    assert versions.installed(str(folder.parent / "bin" / "pulumi")) == "7.8.9"
    assert setup() == ""
    monkeypatch.setattr(rehearsal, "ENGINE", folder)
    monkeypatch.setenv("PATH", "/nowhere")
    rehearsal.engine_on_path()
    assert shutil.which("pulumi") == str(folder / "bin" / "pulumi")
    other = FakePulumi(folder.parent / "other")
    monkeypatch.setenv("PATH", str(other.folder))
    rehearsal.engine_on_path()
    assert shutil.which("pulumi") == str(other.folder / "pulumi")


def test_another_pin_installs_another_engine(
    folder: Path, child: Callable[[str], None], tmp_path: Path
) -> None:
    child(WRITES)
    setup()
    (tmp_path / "pin").write_text("7.8.10\n")
    assert setup() == "installing pulumi 7.8.10 into .venv: done\n"
    assert versions.installed(str(folder / "bin" / "pulumi")) == "7.8.10"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("switch", ["no", "NO", "0"])
def test_a_person_can_do_without(
    child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    child("raise SystemExit('downloaded')")
    monkeypatch.setenv(install.SWITCH, switch)
    assert setup() == ""


def test_an_engine_on_path_is_left_alone(
    folder: Path, child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child("raise SystemExit('downloaded')")
    monkeypatch.setenv("PATH", f"{FakePulumi(tmp_path / 'bin').folder}:{folder / 'bin'}")
    assert setup() == ""


def test_a_download_that_fails_is_one_line_and_leaves_the_engine_that_was_there(
    folder: Path, child: Callable[[str], None], tmp_path: Path
) -> None:
    child(WRITES)
    setup()
    (tmp_path / "pin").write_text("8.0.0\n")
    child(f"{WRITES}\nprint('first')\nraise SystemExit('no such\\nversion')")
    told = "installing pulumi 8.0.0 into .venv: failed (version); going on offline, `make setup`"
    assert setup() == f"{told} tries again\n"
    assert versions.installed(str(folder / "bin" / "pulumi")) == "7.8.9"


def test_a_download_that_hangs_ends_at_the_limit_with_all_that_it_started(
    folder: Path, child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    child(HANGS)
    monkeypatch.setattr(install, "LIMIT", 2)
    with pytest.raises(UsageError, match="not done after 2 s"):
        install.install()
    assert not folder.exists()
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 61.7" not in running.stdout


def test_the_download_is_pulumis_own_with_a_limit_for_each_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = []
    monkeypatch.setattr(PulumiCommand, "install", lambda **asked: calls.append(asked))
    limits: list[float] = []
    monkeypatch.setattr("socket.setdefaulttimeout", limits.append)
    install.fetch(str(tmp_path), "3.2.1")
    ((call,), (limit,)) = calls, limits
    assert (call["root"], str(call["version"])) == (str(tmp_path), "3.2.1")
    assert 0 < limit <= 10


def test_without_a_network_set_up_says_so_within_seconds_and_goes_on(tmp_path: Path) -> None:
    project = Project.copied(tmp_path / "project")
    (project.folder / ".pulumi.version").write_text("7.8.9\n")
    (project.folder / ".venv" / "bin").mkdir(parents=True)
    begun = time.monotonic()
    closed = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = project.ops("install-engine", environ=closed)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.endswith("going on offline, `make setup` tries again")
    assert "refused" in line
    assert time.monotonic() - begun < 60
    assert [each.name for each in (project.folder / ".venv").iterdir()] == ["bin"]
