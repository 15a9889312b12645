"""A secret's whole life in the real engine: up, seal, nothing to do, rotate, nowhere seen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator

import pytest
from conftest import CANARIES, SEAL_KEY, Engine

from ops.plan.urn import name_of

pytestmark = pytest.mark.engine


@pytest.fixture
def stage(engine_for: Callable[[str], Engine]) -> Engine:
    engine = engine_for("stage")
    engine.ready_for_up()
    return engine


def _texts(engine: Engine) -> Iterator[tuple[str, str]]:
    """Every file that the run left: state, history, cloud, stack file."""
    for folder, _, names in os.walk(engine.folder):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118
            with open(path, errors="replace") as file:  # noqa: PTH123
                yield path, file.read()


def test_a_secret_is_sealed_kept_rotated_and_never_seen(stage: Engine) -> None:
    printed = []

    def run(*arguments: str, **environ: str) -> str:
        done = stage.on_stack(*arguments, environ=environ)
        printed.append(done.stdout + done.stderr)
        return printed[-1]

    run("up", "--yes", "--skip-preview", "--diff", **CANARIES, **SEAL_KEY)
    stage.ops("seal")
    seals = stage.settings["config"]["estate:seals"]
    assert set(CANARIES) < set(seals)
    assert all(seal["sealed"].startswith("EV[") for seal in seals.values())

    # An `up` that reads the cloud first has nothing to do, without a plain secret at hand.
    run("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes", **SEAL_KEY)
    # With the plain ones at hand and unchanged, neither.
    run("preview", "--diff", "--expect-no-changes", **CANARIES, **SEAL_KEY)

    # A rotated one is sent, and only the app changes.
    rotated = {**CANARIES, "KROGIVING__JWT_SECRET_KEY": "canary-rotated"}
    steps = json.loads(run("preview", "--json", **rotated, **SEAL_KEY))["steps"]
    changed = [name_of(s["urn"]) for s in steps if s["op"] not in ("same", "read")]
    assert changed == ["krogiving-backend-app"]
    run("up", "--yes", "--skip-preview", **rotated, **SEAL_KEY)
    stage.ops("seal")
    anew = stage.settings["config"]["estate:seals"]
    assert [key for key in anew if anew[key] != seals[key]] == ["KROGIVING__JWT_SECRET_KEY"]
    # Without them, and after a refresh, neither.
    run("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes", **SEAL_KEY)

    for where, text in [*_texts(stage), *((f"output {n}", text) for n, text in enumerate(printed))]:
        assert "canary-" not in text, where


def test_an_up_without_its_secrets_stops_before_anything_changes(stage: Engine) -> None:
    stage.change({"krogiving.backend.paystackPublicKey": None})
    done = stage.on_stack("up", "--yes", "--skip-preview", code=1)
    said = done.stdout + done.stderr
    for need in (*CANARIES, *SEAL_KEY, "estate:krogiving.backend.paystackPublicKey"):
        assert need in said
    assert not (stage.folder / "cloud.json").exists()
    exported = json.loads(stage.run("stack", "export", "--stack", stage.stack).stdout)
    left = {r["type"] for r in exported["deployment"].get("resources") or ()}
    assert left <= {"pulumi:pulumi:Stack"}


def test_a_secret_in_an_encrypted_entry_serves_like_one_in_the_environment(stage: Engine) -> None:
    file = ("--config-file", str(stage.file), "--stack", stage.stack)
    for key, value in {**CANARIES, **SEAL_KEY}.items():
        stage.run("config", "set", *file, "--secret", key, value)
    stage.on_stack("up", "--yes", "--skip-preview")
    for where, text in _texts(stage):
        assert "canary-" not in text, where
