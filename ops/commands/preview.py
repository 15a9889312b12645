"""`estate preview`."""

from __future__ import annotations

import typer

from ops.cli.app import Job, app
from ops.commands._options import Stack


@app.command(rich_help_panel=Job.change)
def preview(stack: Stack = "prod") -> None:
    """Preview a stack from nothing, with a throw-away state and throw-away credentials.

    Without the engine, show the offline plan.
    """
    from ops.deploy import command

    raise typer.Exit(command.preview(stack))
