"""What an environment is: which systems exist in it, and how strictly they are guarded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

System = Literal["krotrust", "krogiving", "pencom"]


@dataclass(frozen=True)
class Environment:
    """`guarded`: no cloud resource can be deleted or replaced unless the stack file names it."""

    systems: tuple[System, ...]
    guarded: bool
