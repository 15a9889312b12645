"""All three stacks through a whole life in the real engine: up, nothing left to do, destroy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import CANARIES, SEAL_KEY, STACKS, Engine

from ops.plan.graph import Graph

pytestmark = pytest.mark.engine


def _resources(engine: Engine) -> dict[str, Any]:
    """What stands in the cloud."""
    held: dict[str, Any] = json.loads((engine.folder / "cloud.json").read_text())["resources"]
    return held


@pytest.mark.parametrize(
    "stack",
    ["stage", *(pytest.param(each, marks=pytest.mark.soak) for each in STACKS if each != "stage")],
)
def test_a_stack_comes_up_leaves_nothing_to_do_and_only_stage_can_be_destroyed(
    stack: str, engine_for: Callable[[str], Engine], plan: Callable[[str], Graph]
) -> None:
    engine = engine_for(stack)
    engine.ready_for_up()
    cloud = [resource for resource in plan(stack).resources if resource.custom]

    engine.on_stack("up", "--yes", "--skip-preview", environ={**CANARIES, **SEAL_KEY})
    assert [each["op"] for each in engine.log()] == ["create"] * len(cloud)
    made = _resources(engine)
    assert len(made) == len(cloud)

    # From here on no plain secret is at hand: the sealed ones are sent back.
    engine.ops("seal")
    engine.environ |= SEAL_KEY
    engine.on_stack("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert len(engine.log()) == len(cloud)
    engine.on_stack("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert [each["op"] for each in engine.log()[len(cloud) :]] == ["read"] * len(cloud)
    engine.on_stack("preview", "--expect-no-changes")
    assert _resources(engine) == made

    done = engine.on_stack("destroy", "--yes", "--skip-preview", code=None)
    deleted = [each["name"] for each in engine.log() if each["op"] == "delete"]
    if stack == "stage":
        assert done.returncode == 0, done.stdout + done.stderr
        assert sorted(deleted) == sorted(resource.name for resource in cloud)
        assert _resources(engine) == {}
    else:
        assert done.returncode != 0
        assert "protected" in done.stdout + done.stderr
        assert deleted == []
        assert _resources(engine) == made
