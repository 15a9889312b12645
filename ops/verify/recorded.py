"""What should be there: the resources of a stack's state, as the last `up` recorded them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.engine import pulumi_cli

Look = Callable[[], Iterable[Finding]]  # looks at one thing, and tells what it found


@dataclass(frozen=True)
class Resource:
    """One resource; `inputs` are what the program asked for, `outputs` what the cloud answered."""

    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


@dataclass(frozen=True)
class Recorded:
    """Everything that a state holds."""

    stack: str
    resources: Sequence[Resource]

    def of(self, kind: str) -> Iterator[Resource]:
        """Give the resources of one of DigitalOcean's types: Droplet, DnsRecord."""
        for each in self.resources:
            if each.type.startswith("digitalocean:") and each.type.endswith(f":{kind}"):
                yield each


def recorded(stack: str) -> Recorded:
    """Read the state. Raises UsageError where there is none, or nothing in it."""
    exported = json.loads(pulumi_cli.text("stack", "export", "--stack", stack))
    resources = exported["deployment"].get("resources") or ()
    found = [
        Resource(
            each["type"],
            each["urn"].rpartition("::")[2],
            each.get("id", ""),
            each.get("inputs") or {},
            each.get("outputs") or {},
        )
        for each in resources
        if not each.get("delete")  # replaced, and to be deleted yet
    ]
    if not found:
        raise UsageError(
            f"the state of {stack} holds nothing, so there is nothing to verify. After a first"
            f" `up` it does; a state that was lost is brought back before anything else"
        )
    return Recorded(stack, found)
