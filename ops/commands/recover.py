"""`estate recover`."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._names import losses
from ops.commands._options import ConfigFile, Format, ReportFormat, Stack


@app.command(rich_help_panel=Job.recover)
def recover(
    lost: Annotated[
        str | None,
        typer.Argument(
            help="Lost resource, host, URL, region, secret's key, `state` or `up`."
            " Without: list what can be lost.",
            autocompletion=losses,
        ),
    ] = None,
    stack: Stack = "prod",
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Restore a database to this time, as in 2026-01-31T02:00:00Z."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only check the prerequisites. Exit with 1 if one is missing."
        ),
    ] = False,
    config_file: ConfigFile = None,
    form: Format[ReportFormat] = ReportFormat.text,
) -> None:
    """Show what a loss affects and how to recover from it, step by step. Changes nothing."""
    from ops.recovery import command

    raise typer.Exit(command.run(lost, stack, config_file, at, form.value, check=check))
