"""What is looked at: the stack that something was lost of, and the one that takes its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from ops import ROOT
from ops.cli.errors import UsageError
from ops.engine import plugin
from ops.plan import config
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, Resource, record
from ops.recovery.checks.account import Seen
from ops.recovery.kinds import STANDS_IN, LossKind


@dataclass(frozen=True)
class Plan:
    """A stack's settings and what its program makes of them.

    `lacking` is what an `up` would ask for; with `mistakes` there is no graph.
    """

    stack: str
    settings: StackConfig
    graph: Graph | None
    lacking: tuple[str, ...] = ()
    mistakes: str = ""

    @property
    def file(self) -> str:
        """The file that its settings stand in."""
        return f"Pulumi.{self.stack}.yaml"

    def every(self, kind: str) -> list[Resource]:
        """Give its resources of a type: `Droplet`. Raises UsageError where there is no plan."""
        if self.graph is None:
            raise UsageError(f"{self.file} has mistakes, so that nobody knows what {self.stack} is")
        found = self.graph.resources
        return [each for each in found if each.custom and each.kind == kind]

    def setting(self, system: str) -> dict[str, Any]:
        """Give a system's settings, empty where the stack has none."""
        found = json.loads(self.settings.values.get(f"{self.settings.project}:{system}") or "{}")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Subject:
    """What everyone who looks is told; `account` waits for what the account answers."""

    plans: tuple[Plan, ...]
    config_file: str | None
    environ: Mapping[str, str]
    kinds: frozenset[LossKind]
    account: Callable[[], Seen]

    @property
    def plan(self) -> Plan:
        """The stack that something was lost of."""
        return self.plans[0]

    @property
    def rehearsed(self) -> bool:
        """Whether the stand-in plays the cloud."""
        return plugin.answering(self.environ) == plugin.STAND_IN

    def matters(self, *kinds: LossKind) -> bool:
        """Tell whether one of these is among what is lost."""
        return not self.kinds.isdisjoint(kinds)


def plans(stack: str, config_file: str | None, *, region: bool) -> tuple[Plan, ...]:
    """Plan a stack, and for a lost `region` the one that takes its place.

    That one's file is the one beside `config_file`, where there is one.
    Raises UsageError for a stack that nobody knows.
    """
    file = Path(config_file) if config_file else None
    if file and not file.is_file():
        raise UsageError(f"there is no {config_file}")
    if not file and stack not in config.stacks():
        config.load(stack)  # says which there are
    return tuple(_plans(stack, file, region=region))


def _plans(stack: str, file: Path | None, *, region: bool) -> Iterator[Plan]:
    yield plan(stack, file)
    if region and (second := STANDS_IN.get(stack)):
        beside = (file.parent if file else ROOT) / f"Pulumi.{second}.yaml"
        yield plan(second, beside if beside.is_file() else None)


def plan(stack: str, file: Path | None) -> Plan:
    """Run a stack's program offline; what it refuses are the plan's mistakes."""
    from stacks.estate import declare

    settings = StackConfig("estate", stack, {}, ())
    lacking: list[str] = []
    try:
        settings = config.load(stack, file=file)
        graph = record(settings, lambda: lacking.extend(declare()))
    except (UsageError, pulumi.RunError) as error:
        return Plan(stack, settings, None, mistakes=str(error))
    return Plan(stack, settings, graph, tuple(lacking))
