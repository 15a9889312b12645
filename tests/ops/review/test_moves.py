"""A rename or a move that an alias covers: the engine keeps the resource, and so does a review."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_digitalocean as do
import pytest

from ops.diff.plans import compare
from ops.plan import config
from ops.plan.graph import Graph, record

OWNER = "estate:product:Owner"


def _network(name: str, ip_range: str = "10.1.0.0/20", **options: Any) -> do.Vpc:
    opts = pulumi.ResourceOptions(**options)
    return do.Vpc(name, name="net", region="lon1", ip_range=ip_range, opts=opts)


def _before() -> None:
    _network("owner-net", parent=pulumi.ComponentResource(OWNER, "owner"))


def _moved(*, alias: bool = True, ip_range: str = "10.1.0.0/20") -> None:
    owner = pulumi.ComponentResource(OWNER, "owner")
    part = pulumi.ComponentResource(
        "estate:compute:Droplet", "owner-part", opts=pulumi.ResourceOptions(parent=owner)
    )
    aliases = [pulumi.Alias(parent=owner)] if alias else []
    _network("owner-net", ip_range, parent=part, aliases=aliases)


def _renamed() -> None:
    owner = pulumi.ComponentResource(OWNER, "owner")
    _network("owner-other", parent=owner, aliases=[pulumi.Alias(name="owner-net")])


def _graph(program: Any) -> Graph:
    return record(config.load("stage"), program)


def _edits(before: Any, after: Any) -> list[tuple[str, str]]:
    return [(edit.op, edit.resource.name) for edit in compare(_graph(before), _graph(after))]


@pytest.mark.parametrize(
    ("after", "edits"),
    [
        (_moved, [("create", "owner-part")]),
        (_renamed, []),
        (
            lambda: _moved(alias=False),
            [("delete", "owner-net"), ("create", "owner-net"), ("create", "owner-part")],
        ),
        (
            lambda: _moved(ip_range="10.2.0.0/20"),
            [("replace", "owner-net"), ("create", "owner-part")],
        ),
    ],
    ids=["moved", "renamed", "moved without an alias", "moved and changed"],
)
def test_only_a_move_without_an_alias_deletes(after: Any, edits: list[tuple[str, str]]) -> None:
    assert _edits(_before, after) == edits


def test_an_alias_that_is_no_longer_needed_changes_nothing() -> None:
    assert _edits(_moved, _moved) == []


def test_a_component_that_ends_like_a_type_of_the_cloud_is_not_taken_for_one() -> None:
    kinds = {resource.name: resource.kind for resource in _graph(_moved).resources}
    assert kinds == {"owner": "Owner", "owner-part": "compute:Droplet", "owner-net": "Vpc"}
