"""`estate refresh`."""

from __future__ import annotations

import typer

from ops.cli.app import PASSES_ON, Job, app
from ops.commands._options import Stack


@app.command(rich_help_panel=Job.change, context_settings=PASSES_ON)
def refresh(context: typer.Context, stack: Stack = "prod") -> None:
    """Read the real resources of a stack into its state: `pulumi refresh`.

    Refuses throw-away credentials. Other options go to pulumi.
    """
    from ops.deploy import command

    raise typer.Exit(command.change("refresh", stack, context.args))
