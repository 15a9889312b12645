"""How long a recovery takes in DigitalOcean: the chain of what has to be made, by type."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from ops.plan.graph import Graph
from rehearsal.timing import real_seconds, reduce_dependencies


def chain(planned: Graph, made: Collection[str]) -> float:
    """Give the seconds of the longest chain of waits among resources, by logical name.

    The rehearsals measure the same chain; what each type takes is the rehearsal's table.
    """
    by_urn = {each.urn: each for each in planned.resources}
    waits = {urn: frozenset((*each.dependencies, each.parent)) for urn, each in by_urn.items()}
    chosen = reduce_dependencies((urn for urn, each in by_urn.items() if each.name in made), waits)

    @cache
    def ready(urn: str) -> float:
        return real_seconds(by_urn[urn].kind) + max(map(ready, chosen[urn]), default=0)

    return max(map(ready, chosen), default=0)


def told(seconds: float) -> str:
    """Say a time as people do."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
