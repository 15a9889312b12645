"""`python -m rehearsal up`: the real engine deploys a stack from nothing in a simulated cloud."""

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

from rehearsal import ROOT, leave_interrupt_to_engine
from rehearsal.prepare import RehearsalError, Workspace, ops_json, prepare, relative, require_engine
from rehearsal.timing import operations, summary

Event = Mapping[str, Any]


@dataclass
class SystemProgress:
    """Progress of one system, in resources; `in_progress` has names by URN, oldest first."""

    total: int = 0
    done: int = 0
    in_progress: dict[str, str] = field(default_factory=dict)


class Progress:
    """Follows the engine's events, by system.

    `plan` has the resources of `ops plan --format json`, each with its URN and system.
    """

    def __init__(self, plan: Iterable[Mapping[str, Any]]) -> None:
        self.systems: dict[str, SystemProgress] = {}
        self.errors: list[str] = []
        self._planned = {resource["urn"]: resource for resource in plan}
        for resource in self._planned.values():
            self.systems.setdefault(resource["system"], SystemProgress()).total += 1

    def follow(self, event: Event) -> str | None:
        """Count one event. Returns a line for outputs that cannot be redrawn, or None."""
        if (message := event.get("diagnosticEvent")) and message.get("severity") == "error":
            self.errors.append(message["message"].strip())
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
            system.in_progress[urn] = resource["name"]
            return None
        failed = kind == "resOpFailedEvent"
        system.in_progress.pop(urn, None)
        system.done += not failed
        if not (resource["custom"] or failed or system.done == system.total):
            return None
        count = f"{system.done}/{system.total}"
        return f"{resource['system']:<10} {count:>7}  {resource['name']}{' FAILED' * failed}"

    def __rich__(self) -> Table:
        """Return a table with one line for each system."""
        table = Table.grid(padding=(0, 2))
        for style in ("bold", "", "", "dim"):
            table.add_column(style=style, no_wrap=True, overflow="ellipsis")
        for name, system in self.systems.items():
            table.add_row(
                name,
                ProgressBar(total=system.total, completed=system.done, width=20),
                f"{system.done}/{system.total}",
                ", ".join(system.in_progress.values()),
            )
        return table


def rehearse(stack: str, speed: float, folder: Path | None = None) -> int:
    """Deploy a stack from nothing, then print how long it took and how to continue.

    `folder` (default `.state/rehearsal/<stack>`) is emptied first and kept afterwards. Returns the
    engine's exit code.
    """
    try:
        require_engine()
        return _rehearse(stack, speed, folder or ROOT / ".state" / "rehearsal" / stack)
    except RehearsalError as error:
        typer.echo(f"error: {error}", err=True)
        return 1


def _rehearse(stack: str, speed: float, folder: Path) -> int:
    workspace = prepare(stack, folder, ops_json("secrets", "--stack", stack))
    typer.echo(
        f"pulumi up of {stack} in the rehearsal cloud, the file {relative(workspace.cloud)}:"
        " nothing is deployed, and every value that is not known is made up"
    )
    # In the copy's folder, since `stack init` writes a salt into the stack file.
    _pulumi(workspace, "-C", str(folder), "stack", "init", stack, "--no-select")
    progress = Progress(ops_json("plan", "--stack", stack)["resources"])
    started = time.monotonic()
    code = _up(workspace, speed, progress)
    wall = time.monotonic() - started
    for error in progress.errors:
        typer.echo(f"error: {error}", err=True)
    if code:
        typer.echo((folder / "engine.log").read_text(encoding="utf-8"), err=True, nl=False)
    else:
        _seal(workspace)
        export = json.loads(_pulumi(workspace, "stack", "export", "--stack", stack))
        typer.echo(summary(export, operations(workspace.log), wall))
    typer.echo("\nTo continue, in the project's folder (the next rehearsal starts from nothing):")
    for line in workspace.shell_lines():
        typer.echo(f"  {line}")
    return code


def _up(workspace: Workspace, speed: float, progress: Progress) -> int:
    """Run the engine, which prints one JSON event a line, and show its progress."""
    file = ("--config-file", str(workspace.file))
    command = [
        "pulumi",
        "up",
        "--stack",
        workspace.stack,
        *file,
        "--yes",
        "--skip-preview",
        "--json",
    ]
    with (
        leave_interrupt_to_engine(),
        _shown(progress) as show,
        (workspace.folder / "engine.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603
            [*command, "--non-interactive"],
            env=workspace.environment(speed),
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
                log.write(line)  # no event: a message of the engine before it starts
                continue
            show(progress.follow(event))
        return engine.wait()


@contextmanager
def _shown(progress: Progress) -> Iterator[Callable[[str | None], None]]:
    """Yield a function that shows progress: redrawn on a terminal, else printed line by line."""
    console = Console()
    if console.is_terminal and not console.is_dumb_terminal:
        with Live(progress, console=console, refresh_per_second=8):
            yield lambda _: None
    else:
        yield lambda line: typer.echo(line) if line else None


def _seal(workspace: Workspace) -> None:
    """Write the sealed secrets into the copy, as `make up` does into the tracked file."""
    command = [sys.executable, "-m", "ops", "seal", "--stack", workspace.stack]
    _run(workspace, [*command, "--config-file", str(workspace.file)])


def _pulumi(workspace: Workspace, *arguments: str) -> str:
    return _run(workspace, ["pulumi", *arguments, "--non-interactive"])


def _run(workspace: Workspace, command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603
        command, env=workspace.environment(), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        start = " ".join(command[:4])
        raise RehearsalError(f"{start}: {done.stderr.strip().removeprefix('error: ')}")
    return done.stdout
