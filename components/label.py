"""One context that yields every derived name and tag of a system in an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Label:
    """`system` is the product (krotrust), `short` its prefix in names (kro)."""

    system: str
    short: str
    environment: str

    def name(self, thing: str) -> str:
        """Give a physical name that people read in the console: kro-prod-web."""
        return f"{self.short}-{self.environment}-{thing}"

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags that every taggable resource of the system carries."""
        return (self.system, self.environment)

    @property
    def project_environment(self) -> Literal["Production", "Staging"]:
        """The environment in DigitalOcean's words; a disaster-recovery estate is production."""
        return "Staging" if self.environment == "stage" else "Production"
