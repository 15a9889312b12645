"""`estate adopt`."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._options import Choose, ConfigFile, Format, Stack, TextFormat


@app.command(rich_help_panel=Job.change)
def adopt(
    stack: Stack = "prod",
    choose: Choose = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Import the matched resources into the state.")
    ] = False,
    config_file: ConfigFile = None,
    form: Format[TextFormat] = TextFormat.text,
) -> None:
    """Take over what runs today. Without --apply, only show what that would do.

    Exit with 2 if a person has to decide something.
    """
    from ops.adopt import command

    raise typer.Exit(command.run(stack, config_file, choose or [], form.value, apply=apply))
