"""The kind of an environment decides its tags and what DigitalOcean's console calls it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import STACKS

from components.label import Kind, Label
from ops.plan.graph import Graph
from stacks.discovery import environments

WORDS = {"production": "Production", "staging": "Staging", "recovery": "Production"}


@pytest.mark.parametrize(
    ("stack", "kind", "tags"),
    [
        ("prod", "production", ("giv", "prod")),
        ("stage", "staging", ("giv", "stage")),
        ("dr", "recovery", ("giv", "dr")),
        ("qa", "staging", ("giv", "qa", "stage")),
        ("east", "production", ("giv", "east", "prod")),
        ("dr-2", "recovery", ("giv", "dr-2", "dr")),
    ],
)
def test_a_resource_is_tagged_with_its_system_its_stack_and_its_kind(
    stack: str, kind: Kind, tags: tuple[str, ...]
) -> None:
    label = Label("giv", "g", stack, kind)
    assert label.tags == tags
    assert label.project_environment == WORDS[kind]
    assert label.name("web") == f"g-{stack}-web"


@pytest.mark.parametrize("stack", STACKS)
def test_every_project_of_a_stack_says_what_kind_it_is(
    stack: str, plan: Callable[[str], Graph]
) -> None:
    project_environments = [
        each.inputs["environment"] for each in plan(stack).resources if each.kind == "Project"
    ]
    cloud = {"krotrust", "krogiving"} & {*environments()[stack].systems}
    assert project_environments == [WORDS[environments()[stack].kind]] * len(cloud)


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_that_stands_in_for_another_is_for_recovery_and_that_one_exists(stack: str) -> None:
    environment = environments()[stack]
    assert (environment.stands_in_for is not None) is (environment.kind == "recovery")
    assert environment.stands_in_for in (None, *STACKS)
