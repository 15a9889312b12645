"""`estate order`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.cli.consent import consent
from ops.commands._names import on_premises
from ops.commands._options import ConfigFile, FromState, Stack, Yes


class Direction(StrEnum):
    """Which way the order goes."""

    start = "start"
    stop = "stop"


@app.command(rich_help_panel=Job.pencom)
def order(
    direction: Annotated[Direction, typer.Argument(help="Which order to show.")],
    only: Annotated[
        str | None,
        typer.Argument(help="Only this service, data store or host.", autocompletion=on_premises),
    ] = None,
    stack: Stack = "prod",
    from_state: FromState = False,
    run: Annotated[bool, typer.Option("--run", help="Ask, then run the steps over SSH.")] = False,
    yes: Yes = False,
    patience: Annotated[
        int, typer.Option(metavar="SECONDS", min=1, help="How long to wait for each check.")
    ] = 60,
    ssh_config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read this instead of ~/.ssh/config.")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Show in which order Pencom's services start or stop, with each command and check."""
    from ops.pencom import order_command as command
    from ops.pencom.inventory import load

    declared = load(stack, config_file, from_state=from_state)

    def go(*, execute: bool) -> None:
        command.run(
            declared, direction.value, only, patience=patience, execute=execute, own=ssh_config
        )

    go(execute=False)
    if run:
        consent(f"\n{direction.value} that, on the hosts of {stack}?", yes=yes)
        go(execute=True)
