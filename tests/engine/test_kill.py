"""An engine that is stopped or killed in the middle of an `up`, and what `mend` makes of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from played import UP, assert_settled, begun, cloud, kill, mend, played, plugins, quiet, state

from rehearsal import SPEED_VARIABLE

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(made, marks=() if made == 5 else pytest.mark.soak)
        for made in (1, 5, 10, 16, 22, 28, 34, 40, 47, 53)
    ],
)
def test_after_a_kill_and_a_mend_an_up_makes_the_estate_whole(made: int, tmp_path: Path) -> None:
    engine = played(tmp_path / "stage", "stage")
    kill(engine, made)
    mend(engine)
    quiet(engine.on_stack(*UP))
    assert_settled(engine)
    # What was imported is as little protected as the rest of an unguarded stack.
    quiet(engine.on_stack("destroy", "--yes", "--skip-preview"))
    assert cloud(engine) == {}


@pytest.mark.soak
def test_a_ctrl_c_lets_an_up_end_with_its_state_in_order(tmp_path: Path) -> None:
    engine = played(tmp_path / "stage", "stage")
    shutil.copy(engine.file, engine.own_program())
    with subprocess.Popen(
        [sys.executable, "-m", "ops", "up", "--stack", "stage", "--yes"],
        cwd=engine.program,
        env={**engine.environ, SPEED_VARIABLE: "30"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        made = (
            line for line in process.stdout or () if "digitalocean:" in line and "created" in line
        )
        assert next(made, None), "nothing was made"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all that it runs
        printed = "".join(process.stdout or ())
    assert process.returncode == 130, printed
    assert "the engine finishes what it has begun" in printed
    assert not [*(engine.folder / "state" / ".pulumi" / "locks").rglob("*.json")]
    assert plugins(engine) == set()
    assert set(state(engine)) == set(cloud(engine))
    quiet(engine.on_stack(*UP))
    assert_settled(engine)


@pytest.mark.soak
def test_a_mend_beside_a_living_up_touches_nothing_and_names_the_living(tmp_path: Path) -> None:
    engine = played(tmp_path / "stage", "stage")
    with begun(engine, 30, speed=15) as process:
        before = plugins(engine)
        refused = quiet(engine.ops("mend", "--yes", code=1))
        assert f"pid {process.pid}" in refused
        assert "imported" not in refused
        assert all(each.is_running() for each in before)
        process.communicate()
    assert process.returncode == 0
    assert_settled(engine)


@pytest.mark.soak
def test_the_lock_of_another_machine_is_not_broken_and_that_of_a_dead_engine_is(
    tmp_path: Path,
) -> None:
    engine = played(tmp_path / "stage", "stage")
    kill(engine, 1)
    (file,) = (engine.folder / "state" / ".pulumi" / "locks").rglob("*.json")
    lock: dict[str, Any] = json.loads(file.read_text())
    file.write_text(json.dumps({**lock, "hostname": "elsewhere"}))
    exported = engine.run("stack", "export", "--stack", engine.stack).stdout
    refused = quiet(engine.ops("mend", "--yes", code=1))
    assert f"elsewhere, pid {lock['pid']}" in refused
    assert file.exists()
    assert engine.run("stack", "export", "--stack", engine.stack).stdout == exported
    file.write_text(json.dumps(lock))
    # As of an engine that was killed in the moment in which it stored its state.
    (half,) = (engine.folder / "state" / ".pulumi" / "stacks").rglob("stage.json.attrs")
    half.write_text("")
    engine.run("stack", "export", "--stack", engine.stack, code=1)
    mend(engine)
    assert not file.exists()
