"""The boxes and lines of the picture: the plan's, with the effect of a loss from `ops blast`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.impact.dependencies import OUTSIDE, Effect, Kind, Standing, Thing, worths
from ops.impact.edges import standing
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

    `parts` is by name. `part_of` has the part of each resource and thing. An edge leads from a
    part to one that it needs; its effect is None where the plan has the edge, but the loss of
    the needed part loses nothing of the other.
    """

    stack: str
    impact: Standing
    parts: dict[str, Part]
    part_of: dict[str, str]
    edges: dict[Ends, Effect | None]


def diagram(planned: Graph) -> Diagram:
    """Read the boxes and lines from a plan."""
    impact = standing(planned)
    part_of = formats.parts(planned)
    watched = {
        resource.inputs["target"]: part_of[resource.name]
        for resource in planned.resources
        if resource.type.endswith(":UptimeCheck")
    }
    needs = impact.needs()
    for key in impact.things.keys() - impact.resources.keys():
        if impact.things[key].system == OUTSIDE:
            continue  # lines from half of all boxes across every frame would hide the rest
        # A URL belongs to its uptime check; any other thing to the part without which it is down.
        required = [edge.needed for edge in needs[key] if edge.effect is Effect.DOWN]
        part_of[key] = watched.get(key) or part_of[required[0]]
    things: dict[str, list[Thing]] = defaultdict(list)
    for key, thing in impact.things.items():
        if key in part_of and thing.kind != "part":
            things[part_of[key]].append(thing)
    edges: dict[Ends, Effect | None] = dict.fromkeys(sorted(formats.edges(planned)))
    for edge in impact.edges.values():
        start, end = part_of.get(edge.dependent), part_of.get(edge.needed)
        if start and end and start != end:
            edges[start, end] = max(edge.effect, edges.get((start, end)) or edge.effect)
    parts = {
        resource.name: _part(resource, things[resource.name])
        for resource in planned.resources
        if part_of.get(resource.name) == resource.name
    }
    return Diagram(planned.stack, impact, parts, part_of, dict(sorted(edges.items())))


def _part(resource: Resource, things: list[Thing]) -> Part:
    """Label a part with its name in its system and with what its users call it."""
    kind: Kind = things[0].kind if things else "part"
    label = resource.name.removeprefix(f"{resource.system}-")
    names = [urlsplit(thing.key).hostname or thing.label for thing in things if thing.kind == kind]
    if kind == "store":
        contents = {worth for thing in things for worth in worths(thing.key)}
        names = [text for worth, text in WORTH.items() if worth in contents]
    if kind == "url":
        names.insert(1, label)
        label = names.pop(0)
    names = [text for text in names if text not in (label, resource.name)]
    return Part(resource.name, resource.system, kind, label, ", ".join([resource.kind, *names]))
