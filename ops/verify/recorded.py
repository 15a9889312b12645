"""What should be there: the resources of a stack's state, as the last `up` recorded them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.engine import pulumi_cli
from ops.engine.documents import State

Look = Callable[[], Iterable[Finding]]  # looks at one thing, and tells what it found


@dataclass(frozen=True)
class Recorded:
    """Everything that a state holds."""

    stack: str
    resources: Sequence[State]

    def of(self, kind: str) -> Iterator[State]:
        """Give the resources of one of DigitalOcean's types: Droplet, DnsRecord."""
        for each in self.resources:
            if each.type.startswith("digitalocean:") and each.type.endswith(f":{kind}"):
                yield each


def recorded(stack: str) -> Recorded:
    """Read the state. Raises UsageError where there is none, or nothing in it."""
    resources = [each for each in pulumi_cli.deployment(stack).resources if not each.replaced]
    if not resources:
        raise UsageError(
            f"the state of {stack} holds nothing, so there is nothing to verify. After a first"
            f" `up` it does; a state that was lost is brought back before anything else"
        )
    return Recorded(stack, resources)
