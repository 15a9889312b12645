"""One case of a recovery: what is lost, in which plan, with which settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ops.impact.dependencies import DependencyGraph
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, Resource
from ops.recovery.loss import Loss


@dataclass(frozen=True)
class Case:
    """`at` is the moment that a database goes back to, None the latest."""

    settings: StackConfig
    planned: Graph
    found: DependencyGraph
    loss: Loss
    at: str | None = None

    @property
    def stack(self) -> str:
        """The stack that it is lost from."""
        return self.planned.stack

    @property
    def resource(self) -> Resource:
        """What is lost, where it is one thing. Raises ValueError where it is not."""
        if self.loss.resource is None:
            raise ValueError(f"{self.loss.name} is no resource")
        return self.loss.resource

    def setting(self, key: str) -> Any:
        """Give an entry of the stack file."""
        return self.settings.document().get(f"{self.settings.project}:{key}")
