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
            help="Write nothing. Exit with 2 if docs/runbook/ or docs/commands.md is stale.",
        ),
    ] = False,
) -> None:
    """Write the generated files: rendered/, docs/runbook/ and docs/commands.md."""
    from ops.cli import reference
    from ops.plan import rendered
    from ops.recovery import runbook

    commands = reference.text(app)
    if check:
        stale = runbook.stale()
        if reference.stale(commands):
            stale.append("docs/commands.md")
        typer.echo("\n".join(stale) or "docs/runbook and docs/commands.md are up to date")
        raise typer.Exit(2 if stale else 0)
    for file in [*rendered.write_all(), *runbook.write(), reference.write(commands)]:
        typer.echo(file)
