"""Rehearses a recovery from end to end: a loss, every step, the comparison and the time."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from rehearsal import ROOT
from rehearsal.comparison import differences, resources
from rehearsal.losses import lose, region_back
from rehearsal.prepare import RehearsalError, relative
from rehearsal.sandbox import STACK, Sandbox, create, with_network
from rehearsal.timing import (
    Operation,
    critical_path,
    dependencies,
    operation_lines,
    operations,
    real_seconds,
    reduce_dependencies,
    with_real_durations,
)

REDEPLOYMENT = ("update", "App")  # takes as long as a creation
Report = Callable[[str], object]  # gets each line of progress


@dataclass(frozen=True)
class Recovery:
    """The result of a rehearsed recovery.

    `commands` are those that ran; `differences` from before the loss go by logical name;
    `expected` are the seconds that `ops recover` predicted. `path` has the critical paths of all
    steps, with real durations; `wall` are the seconds that the rehearsal itself took.
    """

    commands: Sequence[str]
    differences: Mapping[str, str]
    expected: float
    path: Sequence[Operation]
    wall: float

    @property
    def real_seconds(self) -> float:
        """How long the recovery takes in real life."""
        return sum(each.end - each.start for each in self.path)


def rehearse(lost: str, speed: float, folder: Path | None = None) -> int:
    """Deploy production from nothing, lose `lost`, and recover it. Returns 1 if a step fails."""
    folder = folder or ROOT / ".state" / "rehearsal" / "scenario"
    typer.echo(f"deploying {STACK} in the rehearsal cloud, in {relative(folder)}")
    try:
        with with_network(create(folder, speed)) as sandbox:
            recovery = recover(sandbox, lost, speed, typer.echo)
    except RehearsalError as error:
        typer.echo(f"error: {error}", err=True)
        return 1
    typer.echo(f"\nrecovered in {recovery.wall:.0f} s")
    title = f"in DigitalOcean about {recovery.real_seconds:.0f} s, decided by"
    typer.echo("\n".join(operation_lines(title, recovery.path)))
    for name, difference in recovery.differences.items():
        typer.echo(f"not as before: {name}: {difference}")
    return 0


def recover(
    sandbox: Sandbox, lost: str, speed: float = 0, report: Report = lambda _: None
) -> Recovery:
    """Lose one part of a deployed estate, run every step of its recovery, and compare.

    `lost` is a loss that `ops recover` lists. Raises `RehearsalError` with the output of a step or
    check that fails.
    """
    sandbox.output(f"python -m ops verify --stack {STACK}")
    before = resources(sandbox.export())
    plan = json.loads(sandbox.output(f"python -m ops recover {lost} --stack {STACK} --format json"))
    if plan["lost"]["kind"] == "secret":  # its value comes from the stack file afterwards
        sandbox = replace(sandbox, without=frozenset({plan["lost"]["name"]}))
    lose(sandbox, plan["lost"]["kind"], plan["lost"]["name"])
    report(f"lost: {plan['lost']['label']}")
    began = time.time()  # the clock of the cloud's log
    commands: list[str] = []
    path: list[Operation] = []
    is_back = False
    for step in plan["steps"]:
        if step["later"] and not is_back:
            region_back(sandbox)
            is_back = True
        now = time.time()
        report(f"- {step['title']}")
        for command in filter(None, (step["command"], step["check"])):
            report(f"  $ {command}")
            commands.append(command)
            is_step = command == step["command"]  # and not its check
            sandbox.output(
                f"{command} --yes" if is_step and step["asks"] else command,
                *(step["codes"] if is_step else [0]),
                speed=speed,
                stdin=_stdin(sandbox, plan["lost"]),
            )
        if not step["later"]:  # the predicted time leaves later steps out
            path += _path(sandbox, [e for e in operations(sandbox.workspace.log) if e.start >= now])
    after = resources(sandbox.export())
    wall = time.time() - began
    return Recovery(commands, differences(before, after), plan["seconds"], path, wall)


def _stdin(sandbox: Sandbox, lost: Mapping[str, Any]) -> str:
    """Return what a person types into a command that asks for a value."""
    return sandbox.workspace.secrets[lost["name"]] if lost["kind"] == "secret" else ""


def _path(sandbox: Sandbox, done: Sequence[Operation]) -> list[Operation]:
    """Return the critical path of the creations and redeployments of a step, in real durations."""
    slow = [each for each in done if each.op == "create" or (each.op, each.type) == REDEPLOYMENT]
    if not slow:
        return []
    stacks = {each.urn.removeprefix("urn:pulumi:").partition("::")[0] for each in slow}
    every = {urn: n for stack in stacks for urn, n in dependencies(sandbox.export(stack)).items()}
    waits = reduce_dependencies((each.urn for each in slow), every)
    return critical_path(with_real_durations(slow, waits, real_seconds), waits)
