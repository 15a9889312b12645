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
    the seconds that were told beforehand, and `path` the chain that decided it, at full length.
    """

    typed: Sequence[str]
    differs: Mapping[str, str]
    expected: float
    path: Sequence[Operation]
    wall: float


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
    length = max((each.end for each in recovered.path), default=0)
    title = (
        f"\nrecovered in {recovered.wall:.0f} s; in DigitalOcean about {length:.0f} s, decided by"
    )
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
    seen, began = len(operations(play.stage.log)), time.monotonic()
    typed: list[str] = []
    done: list[Operation] = []
    back = False
    for step in plan["steps"]:
        if step["later"] and not back:  # what was done at once is what the time is told of
            done, back = operations(play.stage.log)[seen:], True
            region_back(play)
        say(f"- {step['title']}")
        for command in filter(None, (step["command"], step["check"])):
            say(f"  $ {command}")
            typed.append(command)
            asks = command == step["command"] and step["asks"]
            codes = step["codes"] if command == step["command"] else [0]
            play.must(
                f"{command} --yes" if asks else command,
                *codes,
                speed=speed,
                given=_typed_in(play, plan["lost"]),
            )
    done = done or operations(play.stage.log)[seen:]
    return Recovered(
        typed,
        differences(before, resources(play.export())),
        plan["seconds"],
        _path(play, done),
        time.monotonic() - began,
    )


def _typed_in(play: Play, lost: Mapping[str, Any]) -> str:
    """Give what a person types into a command that asks for a value."""
    return play.stage.secrets[lost["name"]] if lost["kind"] == "secret" else ""


def _path(play: Play, done: Sequence[Operation]) -> list[Operation]:
    """Return the chain of what was made, or changes slowly, as long as it takes in real life."""
    wrote = [each for each in done if each.op == "create" or (each.op, each.type) == SLOWLY]
    waits = among((each.urn for each in wrote), dependencies(play.export()))
    return critical_path(at_full_length(wrote, waits, real_seconds), waits) if wrote else []
