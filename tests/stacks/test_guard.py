"""Guarding is one decision of the environment, and a removal loosens exactly what it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from conftest import STACKS, changed

from ops.plan.graph import Graph, record
from stacks.discovery import environments

Plan = Callable[[str], Graph]


def _unprotected(graph: Graph) -> list[str]:
    return [item.name for item in graph.resources if item.custom and not item.protect]


GUARDED = [stack for stack, each in environments().items() if each.guarded]
FREE = [stack for stack in STACKS if stack not in GUARDED]


def test_production_and_what_becomes_production_are_guarded_and_staging_is_not() -> None:
    assert {"prod", "dr"} <= {*GUARDED}
    assert "stage" in FREE
    assert [name for name in FREE if environments()[name].kind == "production"] == []


@pytest.mark.parametrize("stack", GUARDED)
def test_every_cloud_resource_of_a_guarded_environment_is_protected(plan: Plan, stack: str) -> None:
    assert sum(resource.custom for resource in plan(stack).resources) > 50
    assert _unprotected(plan(stack)) == []


@pytest.mark.parametrize("stack", FREE)
def test_nothing_of_an_environment_without_a_guard_is_protected(plan: Plan, stack: str) -> None:
    assert [item.name for item in plan(stack).resources if item.protect] == []


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_only_described_or_only_groups_is_not_protected(plan: Plan, stack: str) -> None:
    assert not [item.name for item in plan(stack).resources if item.protect and not item.custom]


@pytest.mark.parametrize(
    "removals",
    [
        ["krotrust-droplet"],  # and not krotrust-droplet-key
        ["krotrust-zone-a-app"],  # and not krotrust-zone-a-app2
        ["krogiving-mongodb-cluster", "krogiving-mongodb-db", "krogiving-media-cdn"],
    ],
)
def test_a_removal_unprotects_exactly_what_it_names(removals: Sequence[str]) -> None:
    assert sorted(_unprotected(record(changed("prod", {"removals": removals})))) == sorted(removals)


def test_a_removal_changes_nothing_but_the_protection(plan: Plan) -> None:
    loosened = record(changed("prod", {"removals": ["krotrust-droplet"]}))
    for before, after in zip(plan("prod").resources, loosened.resources, strict=True):
        assert {**before.as_json(), "protect": None} == {**after.as_json(), "protect": None}


def test_a_removal_in_staging_is_allowed_and_does_nothing(plan: Plan) -> None:
    assert record(changed("stage", {"removals": ["krotrust-droplet"]})) == plan("stage")
