"""`ops policy`: what breaks a rule, why it is one, how to fix it; an exit code for a pipeline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import STACKS
from typer.testing import CliRunner

from ops import ROOT
from ops.__main__ import app
from ops.plan.graph import Graph
from ops.review.violations import planned_resources
from policy.resources import UNKNOWN, leaves
from policy.rules import RULES

NOTHING = re.compile(r"(\w+): (\d+) rules, 0 mandatory and 0 advisory violations\n")


def _policy(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["policy", *arguments])
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Return a maker of the option for a stack file with a changed droplet."""

    def write(**droplet: Any) -> tuple[str, str]:
        document = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
        document["config"]["estate:krotrust"]["droplet"] |= droplet
        file = tmp_path / "Pulumi.prod.yaml"
        file.write_text(yaml.safe_dump(document))
        return ("--config-file", str(file))

    return write


@pytest.mark.parametrize("stack", STACKS)
def test_a_committed_stack_breaks_nothing(stack: str) -> None:
    summary = NOTHING.fullmatch(_policy("--stack", stack))
    assert summary
    assert summary.groups() == (stack, str(len(RULES)))


def test_a_mandatory_violation_is_named_with_why_and_how_to_fix_it_and_is_the_exit_code(
    broken: Callable[..., tuple[str, str]],
) -> None:
    lines = _policy(*broken(backups=None), code=1).splitlines()
    assert lines[0] == "mandatory: krotrust-droplet  has no backups (droplet-backups)"
    assert lines[1].startswith("    why: The droplet holds")
    assert lines[2].startswith("    fix: set droplet.backups")
    assert lines[3:] == [f"prod: {len(RULES)} rules, 1 mandatory and 0 advisory violations"]


def test_an_advisory_violation_is_named_and_stops_nobody(
    broken: Callable[..., tuple[str, str]],
) -> None:
    text = _policy(*broken(tags=["krotrust"]))
    assert text.startswith("advisory: krotrust-droplet  lacks the tag prod (grouped-and-tagged)")


def test_the_json_has_exactly_the_published_keys(broken: Callable[..., tuple[str, str]]) -> None:
    shown = json.loads(_policy("--format", "json", *broken(backups=None), code=1))
    assert set(shown) == {"stack", "findings"}
    (violation,) = shown["findings"]
    (rule,) = (each for each in RULES if each.name == "droplet-backups")
    assert violation == {
        "rule": rule.name,
        "severity": "mandatory",
        "resource": "krotrust-droplet",
        "found": "has no backups",
        "reason": rule.reason,
        "fix": rule.fix,
    }


def test_a_secret_in_a_stack_file_is_found_and_not_repeated(
    broken: Callable[..., tuple[str, str]],
) -> None:
    token = "dop_v1_" + "canary" * 5
    for form in ("text", "json"):
        text = _policy("--format", form, *broken(tags=["krotrust", "prod", token]), code=1)
        assert "no-plain-secret" in text
        assert "canary" not in text


def test_a_reference_is_marked_as_unknown_and_other_texts_stay(
    plan: Callable[[str], Graph],
) -> None:
    before = {each.name: dict(leaves(each.inputs)) for each in plan("prod").resources}
    after = {each.name: dict(leaves(each.inputs)) for each in planned_resources(plan("prod"))}
    references = {
        (name, path)
        for name, inputs in before.items()
        for path, value in inputs.items()
        if re.search(r"<kro(trust|giving)-[\w.-]+\.\w+>", str(value))
    }
    assert ("krotrust-zone-a-api", "value") in references
    for name, inputs in before.items():
        for path, value in inputs.items():
            expected = UNKNOWN if (name, path) in references else value
            assert after[name][path] == expected, (name, path)
