"""What stands on one thing, in the words of its users: who notices when it is lost, who is told."""

from __future__ import annotations

import difflib
import json
import sys
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
    Edge,
    Effect,
    Kind,
    Standing,
    Thing,
    held,
    holding,
    worths,
)
from ops.impact.edges import LOOKS_ON, record_name, standing
from ops.plan import config
from ops.plan.graph import build
from ops.plan.urn import name_of

HEADS: dict[Kind, str] = {
    "url": "public URLs",
    "service": "services",
    "machine": "hosts",
    "store": "data stores",
}
UNTOUCHED = "stays"  # of a store that is itself untouched, but used by what is lost
CLOSE = 5  # names that are suggested for an unknown one


@dataclass(frozen=True)
class Hit:
    """A thing that is lost or limited, and by which edge; without `effect` it is only reached."""

    thing: Thing
    effect: Effect | None
    edge: Edge | None
    told: str

    @property
    def state(self) -> str:
        """The effect in a word."""
        return self.effect.name.lower() if self.effect else UNTOUCHED

    @property
    def why(self) -> str:
        """Why in a few words; of a store, what it holds."""
        return held(self.thing.key) if self.thing.kind == "store" else self.told


@dataclass(frozen=True)
class Blast:
    """Everything that is hit, the worst first; people, and where recovery is written."""

    hits: tuple[Hit, ...]
    products: tuple[str, ...]
    tell: tuple[str, ...]
    recovery: tuple[str, ...]

    def of(self, kind: Kind) -> list[Hit]:
        """Give the hits of one kind."""
        return [hit for hit in self.hits if hit.thing.kind == kind]

    def as_json(self) -> dict[str, Any]:
        """Give the published form."""
        return {
            "products": list(self.products),
            **{
                f"{kind}s": [
                    {"name": hit.thing.label, "state": hit.state, "why": hit.why}
                    for hit in self.of(kind)
                ]
                for kind in HEADS
            },
            "worth": sorted({worth for hit in self.of("store") for worth in worths(hit.thing.key)}),
            "tell": list(self.tell),
            "recovery": list(self.recovery),
        }


def run(stack: str, name: str, form: str) -> int:
    """Print what stands on a thing. Raises UsageError with what is close to an unknown name."""
    found = standing(build(config.load(stack)))
    starts = named(found, name)
    told = blast(found, starts)
    if form == "json":
        print(json.dumps({"stack": stack, "name": name, **told.as_json()}, indent=2))  # noqa: T201
    elif form == "mermaid":
        sys.stdout.write(as_mermaid(told))
    else:
        print(f"{name} in {stack}, and what stands on it\n")  # noqa: T201
        print("\n".join(lines(told)))  # noqa: T201
    return 0


def named(found: Standing, name: str) -> set[str]:
    """Find the things that a person means: by logical name, URL, host, then by what it is called.

    Raises UsageError for a name that nothing has, or several things.
    """
    wanted = name.strip()
    if wanted in found.resources:
        return _with_children(found, wanted)
    if wanted in found.things:
        return {wanted}
    if "://" in wanted:
        wanted = urlsplit(wanted).hostname or wanted
        if urls := {key for key in found.things if urlsplit(key).hostname == wanted}:
            return urls
    names = aliases(found)
    folded = wanted.lower().replace(" ", "-")
    alike = (keys for name, keys in names.items() if name.lower() == folded)
    keys = names.get(wanted) or set().union(*alike)
    if len(keys) > 1 and "." not in wanted:
        raise UsageError(f"{name} is the name of {', '.join(sorted(keys))}: say which")
    if not keys:
        known = sorted({*names, *found.resources, *found.things})
        close = [each for each in known if wanted.lower() in each.lower()]
        close += difflib.get_close_matches(wanted, known, CLOSE)
        told = ", ".join(dict.fromkeys(close[:CLOSE])) or "nothing; `python -m ops plan` lists all"
        raise UsageError(f"nothing is called {name}; close to it: {told}")
    return keys


