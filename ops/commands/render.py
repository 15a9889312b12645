"""`estate render`."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.app import Job, app


@app.command(rich_help_panel=Job.change)
def render(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing. Exit with 2 if docs/runbook/ is stale.",
        ),
    ] = False,
) -> None:
    """Write the generated files: rendered/ and docs/runbook/."""
    from ops.plan import rendered
    from ops.recovery import runbook

    if check:
        stale = runbook.stale()
        typer.echo("\n".join(stale) or "docs/runbook is up to date")
        raise typer.Exit(2 if stale else 0)
    for file in [*rendered.write_all(), *runbook.write()]:
        typer.echo(file)
