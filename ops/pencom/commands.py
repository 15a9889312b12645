"""The commands on Pencom's hosts, as `python -m ops` has them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.cli.errors import UsageError
from ops.cli.options import ConfigFile, Stack, Yes, consent


class InventoryFormat(StrEnum):
    """What the inventory is written for."""

    ansible = "ansible"
    env = "env"
    firewall = "firewall"
    pm2 = "pm2"
    prometheus = "prometheus"
    ssh = "ssh"


FromState = Annotated[bool, typer.Option("--from-state", help="As the last `up` recorded it.")]


def inventory(
    format: Annotated[InventoryFormat, typer.Option(help="What for.")],  # noqa: A002
    stack: Stack = "prod",
    from_state: FromState = False,
    output: Annotated[str | None, typer.Option(help="Folder to write into.")] = None,
    check: Annotated[str | None, typer.Option(help="A real .env, to hold against it.")] = None,
    service: Annotated[str | None, typer.Option(help="Whose .env that is.")] = None,
    config_file: ConfigFile = None,
) -> None:
    """Write Pencom's inventory for what runs its hosts, or check a real .env (exit 2)."""
    from pathlib import Path

    from ops.pencom import export_command as command
    from ops.pencom.inventory import load

    if check is not None and format is not InventoryFormat.env:
        raise UsageError("--check holds a .env against the inventory: --format env")
    found = load(stack, config_file, from_state=from_state)
    if check is not None:
        raise typer.Exit(command.check(found, Path(check), service))
    command.run(found, format.value, output)


class Direction(StrEnum):
    """Which way the order goes."""

    start = "start"
    stop = "stop"


def order(
    direction: Annotated[Direction, typer.Argument(help="start or stop.")],
    only: Annotated[str | None, typer.Argument(help="One service, store or host.")] = None,
    stack: Stack = "prod",
    from_state: FromState = False,
    run: Annotated[bool, typer.Option("--run", help="Do it over SSH.")] = False,
    yes: Yes = False,
    patience: Annotated[int, typer.Option(min=1, help="Seconds that a check waits.")] = 60,
    ssh_config: Annotated[str | None, typer.Option(help="Instead of ~/.ssh/config.")] = None,
    config_file: ConfigFile = None,
) -> None:
    """Say in which order Pencom starts or stops, and how; with --run ask, and do it one by one."""
    from ops.pencom import order_command as command
    from ops.pencom.inventory import load

    found = load(stack, config_file, from_state=from_state)

    def go(*, execute: bool) -> None:
        command.run(
            found, direction.value, only, patience=patience, execute=execute, own=ssh_config
        )

    go(execute=False)
    if run:
        consent(f"\n{direction.value} that, on the hosts of {stack}?", yes=yes)
        go(execute=True)
