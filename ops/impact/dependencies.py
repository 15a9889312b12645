"""What stands on what: the things that people name, and edges from each to what it needs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from components.facts import krogiving, krotrust, pencom
from components.facts.stores import StoredData
from ops.plan.graph import Resource

PRODUCTS = {"krotrust": krotrust.PRODUCT, "krogiving": krogiving.PRODUCT, "pencom": pencom.PRODUCT}
STORES = {
    **krotrust.STORES,
    **krogiving.STORES,
    **{f"pencom-{name}": holding for name, holding in pencom.STORES.items()},
}
OUTSIDE = ""  # the system of what is no product's own, but used by several
CLUSTER = "cluster"
Kind = Literal["url", "service", "machine", "store", "part"]


def holding(store: str) -> StoredData | None:
    """Tell what a store holds, by logical name; a cluster restored beside one, what that holds."""
    restored = (
        each
        for name, each in STORES.items()
        if name.endswith(f"-{CLUSTER}")
        and store.startswith(name.removesuffix(CLUSTER))
        and store.endswith(f"-{CLUSTER}")
    )
    return STORES.get(store) or next(restored, None)


class Effect(IntEnum):
    """What the loss of one thing does to another."""

    UNSEEN = 1  # nobody sees how it does; who uses it notices nothing
    PARTLY = 2  # one thing that it does is gone, the rest stays
    DEGRADED = 3  # what asks the lost one fails, the rest answers
    DOWN = 4


@dataclass(frozen=True)
class Thing:
    """Something that may be lost: `label` is what its users call it."""

    key: str
    kind: Kind
    system: str
    label: str
    what: str


@dataclass(frozen=True)
class Edge:
    """`dependent` needs `needed`; without it it is in `effect`, and `why` says how they meet."""

    dependent: str
    needed: str
    effect: Effect
    why: str


@dataclass
class Standing:
    """Things and edges of one graph or of several; `place` gives the thing of every resource."""

    things: dict[str, Thing] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)

    def needed_by(self) -> dict[str, list[Edge]]:
        """Give the edges that lead to each thing."""
        found: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges.values():
            found[edge.needed].append(edge)
        return found

    def needs(self) -> dict[str, list[Edge]]:
        """Give the edges that lead from each thing."""
        found: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges.values():
            found[edge.dependent].append(edge)
        return found


def worths(store: str) -> tuple[str, ...]:
    """Tell what a store's content is worth; what nobody wrote down is not documented."""
    found = holding(store)
    return found.worth if found else ("not documented",)


def held(store: str) -> str:
    """Tell what a store holds: MONEY first."""
    found = holding(store)
    content = found.content if found else "nobody wrote down what"
    worth = ["MONEY" if each == "money" else each for each in worths(store)]
    return f"{' and '.join(worth)}: {content}"
