"""What an environment is: its kind, the systems that exist in it, and how it is guarded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.label import Kind

System = Literal["krotrust", "krogiving", "pencom"]


@dataclass(frozen=True)
class Environment:
    """`kind` decides tags and DigitalOcean's word for the environment of a project.

    `guarded`: no cloud resource can be deleted or replaced unless the stack file names it.
    `stands_in_for` is the stack whose public names this one answers when its region is lost.
    """

    kind: Kind
    systems: tuple[System, ...]
    guarded: bool
    stands_in_for: str | None = None
