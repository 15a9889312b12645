"""What was approved is what happens: an `up` of a saved plan, as the deploy workflow runs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import CANARIES, SEAL_KEY, Engine

pytestmark = pytest.mark.engine


@pytest.mark.soak
def test_an_up_does_what_its_saved_plan_says_and_nothing_else(
    engine_for: Callable[[str], Engine],
) -> None:
    engine = engine_for("stage")
    engine.ready_for_up()
    engine.environ |= {**CANARIES, **SEAL_KEY}
    plan = engine.folder / "plan.json"
    saved = ("preview", "--refresh", "--save-plan", str(plan))
    up = ("up", "--refresh", "--plan", str(plan), "--yes")

    engine.on_stack(*saved)
    assert "canary-" not in plan.read_text()
    engine.on_stack(*up)

    # What came into the code after the approval does not slip in with it.
    engine.on_stack(*saved)
    before = (engine.folder / "cloud.json").read_text()
    engine.change({"krotrust.droplet.tags": ["krotrust", "stage", "late"]})
    refused = engine.on_stack(*up, code=None)
    assert refused.returncode != 0
    assert "violates plan" in refused.stdout + refused.stderr
    assert (engine.folder / "cloud.json").read_text() == before
