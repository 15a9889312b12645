"""The boxes and lines of the picture: the plan's, with the effect of a loss from `ops blast`."""

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
    """One box: a resource directly under a system, with all resources under it."""

    name: str
    system: str
    kind: Kind
    label: str
    detail: str


@dataclass(frozen=True)
class Diagram:
    """What the picture shows.

    `parts` is by name. `part_of` has the part of each resource and node. An edge leads from a
    part to one that it needs; its effect is None where the plan has the edge, but the loss of
    the needed part loses nothing of the other.
    """

    stack: str
    impact: DependencyGraph
    parts: dict[str, Part]
    part_of: dict[str, str]
    edges: dict[Ends, Effect | None]


def diagram(planned: Graph) -> Diagram:
    """Read the boxes and lines from a plan."""
    impact = dependency_graph(planned)
    part_of = planned.parts()
    watched = {
        resource.inputs["target"]: part_of[resource.name]
        for resource in planned.resources
        if resource.type.endswith(":UptimeCheck")
    }
    needs = impact.needs()
    for key in impact.nodes.keys() - impact.resources.keys():
        if impact.nodes[key].system == OUTSIDE:
            continue  # lines from half of all boxes across every frame would hide the rest
        # A URL belongs to its uptime check; any other node to the part without which it is down.
        required = [edge.needed for edge in needs[key] if edge.effect is Effect.DOWN]
        part_of[key] = watched.get(key) or part_of[required[0]]
    nodes: dict[str, list[Node]] = defaultdict(list)
    for key, node in impact.nodes.items():
        if key in part_of and node.kind != "part":
            nodes[part_of[key]].append(node)
    edges: dict[Ends, Effect | None] = dict.fromkeys(sorted(formats.edges(planned)))
    for edge in impact.edges.values():
        start, end = part_of.get(edge.dependent), part_of.get(edge.needed)
        if start and end and start != end:
            edges[start, end] = max(edge.effect, edges.get((start, end)) or edge.effect)
    parts = {
        resource.name: _part(resource, nodes[resource.name])
        for resource in planned.resources
        if part_of.get(resource.name) == resource.name
    }
    return Diagram(planned.stack, impact, parts, part_of, dict(sorted(edges.items())))


def _part(resource: Resource, nodes: list[Node]) -> Part:
    """Label a part with its name in its system and with what its users call it."""
    kind: Kind = nodes[0].kind if nodes else "part"
    label = resource.name.removeprefix(f"{resource.system}-")
    names = [urlsplit(node.key).hostname or node.label for node in nodes if node.kind == kind]
    if kind == "store":
        contents = {worth for node in nodes for worth in data_classes(node.key)}
        names = [text for worth, text in WORTH.items() if worth in contents]
    if kind == "url":
        names.insert(1, label)
        label = names.pop(0)
    names = [text for text in names if text not in (label, resource.name)]
    return Part(resource.name, resource.system, kind, label, ", ".join([resource.kind, *names]))
