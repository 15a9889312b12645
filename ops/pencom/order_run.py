"""The command: prints the order, or goes through it over SSH and stops at what is not well."""

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
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ops.cli.errors import UsageError
from ops.pencom import ssh
from ops.pencom.inventory import Estate
from ops.pencom.order import Direction, Step, standing_on, steps

# One connection a host for all its steps; it ends by itself.
SHARED = "  ControlMaster auto\n  ControlPath {folder}/%C\n  ControlPersist 30\n"
OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10")


def run(
    estate: Estate,
    direction: Direction,
    only: str | None,
    *,
    patience: int,
    execute: bool,
    own: str | None,
) -> None:
    """Print the steps, or take them. `own` is the operator's own ssh configuration, read first.

    Raises UsageError at the first step that fails; none after it was taken.
    """
    wanted = steps(estate, direction, only, patience)
    if execute:
        _take(estate, direction, wanted, own)
        return
    if direction == "stop":
        for thing, users in standing_on(estate, [step.thing for step in wanted]).items():
            typer.echo(f"note: {thing} is used by {', '.join(users)}, which will go on without it")
    typer.echo(f"{direction} order of {estate.stack}, one at a time:")
    for number, step in enumerate(wanted, 1):
        typer.echo(f"{number:3}. {step.thing} on {step.host} (wave {step.wave})")
        typer.echo(f"       {step.command or 'only looked at'}\n       {step.check}")


def _take(estate: Estate, direction: Direction, wanted: Sequence[Step], own: str | None) -> None:
    if not shutil.which("ssh"):
        raise UsageError("ssh is not installed: `--run` reaches the hosts with it")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        _configuration(estate, own) as config,
        Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as progress,
    ):
        task = progress.add_task("the hosts answer", total=len(wanted))
        for host in dict.fromkeys(step.host for step in wanted):
            if words := _fails(config, host, "true"):
                raise UsageError(f"{host} cannot be reached, nothing was changed: {words}")
        for number, step in enumerate(wanted):
            progress.update(task, description=f"{direction} {step.thing} on {step.host}")
            left = [each.thing for each in wanted[number + 1 :] if each.command]
            said = _do(config, direction, step, left)
            progress.advance(task)
            progress.console.print(f"{step.thing} on {step.host}: {said}", highlight=False)


def _do(config: Path, direction: Direction, step: Step, left: Sequence[str]) -> str:
    """Take one step. Raises UsageError where its command or its check fails."""
    if direction == "start" and step.command and not _fails(config, step.host, step.probe):
        return "runs already"  # starting it once more would restart it
    for what, command in (("the command", step.command), ("the check", step.check)):
        if command and (words := _fails(config, step.host, command)):
            raise UsageError(
                f"{direction} stopped at {step.thing} on {step.host}: {what} failed ({words})\n"
                f"  {command}\n  not touched any more: {', '.join(left) or 'nothing'}"
            )
    return "runs" if direction == "start" else "stopped"


@contextmanager
def _configuration(estate: Estate, own: str | None) -> Iterator[Path]:
    """Write the exported configuration, behind the operator's own, whose words go first."""
    first = Path(own).resolve() if own else Path("~/.ssh/config").expanduser()
    if own and not first.is_file():
        raise UsageError(f"there is no {own}")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / ssh.FILE
        included = f"Include {shlex.quote(str(first))}\n"
        # Back to every host: an included file may end within the block of one.
        shared = SHARED.format(folder=folder)
        config.write_text(f"{included}Match all\n{shared}{ssh.files(estate)[ssh.FILE]}")
        yield config


def _fails(config: Path, host: str, command: str) -> str:
    """Run a command on a host. Returns why it failed, or nothing where it did not."""
    done = subprocess.run(  # noqa: S603
        ["ssh", "-F", str(config), *OPTIONS, host, command],  # noqa: S607
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"