def blast(found: Standing, starts: Iterable[str], there: Container[str] | None = None) -> Blast:
    """Walk from what is lost to all that stands on it, and on to the stores that those use.

    Where `there` is given, nothing else is told: what is not there yet cannot be lost.
    """
    effects, edges = _walk(found, starts)
    reached = _reached(found, effects)
    hits = [
        Hit(thing, effects.get(key), edges.get(key), _why(thing, effects, edges))
        for key, thing in found.things.items()
        if (key in effects or key in reached) and (there is None or key in there)
    ]
    hits.sort(key=lambda hit: (-(hit.effect or 0), hit.thing.system, hit.thing.label))
    systems = sorted({hit.thing.system for hit in hits} - {OUTSIDE})
    return Blast(
        hits=tuple(hits),
        products=tuple(_products(found, hits, systems)),
        tell=tuple(dict.fromkeys(_people(found, effects, systems))),
        recovery=tuple(dict.fromkeys(_recovery(found, hits, systems))),
    )


def lines(told: Blast, most: int | None = None) -> Iterator[str]:
    """Give it to a reader; of each kind at most so many lines."""
    rows = {"products": list(told.products)}
    for kind, head in HEADS.items():
        rows[head] = [f"{hit.state:9}{hit.thing.label}: {hit.why}" for hit in told.of(kind)]
    rows |= {"tell": list(told.tell), "recovery": list(told.recovery)}
    for head, texts in rows.items():
        left = len(texts[most:]) if most else 0
        shown = [*texts[:most], f"and {left} more"] if left else texts
        for number, text in enumerate(shown):
            yield f"{'' if number else head:13}{text}"


def as_mermaid(told: Blast) -> str:
    """Draw what is hit, each with an arrow to that through which it is."""
    ids = {hit.thing.key: f"n{number}" for number, hit in enumerate(told.hits)}
    drawn = ["flowchart LR"]
    drawn += [f'  {ids[h.thing.key]}["{h.thing.label}<br/>{h.state}"]' for h in told.hits]
    drawn += [
        f"  {ids[hit.edge.dependent]} --> {ids[hit.edge.needed]}"
        for hit in told.hits
        if hit.edge and hit.edge.needed in ids
    ]
    return "\n".join(drawn) + "\n"


def _with_children(found: Standing, name: str) -> set[str]:
    children: dict[str, list[str]] = defaultdict(list)
    for resource in found.resources.values():
        children[name_of(resource.parent)].append(resource.name)
    inside, waiting = set(), [name]
    while waiting:
        inside.add(each := waiting.pop())
        waiting += children[each]
    return {found.place[each] for each in inside}


def aliases(found: Standing) -> dict[str, set[str]]:
    """Give what people call things: physical and bare names, hosts, a database without server."""
    names: dict[str, set[str]] = defaultdict(set)
    for key, thing in found.things.items():
        names[urlsplit(key).hostname or thing.label].add(key)
        names[thing.label.rpartition("/")[2] or thing.label].add(key)
    for resource in found.resources.values():
        place, kind = found.place[resource.name], resource.kind
        if resource.type.startswith("estate:pencom:"):
            names[resource.name.removeprefix(f"{resource.system}-")].add(place)
        elif kind == "DnsRecord":
            names[record_name(resource)].add(place)
        elif isinstance(called := resource.inputs.get("name"), str) and kind not in LOOKS_ON:
            names[called].add(place)
    return names


