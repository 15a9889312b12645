"""The blast radius of a loss: affected users, services and data, who to contact, how to recover."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from components.facts.secrets import CATALOGUE
from ops.cli.errors import UsageError
from ops.impact.dependencies import (
    OUTSIDE,
    PRODUCTS,
    DependencyGraph,
    Edge,
    Effect,
    Kind,
    Node,
    contents,
    data_classes,
    store_facts,
)
from ops.impact.edges import OBSERVERS, record_name
from ops.plan.urn import name_of

HEADS: dict[Kind, str] = {
    "url": "public URLs",
    "service": "services",
    "machine": "hosts",
    "store": "data stores",
}
UNTOUCHED = "stays"  # the state of an intact store behind a lost one
SUGGESTIONS = 5  # similar names in the error for an unknown one


@dataclass(frozen=True)
class Hit:
    """An affected node and the edge that affects it. `effect` is None for an intact store."""

    node: Node
    effect: Effect | None
    edge: Edge | None
    why: str  # the reason in a few words; for a store, its contents

    @property
    def state(self) -> str:
        """The effect in one word."""
        return self.effect.name.lower() if self.effect else UNTOUCHED


@dataclass(frozen=True)
class BlastRadius:
    """All hits, worst first; lines on each product, on who to contact and on recovery."""

    hits: tuple[Hit, ...]
    products: tuple[str, ...]
    contacts: tuple[str, ...]
    recovery: tuple[str, ...]

    def of(self, kind: Kind) -> list[Hit]:
        """Return the hits of one kind of node."""
        return [hit for hit in self.hits if hit.node.kind == kind]

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        return {
            "products": list(self.products),
            **{
                f"{kind}s": [
                    {"name": hit.node.label, "state": hit.state, "why": hit.why}
                    for hit in self.of(kind)
                ]
                for kind in HEADS
            },
            "worth": sorted(
                {each for hit in self.of("store") for each in data_classes(hit.node.key)}
            ),
            "contact": list(self.contacts),
            "recovery": list(self.recovery),
        }


def resolve(graph: DependencyGraph, name: str) -> set[str]:
    """Return the keys of the nodes that a name means: a logical name, URL, host or alias.

    Raises UsageError for an unknown name, and for one that several nodes share.
    """
    query = name.strip()
    if query in graph.resources:
        return _with_children(graph, query)
    if query in graph.nodes:
        return {query}
    if "://" in query:
        query = urlsplit(query).hostname or query
        if urls := {key for key in graph.nodes if urlsplit(key).hostname == query}:
            return urls
    names = aliases(graph)
    folded = query.lower().replace(" ", "-")
    matches = (keys for alias, keys in names.items() if alias.lower() == folded)
    keys = names.get(query) or set().union(*matches)
    if len(keys) > 1 and "." not in query:
        raise UsageError(f"{name} is the name of {', '.join(sorted(keys))}: say which")
    if not keys:
        known = sorted({*names, *graph.resources, *graph.nodes})
        similar = [each for each in known if query.lower() in each.lower()]
        similar += difflib.get_close_matches(query, known, SUGGESTIONS)
        shown = ", ".join(dict.fromkeys(similar[:SUGGESTIONS]))
        hint = f"similar: {shown}" if shown else "`python -m ops plan` lists all names"
        raise UsageError(f"nothing is called {name}; {hint}")
    return keys


def aliases(graph: DependencyGraph) -> dict[str, set[str]]:
    """Return what people call each node: its label without server, host, physical or bare name."""
    names: dict[str, set[str]] = defaultdict(set)
    for key, node in graph.nodes.items():
        names[urlsplit(key).hostname or node.label].add(key)
        names[node.label.rpartition("/")[2] or node.label].add(key)
    for resource in graph.resources.values():
        key, kind = graph.node_of[resource.name], resource.kind
        if resource.type.startswith("estate:pencom:"):
            names[resource.name.removeprefix(f"{resource.system}-")].add(key)
        elif kind == "DnsRecord":
            names[record_name(resource)].add(key)
        elif isinstance(name := resource.inputs.get("name"), str) and kind not in OBSERVERS:
            names[name].add(key)
    return names


def blast_radius(
    graph: DependencyGraph, lost: Iterable[str], existing: Container[str] | None = None
) -> BlastRadius:
    """Follow the loss of nodes to all that depends on them, and to the intact stores behind those.

    `existing` limits the hits to these keys: what does not exist yet cannot be lost.
    """
    effects, edges = _effects(graph, lost)
    stores = _stores_behind(graph, effects)
    hits = [
        Hit(node, effects.get(key), edges.get(key), _reason(node, effects, edges))
        for key, node in graph.nodes.items()
        if (key in effects or key in stores) and (existing is None or key in existing)
    ]
    hits.sort(key=lambda hit: (-(hit.effect or 0), hit.node.system, hit.node.label))
    systems = sorted({hit.node.system for hit in hits} - {OUTSIDE})
    return BlastRadius(
        hits=tuple(hits),
        products=tuple(_products(graph, hits, systems)),
        contacts=tuple(dict.fromkeys(_contacts(graph, effects, systems))),
        recovery=tuple(dict.fromkeys(_recovery(graph, hits, systems))),
    )


def lines(radius: BlastRadius, limit: int | None = None) -> Iterator[str]:
    """Yield the lines of a report, at most `limit` of each section."""
    sections = {"products": list(radius.products)}
    for kind, head in HEADS.items():
        sections[head] = [f"{hit.state:9}{hit.node.label}: {hit.why}" for hit in radius.of(kind)]
    sections |= {"contact": list(radius.contacts), "recovery": list(radius.recovery)}
    for head, texts in sections.items():
        omitted = len(texts[limit:]) if limit else 0
        shown = [*texts[:limit], f"and {omitted} more"] if omitted else texts
        for number, text in enumerate(shown):
            yield f"{'' if number else head:13}{text}"


def as_mermaid(radius: BlastRadius) -> str:
    """Return a flowchart of the hits, each with an arrow to the node that affects it."""
    ids = {hit.node.key: f"n{number}" for number, hit in enumerate(radius.hits)}
    chart = ["flowchart LR"]
    chart += [f'  {ids[h.node.key]}["{h.node.label}<br/>{h.state}"]' for h in radius.hits]
    chart += [
        f"  {ids[hit.edge.dependent]} --> {ids[hit.edge.needed]}"
        for hit in radius.hits
        if hit.edge and hit.edge.needed in ids
    ]
    return "\n".join(chart) + "\n"


def _with_children(graph: DependencyGraph, name: str) -> set[str]:
    children = [each.name for each in graph.resources.values() if name_of(each.parent) == name]
    return {graph.node_of[name]}.union(*(_with_children(graph, child) for child in children))


def _effects(
    graph: DependencyGraph, lost: Iterable[str]
) -> tuple[dict[str, Effect], dict[str, Edge]]:
    """Return the worst effect on each affected node, and the edge that brings it, by key."""
    needed_by = graph.needed_by()
    effects, edges = dict.fromkeys(sorted(lost), Effect.DOWN), {}
    queue = list(effects)
    while queue:
        key = queue.pop(0)
        for edge in needed_by.get(key, ()):
            # A node that is only partly lost still answers those that merely call it.
            if effects[key] is Effect.PARTLY and edge.effect is not Effect.DOWN:
                continue
            effect = min(effects[key], edge.effect)
            if effect > effects.get(edge.dependent, 0):
                effects[edge.dependent], edges[edge.dependent] = effect, edge
                if effect is not Effect.UNSEEN:  # which affects no other node
                    queue.append(edge.dependent)
    return effects, edges


def _reason(node: Node, effects: dict[str, Effect], edges: dict[str, Edge]) -> str:
    """Return why a node is hit: for a partial failure, which function fails, however far away."""
    if node.kind == "store":
        return contents(node.key)
    edge = edges.get(node.key)
    while edge and edge.effect is Effect.DOWN and effects[node.key] is not Effect.DOWN:
        edge = edges[edge.needed]
    return edge.why if edge else node.what


def _stores_behind(graph: DependencyGraph, effects: dict[str, Effect]) -> set[str]:
    """Return the stores that lost nodes use: a moved DNS record may cut users off from money."""
    needs = graph.needs()
    seen = {
        key
        for key, node in graph.nodes.items()
        if node.kind != "part" and effects.get(key) is Effect.DOWN
    }
    queue = list(seen)
    while queue:
        for edge in needs.get(queue.pop(), ()):
            node = graph.nodes.get(edge.needed)
            if not node or edge.needed in seen:
                continue
            if edge.effect is Effect.DOWN or node.kind == "store":
                seen.add(edge.needed)
                queue.append(edge.needed)
    return {key for key in seen if graph.nodes[key].kind == "store"}


def _products(graph: DependencyGraph, hits: list[Hit], systems: list[str]) -> Iterator[str]:
    """Count what users see of each product: its public URLs or, without any, its services."""
    for system in systems:
        kinds = Counter(node.kind for node in graph.nodes.values() if node.system == system)
        kind: Kind = "url" if kinds["url"] else "service"
        states = Counter(
            hit.state for hit in hits if hit.node.kind == kind and hit.node.system == system
        )
        counts = [f"{count} {state}" for state, count in states.items()] or ["none affected"]
        product = PRODUCTS.get(system)
        title = f"{product.name} ({product.purpose})" if product else system
        yield f"{title}: {', '.join(counts)} of {kinds[kind]} {HEADS[kind]}"


def _contacts(
    graph: DependencyGraph, effects: dict[str, Effect], systems: list[str]
) -> Iterator[str]:
    """Yield who receives alarms, owns a foreign system, or knows a secret of a product."""
    for resource in graph.resources.values():
        if resource.system in systems and resource.type.endswith(("UptimeAlert", "MonitorAlert")):
            routes = [*resource.inputs.get("notifications", ()), resource.inputs.get("alerts", {})]
            for email in sorted({email for each in routes for email in each.get("emails", ())}):
                yield f"{email} (gets the alarms)"
        if resource.name in effects and "owner" in resource.inputs:
            yield f"{resource.inputs['owner']} (owns {resource.name})"
    for secret in CATALOGUE:
        if secret.system in systems and not secret.ask.startswith("no person"):
            yield f"{secret.ask} ({secret.system})"


def _recovery(graph: DependencyGraph, hits: list[Hit], systems: list[str]) -> Iterator[str]:
    """Yield where recovery is documented: for each store that is hit, then for each product."""
    for hit in hits:
        if hit.node.kind == "store" and hit.effect:
            facts = store_facts(hit.node.key)
            server = graph.resources.get(hit.node.key.partition("/")[0])
            backups = server.inputs.get("backups") if server else None
            recovery = (facts and facts.recovery) or backups
            yield f"{hit.node.label}: {recovery or 'nothing is documented'}"
    for system in systems:
        yield from PRODUCTS[system].recovery if system in PRODUCTS else ()
