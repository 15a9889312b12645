"""The parts of the estate as a picture shows them: the plan's, with what `ops blast` knows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.impact.dependencies import (
    OUTSIDE,
    DependencyGraph,
    Effect,
    Kind,
    Node,
    data_classes,
)
from ops.impact.edges import dependency_graph
from ops.plan import formats
from ops.plan.graph import Graph, Resource

Ends = tuple[str, str]
WORTH = {"money": "MONEY", "personal data": "personal data"}


@dataclass(frozen=True)
class Part:
    """A resource inside a system, with all that it is made of."""

    name: str
    system: str
    kind: Kind
    label: str
    detail: str


@dataclass(frozen=True)
class Estate:
    """Parts by name, the part in which each thing and resource is, and what stands on what.

    Without an effect, the plan has the edge, but nothing is lost with the part that it leads to.
    """

    stack: str
    found: DependencyGraph
    parts: dict[str, Part]
    place: dict[str, str]
    edges: dict[Ends, Effect | None]


def estate(planned: Graph) -> Estate:
    """Read the parts off a plan."""
    found = dependency_graph(planned)
    place = planned.parts()
    watched = {
        resource.inputs["target"]: place[resource.name]
        for resource in planned.resources
        if resource.type.endswith(":UptimeCheck")
    }
    needs = found.needs()
    for key in found.nodes.keys() - found.resources.keys():
        if found.nodes[key].system == OUTSIDE:
            continue  # lines from half of all boxes across every frame would hide the rest
        # A URL is where it is watched; else a thing is where that is without which it is down.
        hard = [edge.needed for edge in needs[key] if edge.effect is Effect.DOWN]
        place[key] = watched.get(key) or place[hard[0]]
    inside: dict[str, list[Node]] = defaultdict(list)
    for key, thing in found.nodes.items():
        if key in place and thing.kind != "part":
            inside[place[key]].append(thing)
    edges: dict[Ends, Effect | None] = dict.fromkeys(sorted(formats.edges(planned)))
    for edge in found.edges.values():
        start, end = place.get(edge.dependent), place.get(edge.needed)
        if start and end and start != end:
            edges[start, end] = max(edge.effect, edges.get((start, end)) or edge.effect)
    drawn = [
        resource for resource in planned.resources if place.get(resource.name) == resource.name
    ]
    return Estate(
        stack=planned.stack,
        found=found,
        parts={resource.name: _part(resource, inside[resource.name]) for resource in drawn},
        place=place,
        edges=dict(sorted(edges.items())),
    )


def _part(resource: Resource, things: list[Node]) -> Part:
    """Label a part with its name in its system and what its users know of it."""
    kind: Kind = things[0].kind if things else "part"
    label = resource.name.removeprefix(f"{resource.system}-")
    told = [urlsplit(thing.key).hostname or thing.label for thing in things if thing.kind == kind]
    if kind == "store":
        held = {worth for thing in things for worth in data_classes(thing.key)}
        told = [text for worth, text in WORTH.items() if worth in held]
    if kind == "url":
        told.insert(1, label)
        label = told.pop(0)
    told = [text for text in told if text not in (label, resource.name)]
    detail = ", ".join([resource.kind, *told])
    return Part(resource.name, resource.system, kind, label, detail)
