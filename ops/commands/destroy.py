"""`estate destroy`."""

from __future__ import annotations

import typer

from ops.cli.app import PASSES_ON, Job, app
from ops.commands._options import Stack


@app.command(rich_help_panel=Job.change, context_settings=PASSES_ON)
def destroy(context: typer.Context, stack: Stack) -> None:
    """Destroy a stack for real: `pulumi destroy`. Protected resources stay.

    Refuses throw-away credentials. Other options go to pulumi.
    """
    from ops.deploy import command

    raise typer.Exit(command.change("destroy", stack, context.args))
