"""Former URNs of a resource: by its own aliases, and by those of the components around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

STACK = "pulumi:pulumi:Stack"


def former_urns(urn: str, requests: Mapping[str, Any]) -> frozenset[str]:
    """Return every URN that aliases give a resource beside its own.

    `requests` holds the RegisterResource request of each resource by URN, without the stack's own.
    """
    start = urn.rpartition("::")[0].rpartition("::")[0]
    known = {f"{start}::{types}::{name}" for types, name in _known_as(urn, requests)}
    return frozenset(known - {urn})


def _known_as(urn: str, requests: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the types (parents' first, joined by `$`) and the name, now and before."""
    request = requests[urn]
    known: set[tuple[str, str]] = set()
    places = [(request.parent, request.type, request.name)]
    for alias in request.aliases:
        if alias.urn:
            types, name = alias.urn.split("::")[2:4]
            known.add((types, name))
        else:
            spec = alias.spec
            parent = "" if spec.noParent else spec.parentUrn or request.parent
            places.append((parent, spec.type or request.type, spec.name or request.name))
    for parent, kind, name in places:
        known |= set(_below(parent, kind, name, requests))
    return known


def _below(
    parent: str, kind: str, name: str, requests: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what a resource is known as under a parent, by each of the parent's own names."""
    if parent not in requests:  # the stack, or a component that the program no longer has
        types = parent.split("::")[2] if parent else STACK
        yield kind if types == STACK else f"{types}${kind}", name
        return
    for types, old in _known_as(parent, requests):
        yield f"{types}${kind}", name
        if name.startswith(requests[parent].name):
            # The engine gives a child named after its parent the parent's former name, too.
            yield f"{types}${kind}", old + name.removeprefix(requests[parent].name)
