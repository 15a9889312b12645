"""Set-up: what make does when, and that each version is written in one place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = next(each for each in Path(__file__).parents if (each / "Makefile").exists())
PIN = (ROOT / ".pulumi.version").read_text().strip()
TARGETS = [  # that the README once named
    *("help", "setup", "preview", "rehearse", "plan", "test", "soak", "lint", "render", "bench"),
    *("drift", "lock", "up", "refresh", "destroy", "seal", "secrets", "clean"),
]
RECORDS = '#!/bin/sh\necho "$@" >> calls\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile in a folder whose .venv is ready, and whose python only writes down."""
    for name in ("Makefile", ".pulumi.version", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "ops" / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "ops" / "cli" / "estate.sh", tmp_path / "ops" / "cli")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(RECORDS)
    python.chmod(0o755)
    (tmp_path / ".venv" / "ready").touch()
    return tmp_path


def _make(project: Path, *targets: str) -> list[str]:
    """Run make, and return what python was asked."""
    calls = project / "calls"
    calls.unlink(missing_ok=True)
    done = subprocess.run(["make", *targets], cwd=project, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return calls.read_text().splitlines() if calls.exists() else []


INSTALL, PREVIEW = "-m ops install-engine", "-m ops preview --stack prod"


def test_the_engine_is_tried_once_until_set_up_is_asked_for_or_the_pin_changes(
    project: Path,
) -> None:
    assert _make(project, "preview") == [INSTALL, PREVIEW]
    assert _make(project, "preview") == [PREVIEW]
    assert _make(project, "setup") == [INSTALL]
    assert _make(project, "preview") == [PREVIEW]
    tried = (project / ".venv" / "engine").stat().st_mtime
    os.utime(project / ".pulumi.version", (tried + 5, tried + 5))
    assert _make(project, "preview") == [INSTALL, PREVIEW]


def test_set_up_installs_the_script(project: Path) -> None:
    _make(project, "setup")
    script = project / ".venv" / "bin" / "estate"
    assert script.read_text() == (ROOT / "ops" / "cli" / "estate.sh").read_text()
    assert os.access(script, os.X_OK)


def test_every_target_finds_the_engine_of_set_up_behind_one_on_path(project: Path) -> None:
    (project / "Makefile").write_text(
        f'{(project / "Makefile").read_text()}\nshow:\n\t@printf %s "$$PATH" > calls\n'
    )
    (path,) = _make(project, "show")
    assert path == f"{os.environ['PATH']}:{project}/.venv/pulumi/bin"


def test_the_engine_that_the_project_wants_is_the_pinned_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", PIN)
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert project["requiredPulumiVersion"] == f">={PIN}"


@pytest.mark.parametrize(
    "file", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda file: file.stem
)
def test_a_workflow_takes_the_engine_from_the_pin(file: Path) -> None:
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    engines = [
        step["with"]
        for job in jobs
        for step in job["steps"]
        if step.get("uses", "").startswith("pulumi/actions@")
    ]
    assert engines
    assert all(each == {"pulumi-version-file": ".pulumi.version"} for each in engines)


@pytest.mark.parametrize("target", TARGETS)
def test_make_goes_on_having_every_target_of_the_readme(target: str) -> None:
    assert re.search(rf"^{target}:.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    asked = ["make", "--dry-run", "--always-make", target]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


REQUIREMENT = re.compile(
    r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[\w.!+]+( ; [^#]+?)?( --hash=sha256:[0-9a-f]{64})+$"
)


@pytest.mark.parametrize("file", sorted(ROOT.glob("requirements*.txt")), ids=lambda file: file.name)
def test_every_requirement_is_pinned_with_its_hashes(file: Path) -> None:
    text = re.sub(r"\s*\\\n\s*", " ", file.read_text())
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    assert len(lines) > 5
    assert [line for line in lines if not REQUIREMENT.match(line)] == []


@pytest.mark.parametrize("file", sorted(ROOT.glob("requirements*.in")), ids=lambda file: file.name)
def test_everything_that_is_asked_for_is_locked(file: Path) -> None:
    lines = [line.split("#")[0].strip() for line in file.read_text().splitlines()]
    asked = [Requirement(line) for line in lines if line and not line.startswith("-")]
    locked = re.findall(r"^([a-z0-9._-]+)", file.with_suffix(".txt").read_text(), re.M)
    assert asked
    assert {canonicalize_name(each.name) for each in asked} <= set(locked)
