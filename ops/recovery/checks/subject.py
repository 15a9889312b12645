"""What every check reads: the plans of the stacks, the environment, and the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from ops import ROOT
from ops.account.client import Account
from ops.cli.errors import UsageError
from ops.engine import plugin
from ops.plan import config
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, Resource, record
from ops.recovery.kinds import STANDS_IN, LossKind


@dataclass(frozen=True)
class Plan:
    """A stack's settings and the graph of its program.

    `missing` are the values that an `up` requires and the settings lack. With `mistakes` in the
    settings there is no graph.
    """

    stack: str
    settings: StackConfig
    graph: Graph | None
    missing: tuple[str, ...] = ()
    mistakes: str = ""

    @property
    def file(self) -> str:
        """The name of the stack file."""
        return f"Pulumi.{self.stack}.yaml"

    def resources(self, kind: str) -> list[Resource]:
        """Return its resources of a type: `Droplet`. Raises UsageError without a graph."""
        if self.graph is None:
            raise UsageError(f"{self.file} has mistakes, so {self.stack} cannot be planned")
        return [each for each in self.graph.resources if each.custom and each.kind == kind]

    def setting(self, system: str) -> dict[str, Any]:
        """Return a system's settings; empty if the stack has none."""
        value = self.settings.document().get(f"{self.settings.project}:{system}")
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Subject:
    """What a check reads. `plans` are the lost stack and, for a region, its stand-in.

    `account` waits until the account is open. It raises UsageError if that failed.
    """

    plans: Sequence[Plan]
    config_file: str | None
    environ: Mapping[str, str]
    kinds: frozenset[LossKind]
    account: Callable[[], Account]

    @property
    def plan(self) -> Plan:
        """The stack of the loss."""
        return self.plans[0]

    @property
    def rehearsed(self) -> bool:
        """Whether the rehearsal's stand-in serves the cloud."""
        return plugin.answering(self.environ) == plugin.STAND_IN

    def includes(self, *kinds: LossKind) -> bool:
        """Return whether one of these kinds of loss is checked for."""
        return not self.kinds.isdisjoint(kinds)

    def live(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return the droplet or cluster of a name; None if it is missing in the account.

        `kind` is the account's list, `droplets` or `clusters`. Raises UsageError if it cannot be
        read.
        """
        return next((e for e in self.account().read(kind) if e["name"] == name), None)


def plans(stack: str, config_file: str | None, *, region: bool) -> list[Plan]:
    """Plan a stack, and for a lost `region` also its stand-in.

    The stand-in's stack file is the one beside `config_file`, if there is one. Raises UsageError
    for an unknown stack.
    """
    file = Path(config_file) if config_file else None
    if file and not file.is_file():
        raise UsageError(f"there is no {config_file}")
    if not file and stack not in config.stacks():
        config.load(stack)  # raises the error that lists the known stacks
    result = [plan(stack, file)]
    if region and (stand_in := STANDS_IN.get(stack)):
        beside = (file.parent if file else ROOT) / f"Pulumi.{stand_in}.yaml"
        result.append(plan(stand_in, beside if beside.is_file() else None))
    return result


def plan(stack: str, file: Path | None) -> Plan:
    """Run a stack's program offline; what the settings refuse are the plan's mistakes."""
    from stacks.estate import declare

    settings = StackConfig("estate", stack, {}, ())
    missing: list[str] = []
    try:
        settings = config.load(stack, file=file)
        graph = record(settings, lambda: missing.extend(declare()))
    except (UsageError, pulumi.RunError) as error:
        return Plan(stack, settings, None, mistakes=str(error))
    return Plan(stack, settings, graph, tuple(missing))
