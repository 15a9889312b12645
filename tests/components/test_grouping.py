"""A system's DigitalOcean project has the kind of its environment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.plan.graph import Graph


@pytest.mark.parametrize(
    ("stack", "environment"), [("prod", "Production"), ("stage", "Staging"), ("dr", "Production")]
)
def test_a_project_says_whether_its_environment_is_production(
    plan: Callable[[str], Graph], stack: str, environment: str
) -> None:
    projects = [each for each in plan(stack).resources if each.kind == "Project"]
    assert [each.inputs["environment"] for each in projects] == [environment] * 2
