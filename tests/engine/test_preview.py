"""The real engine previews all three stacks from nothing, and the offline plan agrees with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Engine

from ops.pencom import export, inventory
from ops.plan.graph import Graph
from ops.plan.urn import name_of

pytestmark = pytest.mark.engine

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's mark for a value not known yet


def _planned(preview: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the engine plans, by URN, but for the stack and the provider that it makes itself."""
    own = ("pulumi:pulumi:Stack", "pulumi:providers:digitalocean")
    states = [step["newState"] for step in preview["steps"]]
    for state in states:  # the SDK hands dependencies over as sets, in any order
        state["dependencies"] = sorted(state.get("dependencies", ()))
        for urns in state.get("propertyDependencies", {}).values():
            (urns or []).sort()
    return {state["urn"]: state for state in states if state["type"] not in own}


def _agree(real: Any, offline: Any) -> bool:
    """A value that the engine does not know yet is a reference in the offline plan."""
    if isinstance(real, str) and UNKNOWN in real:
        return isinstance(offline, str) and "<" in offline
    if isinstance(real, dict) and isinstance(offline, dict):
        return real.keys() == offline.keys() and all(_agree(real[k], offline[k]) for k in real)
    if isinstance(real, list) and isinstance(offline, list):
        return len(real) == len(offline) and all(map(_agree, real, offline))
    return bool(real == offline)


@pytest.mark.parametrize("stack", ["prod", "stage", pytest.param("dr", marks=pytest.mark.soak)])
def test_a_preview_from_nothing_plans_what_the_offline_plan_says_each_time(
    stack: str, engine_for: Callable[[str], Engine], plan: Callable[[str], Graph]
) -> None:
    engine = engine_for(stack)
    preview = engine.preview()
    real = _planned(preview)
    assert _planned(engine.preview()) == real
    offline = {resource.urn: resource for resource in plan(stack).resources}

    assert {step["op"] for step in preview["steps"]} == {"create"}
    assert real.keys() == offline.keys()
    for urn, state in real.items():
        resource = offline[urn]
        assert state["type"] == resource.type
        assert state["parent"] == resource.parent, urn
        assert state.get("protect", False) == resource.protect, urn
        assert state.get("custom", False) == resource.custom, urn
        inputs = {k: v for k, v in state.get("inputs", {}).items() if k != "__defaults"}
        assert _agree(inputs, resource.inputs), (urn, inputs, resource.inputs)
        # A read-only look-up, or a component, adds nothing that the other does not know.
        assert state["dependencies"] == list(resource.dependencies), urn
    if "stand-in" in engine.provider:
        assert not (engine.folder / "cloud.json").exists(), "a preview must not write the cloud"


def test_a_moved_service_and_a_new_port_show_in_a_preview(
    engine_for: Callable[[str], Engine],
) -> None:
    engine = engine_for("stage")
    _make_pencom_only(engine)
    engine.on_stack("up", "--yes", "--skip-preview")
    engine.change({"pencom.storePorts.postgresql": 5433, "pencom.hosts.vps-3": "10.21.0.33"})
    preview = engine.preview()
    changed = {
        name_of(step["urn"]): step["newState"]["inputs"]
        for step in preview["steps"]
        if step["op"] == "update"
    }
    assert set(changed) == {"pencom-postgresql", "pencom-vps-3"}
    assert changed["pencom-postgresql"]["port"] == 5433
    assert changed["pencom-vps-3"]["address"] == "10.21.0.33"


def test_the_state_gives_the_inventory_that_was_declared(
    engine_for: Callable[[str], Engine],
) -> None:
    engine = engine_for("stage")
    refused = engine.ops("inventory", "--format", "ansible", "--from-state", code=1)
    assert refused.stderr.startswith("error: stage has no Pencom")
    _make_pencom_only(engine)
    engine.on_stack("up", "--yes", "--skip-preview")
    declared = inventory.load("stage", None, from_state=False)
    for form in export.FORMATS:
        folder = engine.folder / form
        engine.ops("inventory", "--format", form, "--from-state", "--output", str(folder))
        for name, text in export.texts(declared, form).items():
            assert (folder / name).read_text() == text
    order = engine.ops("order", "start", "--from-state").stdout
    assert "core on vps-2 (wave 1)" in order


def _make_pencom_only(engine: Engine) -> None:
    """Leave out what an `up` would ask secrets for: the inventory needs none."""
    (engine.own_program() / "stacks" / "stage.py").write_text(
        "from stacks.environment import Environment\n\n"
        'ENVIRONMENT = Environment(kind="staging", systems=("pencom",), guarded=False)\n'
    )
    engine.change({"krotrust": {}, "krogiving": {}})


def test_wrong_settings_stop_the_engine_before_it_plans_anything(
    engine_for: Callable[[str], Engine],
) -> None:
    engine = engine_for("prod")
    engine.change({"krotrust.droplet.size": "s-2vcpu-4g", "krogiving.valkey.nodes": 9})
    done = engine.on_stack("preview", "--json", code=None)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    for part in ("estate:krotrust.droplet.size", "estate:krogiving.valkey.nodes", "2 mistakes"):
        assert part in said
    assert "Traceback" not in said
    assert not [s for s in json.loads(done.stdout)["steps"] if "digitalocean" in s["urn"]]
