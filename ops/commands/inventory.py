"""`estate inventory`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.cli.errors import UsageError
from ops.commands._options import ConfigFile, FromState, Stack


class InventoryFormat(StrEnum):
    """What reads the inventory."""

    ansible = "ansible"
    env = "env"
    firewall = "firewall"
    pm2 = "pm2"
    prometheus = "prometheus"
    ssh = "ssh"


@app.command(rich_help_panel=Job.pencom)
def inventory(
    form: Annotated[InventoryFormat, typer.Option("--format", help="What will read it.")],
    stack: Stack = "prod",
    from_state: FromState = False,
    output: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Folder to write. Without: print it.")
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Compare this real .env with the inventory. Exit with 2 if they disagree.",
        ),
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Service of that .env. Default: the file's name."),
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Write Pencom's inventory for the tools that run its hosts, or check a real .env."""
    from ops.pencom import export_command as command
    from ops.pencom.inventory import load

    if check is not None and form is not InventoryFormat.env:
        raise UsageError("--check compares a .env with the inventory: it needs --format env")
    declared = load(stack, config_file, from_state=from_state)
    if check is not None:
        raise typer.Exit(command.check(declared, Path(check), service))
    command.run(declared, form.value, output)
