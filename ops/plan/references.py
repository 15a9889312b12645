"""References: the plan's placeholders for values that the cloud fills in.

`<krotrust-droplet.ipv4Address>` is an output of a resource,
`<getDatabaseCa of krotrust-database.id>` the answer to a look-up about one.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_PATTERN = re.compile(r"<(?:\w+ of )?([\w.-]+)\.(\w+)>")


class Reference(NamedTuple):
    """An output of a resource, by the resource's logical name."""

    name: str
    output: str

    def __str__(self) -> str:
        return f"<{self.name}.{self.output}>"


def reference(value: Any) -> Reference | None:
    """Read a value that is one reference and nothing else; None for any other value."""
    match = _PATTERN.fullmatch(value) if isinstance(value, str) else None
    return Reference(*match.groups()) if match else None


def references(value: Any) -> set[str]:
    """Return the logical names of all resources that a value, however nested, refers to."""
    if isinstance(value, str):
        return {name for name, _ in _PATTERN.findall(value)} if "<" in value else set()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for item in items for name in references(item)}
