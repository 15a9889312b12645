"""All three stacks through a whole life in the real engine: up, nothing left to do, destroy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import CANARIES, SEAL_KEY, STACKS, Engine

from ops import ROOT
from ops.plan.graph import Graph

pytestmark = pytest.mark.engine


def _resources(engine: Engine) -> dict[str, Any]:
    """What stands in the cloud."""
    held: dict[str, Any] = json.loads((engine.folder / "cloud.json").read_text())["resources"]
    return held


def _replace_an_issuer_under_the_policy(engine: Engine) -> None:
    """The engine passes a resource that it deletes to the rules as well: they let it go."""
    engine.change({"krotrust.caaIssuers": ["pki.goog"]})
    engine.on_stack("up", "--yes", "--policy-pack", str(ROOT / "policy"))


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

    if stack == "stage":
        _replace_an_issuer_under_the_policy(engine)
    done = engine.on_stack("destroy", "--yes", "--skip-preview", code=None)
    deleted = [each["name"] for each in engine.log() if each["op"] == "delete"]
    if stack == "stage":
        assert done.returncode == 0, done.stdout + done.stderr
        gone, new = (f"krotrust-zone-caa-{issuer}" for issuer in ("letsencrypt.org", "pki.goog"))
        assert sorted(deleted) == sorted([*(each.name for each in cloud), new])
        assert deleted[0] == gone
        assert _resources(engine) == {}
    else:
        assert done.returncode != 0
        assert "protected" in done.stdout + done.stderr
        assert deleted == []
        assert _resources(engine) == made
