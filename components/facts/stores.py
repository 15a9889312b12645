"""The content of a data store and the cost of its loss, and a product in its users' words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Worth = Literal["money", "personal data", "neither money nor personal data", "not documented"]

CACHES = ("valkey", "redis")  # engines without backups, whose loss costs nothing
HANDOVER = "the handover's page Shutdown & Recovery"


@dataclass(frozen=True)
class StoredData:
    """The data of one store: its `worth`, its `content`, and how to get it back (`recovery`).

    `without` says what fails while the store is down; empty: its users cannot work without it.
    """

    worth: tuple[Worth, ...]
    content: str
    without: str = ""
    recovery: str = ""


@dataclass(frozen=True)
class Product:
    """A product: the name that people use, its purpose, and where its recovery is documented."""

    name: str
    purpose: str
    recovery: tuple[str, ...]
