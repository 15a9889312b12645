"""`order`: prints the steps, or runs them over SSH and ends at the first that fails."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from ops.cli.errors import UsageError
from ops.pencom import ssh
from ops.pencom.inventory import Inventory
from ops.pencom.order import Direction, Step, remaining_users, steps

# One connection for all steps of a host; it closes by itself after 30 seconds.
SHARED = "  ControlMaster auto\n  ControlPath {folder}/%C\n  ControlPersist 30\n"
OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
DONE = {"start": "started", "stop": "stopped"}


def run(
    inventory: Inventory,
    direction: Direction,
    only: str | None,
    *,
    patience: int,
    execute: bool,
    own: str | None,
) -> None:
    """Print the steps, or run them. `own` is the operator's ssh configuration, read first.

    Raises UsageError at the first step that fails; no later step runs.
    """
    plan = steps(inventory, direction, only, patience)
    if execute:
        _execute(inventory, direction, plan, own)
        return
    if direction == "stop":
        for name, users in remaining_users(inventory, [step.name for step in plan]).items():
            typer.echo(f"note: {', '.join(users)} use {name} and keep running")
    typer.echo(f"{direction} order of {inventory.stack}, one at a time:")
    for number, step in enumerate(plan, 1):
        typer.echo(f"{number:3}. {step.name} on {step.host} (wave {step.wave})")
        typer.echo(f"       {step.command or 'only checked'}\n       {step.check}")


def _execute(
    inventory: Inventory, direction: Direction, plan: Sequence[Step], own: str | None
) -> None:
    if not shutil.which("ssh"):
        raise UsageError("ssh is not installed: --run needs it to reach the hosts")
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    with (
        _configuration(inventory, own) as config,
        Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as progress,
    ):
        task = progress.add_task("connect to the hosts", total=len(plan))
        for host in dict.fromkeys(step.host for step in plan):
            if error := _error(config, host, "true"):
                raise UsageError(f"{host} cannot be reached, nothing was changed: {error}")
        for number, step in enumerate(plan):
            progress.update(task, description=f"{direction} {step.name} on {step.host}")
            later = [each.name for each in plan[number + 1 :] if each.command]
            result = _run_step(config, direction, step, later)
            progress.advance(task)
            progress.console.print(f"{step.name} on {step.host}: {result}", highlight=False)


def _run_step(config: Path, direction: Direction, step: Step, later: Sequence[str]) -> str:
    """Run one step and return its result. Raises UsageError if its command or check fails."""
    if direction == "start" and step.command and not _error(config, step.host, step.probe):
        return "already runs"  # another start would restart it
    for part, command in (("command", step.command), ("check", step.check)):
        if command and (error := _error(config, step.host, command)):
            raise UsageError(
                f"{direction} halted at {step.name} on {step.host}: the {part} failed ({error})\n"
                f"  {command}\n  not {DONE[direction]}: {', '.join(later) or 'none'}"
            )
    return "runs" if direction == "start" else "stopped"


@contextmanager
def _configuration(inventory: Inventory, own: str | None) -> Iterator[Path]:
    """Write the exported configuration after the operator's own: ssh keeps the first value."""
    first = Path(own).resolve() if own else Path("~/.ssh/config").expanduser()
    if own and not first.is_file():
        raise UsageError(f"there is no {own}: --ssh-config takes an ssh configuration file")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / ssh.FILE
        included = f"Include {shlex.quote(str(first))}\n"
        # "Match all" ends the included file's last block, which may be of one host.
        shared = SHARED.format(folder=folder)
        config.write_text(f"{included}Match all\n{shared}{ssh.files(inventory)[ssh.FILE]}")
        yield config


def _error(config: Path, host: str, command: str) -> str:
    """Run a command on a host. Returns the last line of its error, or empty text if it worked."""
    result = subprocess.run(  # noqa: S603
        ["ssh", "-F", str(config), *OPTIONS, host, command],  # noqa: S607
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return ""
    lines = (result.stderr.strip() or result.stdout.strip()).splitlines()
    return lines[-1] if lines else f"exit code {result.returncode}"
