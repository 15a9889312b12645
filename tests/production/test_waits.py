"""Nothing waits for what it does not use, or an `up` would take longer than it must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from recorded_stacks import STACKS, graph, raw, referred

from ops.plan.graph import SECRET, Resource

# Where no value flows: a deployment fails before the databases let the app in.
STATED = {
    "krogiving-backend-app": {
        "krogiving-mongodb-trusted-sources",
        "krogiving-postgresql-trusted-sources",
        "krogiving-valkey-trusted-sources",
    }
}
HIDDEN = {"krogiving-media-key": "its two parts go into the app as secrets, which a plan hides"}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _gives(source: Resource, value: Any) -> bool:
    """Whether a value has in it what the source answers, or its name or range, known before."""
    texts = {*_texts(value)}
    known = {source.inputs.get(field) for field in ("name", "ipRange")} & texts
    hidden = source.name in HIDDEN and SECRET in texts
    return source.name in referred(value) or bool(known) or hidden


@pytest.mark.parametrize("stack", STACKS)
def test_what_a_resource_waits_for_gives_it_a_value_or_is_stated_here(stack: str) -> None:
    resources = {resource.urn: resource for resource in graph(stack).resources}
    waits, stated, needless = 0, {}, []
    for resource in resources.values():
        request = raw(resource, stack)
        left = set(request.dependencies)
        for field, sources in request.propertyDependencies.items():
            for urn in sources.urns:
                waits += 1
                left.discard(urn)
                if not _gives(resources[urn], resource.inputs[field]):
                    needless.append(f"{resource.name}.{field} has nothing of {resources[urn].name}")
        if left:
            stated[resource.name] = {resources[urn].name for urn in left}
    assert waits > 40
    assert needless == []
    assert stated == STATED
