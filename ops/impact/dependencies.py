"""The dependency graph: nodes with names that users know, and edges to what each node needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from operator import attrgetter
from typing import Literal

from components.facts import krogiving, krotrust, pencom
from components.facts.holding import Holding
from ops.plan.graph import Resource

PRODUCTS = {"krotrust": krotrust.PRODUCT, "krogiving": krogiving.PRODUCT, "pencom": pencom.PRODUCT}
STORES = {
    **krotrust.STORES,
    **krogiving.STORES,
    **{f"pencom-{name}": facts for name, facts in pencom.STORES.items()},
}
OUTSIDE = ""  # the system of third parties, which several products use
CLUSTER = "cluster"
Kind = Literal["url", "service", "machine", "store", "part"]


class Effect(IntEnum):
    """The effect of one node's loss on another."""

    UNSEEN = 1  # it works, but is no longer monitored
    PARTLY = 2  # one of its functions fails
    DEGRADED = 3  # requests that need the lost node fail, all others work
    DOWN = 4


@dataclass(frozen=True)
class Node:
    """Something that may be lost. `label` is its name among users, `what` its type in words."""

    key: str
    kind: Kind
    system: str
    label: str
    what: str


@dataclass(frozen=True)
class Edge:
    """`dependent` needs `needed`: the loss of that has `effect` on it, for the reason `why`."""

    dependent: str
    needed: str
    effect: Effect
    why: str


@dataclass
class DependencyGraph:
    """Nodes by key and edges by their two ends, of one plan or several.

    `node_of` maps the name of each resource to the key of its node.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    node_of: dict[str, str] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)

    def needed_by(self) -> dict[str, list[Edge]]:
        """Return the edges that lead to each node, by its key."""
        return _grouped(self.edges.values(), attrgetter("needed"))

    def needs(self) -> dict[str, list[Edge]]:
        """Return the edges that start at each node, by its key."""
        return _grouped(self.edges.values(), attrgetter("dependent"))


def _grouped(edges: Iterable[Edge], end: Callable[[Edge], str]) -> dict[str, list[Edge]]:
    groups: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        groups[end(edge)].append(edge)
    return groups


def store_facts(store: str) -> Holding | None:
    """Return the facts about a store by its logical name.

    A cluster restored beside a known one has the same facts.
    """
    if store in STORES or not store.endswith(f"-{CLUSTER}"):
        return STORES.get(store)
    clusters = [name for name in STORES if name.endswith(f"-{CLUSTER}")]
    matches = (name for name in clusters if store.startswith(name.removesuffix(CLUSTER)))
    return STORES.get(next(matches, ""))


def data_classes(store: str) -> tuple[str, ...]:
    """Return the classes of data in a store, such as `money` or `personal data`."""
    facts = store_facts(store)
    return facts.worth if facts else ("not documented",)


def contents(store: str) -> str:
    """Return the classes and the contents of a store's data, money in capitals."""
    facts = store_facts(store)
    classes = ["MONEY" if each == "money" else each for each in data_classes(store)]
    return f"{' and '.join(classes)}: {facts.content if facts else 'contents unknown'}"
