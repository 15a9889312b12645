"""`estate review`."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._options import Format, ReportFormat, Stack


@app.command(rich_help_panel=Job.understand)
def review(
    stack: Stack = "prod",
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION", help="Compare with this revision. Default: the fork point of main."
        ),
    ] = None,
    preview: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Review this output of `pulumi preview --json`, not the plan."
        ),
    ] = None,
    form: Format[ReportFormat] = ReportFormat.md,
) -> None:
    """Report on a change: what it destroys, what that affects, what else changes, what it costs."""
    from ops.review import command

    raise typer.Exit(command.run(stack, base, preview, form.value))
