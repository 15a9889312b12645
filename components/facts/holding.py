"""What a data store holds and what its loss costs, and what a product is in its users' words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Worth = Literal["money", "personal data", "neither money nor personal data", "not documented"]

CACHES = ("valkey", "redis")  # engines without backups, whose loss costs nothing
HANDOVER = "the handover's page Shutdown & Recovery"


@dataclass(frozen=True)
class Holding:
    """`worth` and `content` of one store, and where what it held is to be had again.

    `without` is what fails while it is away, of a store that its users can do without. Where it is
    empty, they cannot.
    """

    worth: tuple[Worth, ...]
    content: str
    without: str = ""
    recovery: str = ""


@dataclass(frozen=True)
class Product:
    """A product by the name that people use, what it is for, and where its recovery is written."""

    name: str
    purpose: str
    recovery: tuple[str, ...]
