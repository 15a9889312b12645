"""A recovery rehearsed from end to end: lost, every step typed, verified, compared, timed."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from rehearsal import ROOT
from rehearsal.estate import differences, resources
from rehearsal.losses import lose, region_back
from rehearsal.play import STACK, Play, begin, reachable
from rehearsal.prepare import CannotRehearse, short
from rehearsal.timing import (
    Operation,
    among,
    at_full_length,
    critical_path,
    dependencies,
    operations,
    real_seconds,
    told,
)

SLOWLY = ("update", "App")  # an app is deployed anew
Say = Callable[[str], object]


@dataclass(frozen=True)
class Recovered:
    """What a rehearsed recovery came to.

    `typed` are the commands, `differs` what is not as it was before, by logical name, `expected`
    the seconds that were told beforehand, and `path` the chains that decided it, one a step, as
    long as they take in real life.
    """

    typed: Sequence[str]
    differs: Mapping[str, str]
    expected: float
    path: Sequence[Operation]
    wall: float

    @property
    def took(self) -> float:
        """How long it takes in real life."""
        return sum(each.end - each.start for each in self.path)


def rehearse(lost: str, speed: float, folder: Path | None = None) -> int:
    """Rehearse the recovery from one loss, from nothing on. Returns 1 where a step fails."""
    folder = folder or ROOT / ".state" / "rehearsal" / "scenario"
    typer.echo(f"{STACK} is brought up in the rehearsal cloud, in {short(folder)}")
    try:
        play = begin(folder, speed)
        with reachable(play) as there:
            recovered = recover(there, lost, speed, typer.echo)
    except CannotRehearse as error:
        typer.echo(f"error: {error}", err=True)
        return 1
    typer.echo(f"\nrecovered in {recovered.wall:.0f} s")
    title = f"in DigitalOcean about {recovered.took:.0f} s, decided by"
    typer.echo("\n".join(told(title, recovered.path)))
    for name, what in recovered.differs.items():
        typer.echo(f"not as before: {name}: {what}")
    return 0


def recover(play: Play, lost: str, speed: float = 0, say: Say = lambda _: None) -> Recovered:
    """Lose something of a settled estate, type every step, and compare.

    Raises `CannotRehearse` with what a step printed where it or its check fails.
    """
    play.must(f"python -m ops verify --stack {STACK}")
    before = resources(play.export())
    plan = json.loads(play.must(f"python -m ops recover {lost} --stack {STACK} --format json"))
    if plan["lost"]["kind"] == "secret":  # it comes from the stack file, once it is set there
        play = replace(play, without=frozenset({plan["lost"]["name"]}))
    lose(play, plan["lost"]["kind"], plan["lost"]["name"])
    say(f"lost: {plan['lost']['label']}")
    began = time.time()  # the clock of the cloud's log
    typed: list[str] = []
    path: list[Operation] = []
    back = False
    for step in plan["steps"]:
        if step["later"] and not back:
            region_back(play)
            back = True
        now = time.time()
        say(f"- {step['title']}")
        for command in filter(None, (step["command"], step["check"])):
            say(f"  $ {command}")
            typed.append(command)
            own = command == step["command"]
            play.must(
                f"{command} --yes" if own and step["asks"] else command,
                *(step["codes"] if own else [0]),
                speed=speed,
                given=_typed_in(play, plan["lost"]),
            )
        if not step["later"]:  # the time that is told is that of what is done at once
            path += _path(play, [e for e in operations(play.stage.log) if e.start >= now])
    differs = differences(before, resources(play.export()))
    return Recovered(typed, differs, plan["seconds"], path, time.time() - began)


def _typed_in(play: Play, lost: Mapping[str, Any]) -> str:
    """Give what a person types into a command that asks for a value."""
    return play.stage.secrets[lost["name"]] if lost["kind"] == "secret" else ""


def _path(play: Play, done: Sequence[Operation]) -> list[Operation]:
    """Return the chain of what a step made, or changed slowly, as long as it takes in real life."""
    wrote = [each for each in done if each.op == "create" or (each.op, each.type) == SLOWLY]
    if not wrote:
        return []
    stacks = {each.urn.removeprefix("urn:pulumi:").partition("::")[0] for each in wrote}
    every = {urn: n for stack in stacks for urn, n in dependencies(play.export(stack)).items()}
    waits = among((each.urn for each in wrote), every)
    return critical_path(at_full_length(wrote, waits, real_seconds), waits)
