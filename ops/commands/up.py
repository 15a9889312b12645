"""`estate up`."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.app import PASSES_ON, Job, app
from ops.commands._names import stores
from ops.commands._options import Stack


@app.command(rich_help_panel=Job.change, context_settings=PASSES_ON)
def up(
    context: typer.Context,
    stack: Stack = "prod",
    make_empty: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A lost database cluster or bucket that may be created empty. Repeat it for each.",
            autocompletion=stores,
        ),
    ] = None,
) -> None:
    """Change a stack for real: `pulumi up --refresh`, then store the sealed secrets.

    Refuses throw-away credentials. Other options go to pulumi, which reads relative paths from the
    project's folder.
    """
    from ops.deploy import command

    raise typer.Exit(command.change("up", stack, context.args, make_empty or []))
