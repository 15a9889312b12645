"""Derives the names and tags of a system in an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["production", "staging", "recovery"]
TAGS: dict[Kind, str] = {"production": "prod", "staging": "stage", "recovery": "dr"}


@dataclass(frozen=True)
class Label:
    """`system` is the product (krotrust), `short` its prefix in names (kro).

    `environment` is the stack. Every derived name includes it, so two stacks never share one.
    """

    system: str
    short: str
    environment: str
    kind: Kind

    def name(self, thing: str) -> str:
        """Return a physical name that people read in the console: kro-prod-web."""
        return f"{self.short}-{self.environment}-{thing}"

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of every taggable resource: system, stack, and kind where the stack is not it."""
        return tuple(dict.fromkeys((self.system, self.environment, TAGS[self.kind])))

    @property
    def project_environment(self) -> Literal["Production", "Staging"]:
        """The kind in DigitalOcean's words; a recovery environment is production's substitute."""
        return "Staging" if self.kind == "staging" else "Production"
