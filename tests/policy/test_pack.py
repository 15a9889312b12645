"""The rules in the real engine: it reports the same violations as the offline plan."""

from __future__ import annotations

import re
import runpy
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import CANARIES, SEAL_KEY, STACKS, Engine
from pulumi_policy import (
    EnforcementLevel,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import deserialize_properties, serialize_properties

from ops import ROOT
from ops.plan import config
from ops.plan.graph import record
from ops.review.violations import planned_resources
from policy.pack import NOTES, Pack, plain
from policy.resources import SECRET, UNKNOWN
from policy.rules import RULES, violations

PACK = ("--policy-pack", str(ROOT / "policy"))
FORBIDDEN = Path(__file__).with_name("forbidden.py")
CANARY = "canary0123456789abcdef0123456789"
REPORTED = re.compile(
    r"- \[(\w+)\]\s+([\w-]+)\s+\(.*?(\S+)\)"
)  # [severity]  rule  (type: resource)
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's mark for a text


def _secret(value: Any) -> dict[str, Any]:
    return {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "value": value,
    }


def _sent(inputs: dict[str, Any]) -> Mapping[str, Any]:
    """Inputs as a policy is handed them when it asks for a remediation."""
    return deserialize_properties(inputs, True)


def test_what_is_secret_or_unknown_is_marked_at_any_depth() -> None:
    sent = _sent(
        {
            "spec": {"envs": [{"value": _secret("x")}, {"value": NOT_KNOWN}, {"value": "plain"}]},
            "whole": _secret({"list": [NOT_KNOWN]}),
            "count": 2.0,
            "on": True,
            "nothing": None,
        }
    )
    assert plain(serialize_properties(sent)) == {
        "spec": {"envs": [{"value": SECRET}, {"value": UNKNOWN}, {"value": "plain"}]},
        "whole": SECRET,
        "count": 2.0,
        "on": True,
        "nothing": None,
    }


URN = "urn:pulumi:dr::estate::digitalocean:index/domain:Domain::zone"
OPTIONS = PolicyResourceOptions(True, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], None)


def _validate(pack: Pack, rule: str) -> list[tuple[str, str | None]]:
    reports: list[tuple[str, str | None]] = []

    def report(message: str, urn: str | None = None) -> None:
        reports.append((message, urn))

    (policy,) = (each for each in pack.policies() if each.name == rule)
    assert isinstance(policy, StackValidationPolicy)
    zone = PolicyResource(
        "digitalocean:index/domain:Domain", {}, URN, "zone", OPTIONS, None, None, [], {}
    )
    policy.validate(StackValidationArgs([zone]), report)
    return reports


def test_a_violation_is_reported_at_its_resource_with_how_to_fix_it() -> None:
    pack = Pack()
    pack.note(
        ResourceValidationArgs(
            "digitalocean:index/domain:Domain",
            _sent({"name": "a.test"}),
            URN,
            "zone",
            OPTIONS,
            None,
        )
    )
    assert _validate(pack, "caa-in-every-zone") == [
        ("has no CAA record. To fix it: list the authorities in caaIssuers.", URN)
    ]
    assert _validate(pack, "nothing-lost") == []  # it is protected


def test_the_engine_stops_at_every_rule_but_the_advisory_ones() -> None:
    levels = {each.name: each.enforcement_level for each in Pack().policies() if each.name != NOTES}
    advisory = {name for name, level in levels.items() if level is EnforcementLevel.ADVISORY}
    assert advisory == {"watched-urls", "grouped-and-tagged"}
    assert {levels[name] for name in levels.keys() - advisory} == {EnforcementLevel.MANDATORY}


def test_a_resource_that_the_up_deletes_breaks_no_rule() -> None:
    pack = Pack()
    kept = URN.replace("::zone", "::kept")
    pack.note(ResourceValidationArgs("a:b:C", _sent({}), kept, "kept", OPTIONS, None))
    assert _validate(pack, "caa-in-every-zone") == []  # the engine passes the deleted zone, too


def test_a_resource_whose_inputs_were_not_recorded_is_never_passed_in_silence() -> None:
    with pytest.raises(RuntimeError, match=f"zone were not recorded.*{NOTES}"):
        _validate(Pack(), "caa-in-every-zone")


@pytest.mark.engine
@pytest.mark.parametrize(
    "stack",
    ["prod", *(pytest.param(each, marks=pytest.mark.soak) for each in STACKS if each != "prod")],
)
def test_a_committed_stack_passes_in_the_engine_and_no_secret_is_shown(
    stack: str, engine_for: Callable[[str], Engine]
) -> None:
    secrets = {**CANARIES, **SEAL_KEY}
    done = engine_for(stack).on_stack("preview", *PACK, environ=secrets)
    output = done.stdout + done.stderr
    assert re.search(r"✅ estate@", output)
    assert REPORTED.findall(output) == []
    assert "canary" not in output


@pytest.mark.engine
def test_the_engine_stops_at_what_breaks_each_rule_and_finds_what_the_offline_plan_finds(
    engine_for: Callable[[str], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    planned = record(config.load("prod"), lambda: runpy.run_path(str(FORBIDDEN)))
    offline = violations(planned_resources(planned), "prod")
    assert {each.rule.name for each in offline} == {rule.name for rule in RULES}
    reported = {each.resource for each in offline}
    assert "ours" in reported  # it has no uptime check, but its address is a droplet's
    assert ("own-addresses", "ours") not in {(e.rule.name, e.resource) for e in offline}

    engine = engine_for("prod")
    engine.program = engine.folder / "program"
    engine.program.mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", engine.program)
    shutil.copy(FORBIDDEN, engine.program / "__main__.py")
    (engine.program / ".venv").symlink_to(ROOT / ".venv")
    command = ("up", "--yes") if "stand-in" in engine.provider else ("preview",)
    done = engine.on_stack(*command, *PACK, code=None, environ={"CANARY": CANARY})
    output = done.stdout + done.stderr
    assert done.returncode != 0, output
    assert {*REPORTED.findall(output)} == {
        (each.rule.severity, each.rule.name, each.resource) for each in offline
    }
    for each in offline:
        assert each.message in output
        assert each.rule.fix in output
    assert CANARY not in output
    assert not (engine.folder / "cloud.json").exists()
