"""One recovery: a loss, the plan it is in, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ops.impact.dependencies import DependencyGraph
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, Resource
from ops.recovery.loss import Loss


@dataclass(frozen=True)
class Case:
    """`at` is the moment that a database is restored to, None the latest."""

    settings: StackConfig
    graph: Graph
    dependencies: DependencyGraph
    loss: Loss
    at: str | None = None

    @property
    def stack(self) -> str:
        """The stack of the loss."""
        return self.graph.stack

    @property
    def resource(self) -> Resource:
        """The lost resource. Raises ValueError if the loss is none."""
        if self.loss.resource is None:
            raise ValueError(f"{self.loss.name} is no resource")
        return self.loss.resource

    def names(self, *kinds: str) -> list[str]:
        """Return the logical names of the plan's resources of some types: `App`."""
        return [each.name for each in self.graph.resources if each.kind in kinds]

    def setting(self, key: str) -> Any:
        """Return an entry of the stack file."""
        return self.settings.document().get(f"{self.settings.project}:{key}")
