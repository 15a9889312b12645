"""`estate drift`."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._options import ConfigFile, Format, Stack, TextFormat


@app.command(rich_help_panel=Job.understand)
def drift(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
    form: Format[TextFormat] = TextFormat.text,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report as JSON to this file, too.")
    ] = None,
) -> None:
    """Compare cloud, state and code. Changes nothing. Exit with 2 if they differ."""
    from ops.drift import command

    raise typer.Exit(command.run(stack, config_file, form.value, report))
