"""How long DigitalOcean takes for a recovery: the longest chain of what has to be created."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from ops.plan.graph import Graph
from rehearsal.timing import among, real_seconds


def chain(graph: Graph, created: Collection[str]) -> float:
    """Return the seconds of the longest chain of waits among resources, by logical name.

    Rehearsals measure the same chain, with the same times of each type.
    """
    by_urn = {each.urn: each for each in graph.resources}
    waits = {urn: frozenset((*each.dependencies, each.parent)) for urn, each in by_urn.items()}
    chosen = among((urn for urn, each in by_urn.items() if each.name in created), waits)

    @cache
    def ready(urn: str) -> float:
        return real_seconds(by_urn[urn].kind) + max(map(ready, chosen[urn]), default=0)

    return max(map(ready, chosen), default=0)


def shown(seconds: float) -> str:
    """Return a time for a reader: `40 s`, `5 min`."""
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
