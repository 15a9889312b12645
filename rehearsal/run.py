"""`python -m rehearsal up`: the real engine brings a stack up from nothing, in a played cloud."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from rehearsal import ROOT, told_to_wait
from rehearsal.prepare import CannotRehearse, Stage, ask, installed, prepare, short
from rehearsal.timing import operations, summary

Event = Mapping[str, Any]


@dataclass
class System:
    """How far one of the systems is; `making` holds the names by URN, oldest first."""

    total: int = 0
    done: int = 0
    making: dict[str, str] = field(default_factory=dict)


class Progress:
    """Follows the engine's events, by system.

    `plan` is what `ops plan` tells: the resources to come, each with its URN and system.
    """

    def __init__(self, plan: Iterable[Mapping[str, Any]]) -> None:
        self.systems: dict[str, System] = {}
        self.errors: list[str] = []
        self._planned = {resource["urn"]: resource for resource in plan}
        for resource in self._planned.values():
            self.systems.setdefault(resource["system"], System()).total += 1

    def follow(self, event: Event) -> str | None:
        """Take one event in. Returns a line to print where nothing can be redrawn."""
        if (said := event.get("diagnosticEvent")) and said.get("severity") == "error":
            self.errors.append(said["message"].strip())
        for kind in ("resourcePreEvent", "resOutputsEvent", "resOpFailedEvent"):
            if kind in event:
                return self._step(kind, event[kind]["metadata"]["urn"])
        return None

    def _step(self, kind: str, urn: str) -> str | None:
        if urn not in self._planned:  # the stack itself, and the plugin
            return None
        resource = self._planned[urn]
        system = self.systems[resource["system"]]
        if kind == "resourcePreEvent":
            system.making[urn] = resource["name"]
            return None
        failed = kind == "resOpFailedEvent"
        system.making.pop(urn, None)
        system.done += not failed
        if not (resource["custom"] or failed or system.done == system.total):
            return None
        count = f"{system.done}/{system.total}"
        return f"{resource['system']:<10} {count:>7}  {resource['name']}{' FAILED' * failed}"

    def __rich__(self) -> Table:
        """Draw one line a system."""
        table = Table.grid(padding=(0, 2))
        for style in ("bold", "", "", "dim"):
            table.add_column(style=style, no_wrap=True, overflow="ellipsis")
        for name, system in self.systems.items():
            table.add_row(
                name,
                ProgressBar(total=system.total, completed=system.done, width=20),
                f"{system.done}/{system.total}",
                ", ".join(system.making.values()),
            )
        return table


def rehearse(stack: str, speed: float, folder: Path | None = None) -> int:
    """Bring a stack up from nothing and say what it took and how to go on.

    `folder` (default `.state/rehearsal/<stack>`) is emptied first and stays afterwards. Returns
    the engine's exit code.
    """
    try:
        installed()
        return _rehearse(stack, speed, folder or ROOT / ".state" / "rehearsal" / stack)
    except CannotRehearse as error:
        typer.echo(f"error: {error}", err=True)
        return 1


def _rehearse(stack: str, speed: float, folder: Path) -> int:
    stage = prepare(stack, folder, ask("secrets", "--stack", stack))
    typer.echo(
        f"pulumi up of {stack} in the rehearsal cloud, the file {short(stage.cloud)}:"
        " nothing is deployed, and every value that is not known is made up"
    )
    # Beside the copy, since making a stack writes a salt into its file.
    _pulumi(stage, "-C", str(folder), "stack", "init", stack, "--no-select")
    progress = Progress(ask("plan", "--stack", stack)["resources"])
    started = time.monotonic()
    code = _up(stage, speed, progress)
    wall = time.monotonic() - started
    for error in progress.errors:
        typer.echo(f"error: {error}", err=True)
    if code:
        typer.echo((folder / "engine.log").read_text(encoding="utf-8"), err=True, nl=False)
    else:
        _seal(stage)
        export = json.loads(_pulumi(stage, "stack", "export", "--stack", stack))
        typer.echo(summary(export, operations(stage.log), wall))
    typer.echo("\nTo go on from here, in the project's folder (the next rehearsal empties it):")
    for line in stage.lines():
        typer.echo(f"  {line}")
    return code


def _up(stage: Stage, speed: float, progress: Progress) -> int:
    """Run the engine, which writes one JSON event a line, and show how far it is."""
    file = ("--config-file", str(stage.file))
    command = ["pulumi", "up", "--stack", stage.stack, *file, "--yes", "--skip-preview", "--json"]
    with (
        told_to_wait(),
        _shown(progress) as show,
        (stage.folder / "engine.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603
            [*command, "--non-interactive"],
            env=stage.environment(speed),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as engine,
    ):
        for line in engine.stdout or ():
            try:
                event = json.loads(line)
            except ValueError:
                log.write(line)  # no event: something that the engine says before it starts
                continue
            show(progress.follow(event))
        return engine.wait()


@contextmanager
def _shown(progress: Progress) -> Iterator[Callable[[str | None], None]]:
    """Redraw the progress on a terminal, else print the lines that it returns."""
    console = Console()
    if console.is_terminal and not console.is_dumb_terminal:
        with Live(progress, console=console, refresh_per_second=8):
            yield lambda _: None
    else:
        yield lambda line: typer.echo(line) if line else None


def _seal(stage: Stage) -> None:
    """Store the sealed secrets in the copy, as `make up` does in the tracked file."""
    command = [sys.executable, "-m", "ops", "seal", "--stack", stage.stack]
    _run(stage, [*command, "--config-file", str(stage.file)])


def _pulumi(stage: Stage, *arguments: str) -> str:
    return _run(stage, ["pulumi", *arguments, "--non-interactive"])


def _run(stage: Stage, command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603
        command, env=stage.environment(), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        what = " ".join(command[:4])
        raise CannotRehearse(f"{what}: {done.stderr.strip().removeprefix('error: ')}")
    return done.stdout
