"""The resources of a stack's state, as the last `up` recorded them: what `verify` expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.engine import pulumi_cli
from ops.engine.documents import State

Check = Callable[[], Iterable[Finding]]  # of one thing; checks run at the same time


@dataclass(frozen=True)
class Recorded:
    """The resources that a state holds."""

    stack: str
    resources: Sequence[State]

    def of(self, kind: str) -> Iterator[State]:
        """Yield the resources of one of DigitalOcean's types: Droplet, DnsRecord."""
        for each in self.resources:
            if each.type.startswith("digitalocean:") and each.type.endswith(f":{kind}"):
                yield each


def recorded(stack: str) -> Recorded:
    """Read the state. Raises UsageError if it is missing or empty."""
    resources = [each for each in pulumi_cli.deployment(stack).resources if not each.replaced]
    if not resources:
        raise UsageError(
            f"the state of {stack} is empty, so there is nothing to verify: run a first `up`, or"
            f" recover a lost state (`python -m ops recover state --stack {stack}`)"
        )
    return Recorded(stack, resources)
