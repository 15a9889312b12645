"""A database that is gone from a guarded stack comes back empty only where somebody says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Engine
from played import cloud, played

from ops import ROOT
from ops.plan import config
from ops.plan.graph import build
from rehearsal.cloud import edit, find_key

pytestmark = [pytest.mark.engine, pytest.mark.soak]
CLUSTER = "krotrust-database-cluster"
MADE = ["DatabaseCluster", "DatabaseDb", "DatabaseFirewall", "DatabaseUser"]


@pytest.fixture
def estate(tmp_path: Path) -> Engine:
    """Production, brought up by the command itself: an empty state keeps nobody from an `up`."""
    engine = played(tmp_path / "prod", "prod")
    program = engine.own_program()
    shutil.copy(engine.file, program)
    mine, ours = str(program / "rehearsal" / "bin"), str(ROOT / "rehearsal" / "bin")
    engine.environ["PATH"] = engine.environ["PATH"].replace(ours, mine)
    _ops(engine, "up", "--yes")
    return engine


def _ops(
    engine: Engine, command: str, *arguments: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command in the estate's own copy of the project, as a person does in the project."""
    asked = [sys.executable, "-m", "ops", command, "--stack", engine.stack, *arguments]
    done = subprocess.run(
        asked,
        cwd=engine.program,
        env=engine.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def _lose(engine: Engine, name: str) -> str:
    """Take a cluster out of the cloud, with all that is in it; tell which it was."""
    with edit(engine.folder / "cloud.json") as content:
        identity = find_key(content, "DatabaseCluster", "name", value=name).partition("/")[2]
        for key, each in [*content["resources"].items()]:
            if identity in (key.partition("/")[2], each["state"].get("clusterId")):
                del content["resources"][key]
    return f"DatabaseCluster/{identity}"


def test_a_lost_database_is_named_and_nothing_is_made_until_somebody_wants_an_empty_one(
    estate: Engine,
) -> None:
    assert "all that holds data is there" in _ops(estate, "gone").stdout
    held = {*cloud(estate)}
    lost = _lose(estate, "kro-prod-db-cluster")
    before = cloud(estate)
    assert len(held) == len(before) + len(MADE)

    for command in (["gone"], ["up", "--yes"], ["refresh", "--yes"]):
        refused = _ops(estate, *command, code=1).stderr
        assert f"{CLUSTER} held MONEY: orders, kro_balance (escrow)" in refused
        assert f"python -m ops recover {CLUSTER} --stack prod" in refused
        assert f"python -m ops up --stack prod --make-empty {CLUSTER}" in refused
    # What is not looked at is not made: so names are led away from a region that is lost.
    planned = build(config.load("prod", file=estate.file)).resources
    (name,) = [each.urn for each in planned if each.name == "krotrust-zone-a-api"]
    _ops(estate, "up", "--yes", "--target", name)
    assert cloud(estate) == before

    _ops(estate, "up", "--yes", "--make-empty", CLUSTER)
    made = [each for each in cloud(estate) if each not in before]
    assert lost not in made
    assert sorted(each.partition("/")[0] for each in made) == MADE
    _ops(estate, "gone")