def _walk(found: Standing, starts: Iterable[str]) -> tuple[dict[str, Effect], dict[str, Edge]]:
    """Give the worst effect on each thing, and the edge that brings it."""
    needed_by = found.needed_by()
    effects, edges = dict.fromkeys(sorted(starts), Effect.DOWN), {}
    # The worst first: nothing is visited again for more. What is only unseen passes nothing on.
    for level in (Effect.DOWN, Effect.DEGRADED, Effect.PARTLY):
        waiting = [key for key, effect in effects.items() if effect is level]
        while waiting:
            key = waiting.pop(0)
            for edge in needed_by.get(key, ()):
                # What is only partly lost still answers whoever asks it.
                passed = min(level, edge.effect)
                answers = level is Effect.PARTLY and edge.effect is not Effect.DOWN
                if not answers and passed > effects.get(edge.dependent, 0):
                    effects[edge.dependent], edges[edge.dependent] = passed, edge
                    if passed is level:
                        waiting.append(edge.dependent)
    return effects, edges


def _why(thing: Thing, effects: dict[str, Effect], edges: dict[str, Edge]) -> str:
    """Tell why a thing is hit: of what only fails in part, which part, however far away."""
    edge = edges.get(thing.key)
    while edge and edge.effect is Effect.DOWN and effects[thing.key] is not Effect.DOWN:
        edge = edges[edge.needed]
    return edge.why if edge else thing.what


def _reached(found: Standing, effects: dict[str, Effect]) -> set[str]:
    """Give the stores that what is down uses: money stands behind a URL whose record moves."""
    needs = found.needs()
    shown = {key for key, thing in found.things.items() if thing.kind != "part"}
    seen = {key for key, effect in effects.items() if effect is Effect.DOWN and key in shown}
    waiting = list(seen)
    while waiting:
        for edge in needs.get(waiting.pop(), ()):
            thing = found.things.get(edge.needed)
            if (
                thing
                and edge.needed not in seen
                and (edge.effect is Effect.DOWN or thing.kind == "store")
            ):
                seen.add(edge.needed)
                waiting.append(edge.needed)
    return {key for key in seen if found.things[key].kind == "store"}


def _products(found: Standing, hits: list[Hit], systems: list[str]) -> Iterator[str]:
    """Count of each product what its users see of it: public URLs, else services."""
    for system in systems:
        own = [thing for thing in found.things.values() if thing.system == system]
        kind: Kind = "url" if any(thing.kind == "url" for thing in own) else "service"
        total = sum(thing.kind == kind for thing in own)
        states = Counter(
            hit.state for hit in hits if hit.thing.kind == kind and hit.thing.system == system
        )
        counts = [f"{count} {state}" for state, count in states.items()] or ["none touched"]
        product = PRODUCTS.get(system)
        told = f"{product.name} ({product.purpose})" if product else system
        yield f"{told}: {', '.join(counts)} of {total} {HEADS[kind]}"


def _people(found: Standing, effects: dict[str, Effect], systems: list[str]) -> Iterator[str]:
    """Name who gets the alarms, who owns what is foreign, and whom the catalogue says to ask."""
    for resource in found.resources.values():
        if resource.system in systems and resource.type.endswith(("UptimeAlert", "MonitorAlert")):
            given = [*resource.inputs.get("notifications", ()), resource.inputs.get("alerts", {})]
            for email in sorted({email for each in given for email in each.get("emails", ())}):
                yield f"{email} (gets the alarms)"
        if resource.name in effects and "owner" in resource.inputs:
            yield f"{resource.inputs['owner']} (owns {resource.name})"
    for secret in CATALOGUE:
        if secret.system in systems and not secret.ask.startswith("nobody"):
            yield f"{secret.ask} ({secret.system})"


def _recovery(found: Standing, hits: list[Hit], systems: list[str]) -> Iterator[str]:
    """Say where recovery is written: of each store that is hit, then of the product."""
    for hit in hits:
        if hit.thing.kind == "store" and hit.effect:
            known = holding(hit.thing.key)
            server = found.resources.get(hit.thing.key.partition("/")[0])
            backups = server.inputs.get("backups") if server else None
            told = (known and known.recovery) or backups
            yield f"{hit.thing.label}: {told or 'nothing is documented'}"
    for system in systems:
        yield from PRODUCTS[system].recovery if system in PRODUCTS else ()
