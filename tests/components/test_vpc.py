"""A private network: a new one, or one that exists."""

from __future__ import annotations

import pulumi
import pytest
from pydantic import ValidationError
from recording import exported, recorded

from components.types import Vpc
from components.vpc import network

ID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"


def test_a_named_network_is_made_under_its_owner_and_its_range_comes_from_it() -> None:
    def program() -> None:
        owner = pulumi.ComponentResource("estate:product:Owner", "owner")
        vpc = Vpc.model_validate_json('{"ipRange": "10.9.0.0/20", "name": "the-net"}')
        made = network("owner-vpc", vpc, "lon1", owner)
        pulumi.export("network", {"id": made.id, "range": made.ip_range})

    graph = recorded(program).graph()
    owner, vpc = graph.resources
    assert vpc.parent == owner.urn
    assert vpc.inputs == {"name": "the-net", "region": "lon1", "ipRange": "10.9.0.0/20"}
    assert graph.outputs == {"network": {"id": "<owner-vpc.id>", "range": "10.9.0.0/20"}}


def test_a_network_that_is_there_is_passed_on_as_it_is_and_nothing_is_made() -> None:
    def program() -> dict[str, object]:
        owner = pulumi.ComponentResource("estate:product:Owner", "owner")
        vpc = Vpc.model_validate_json(f'{{"ipRange": "10.9.0.0/20", "id": "{ID}"}}')
        made = network("owner-vpc", vpc, "lon1", owner)
        return {"id": made.id, "range": made.ip_range}

    assert exported(program) == {"id": ID, "range": "10.9.0.0/20"}
    names = [request.name for request in recorded(program).requests.values()]
    assert names == ["estate-test", "owner"]


@pytest.mark.parametrize(
    "text",
    [
        '{"ipRange": "10.9.0.0/20"}',
        f'{{"ipRange": "10.9.0.0/20", "name": "the-net", "id": "{ID}"}}',
        '{"ipRange": "10.9.0.1/20", "name": "the-net"}',
        '{"ipRange": "10.9.0.0/20", "id": "kro-net"}',
    ],
)
def test_a_network_that_is_neither_one_nor_the_other_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Vpc.model_validate_json(text)
