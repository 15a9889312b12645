"""`estate plan`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._options import Format, Stack


class PlanFormat(StrEnum):
    """A tree to read, data for programs, a Mermaid chart."""

    tree = "tree"
    yaml = "yaml"
    json = "json"
    mermaid = "mermaid"


@app.command(rich_help_panel=Job.understand)
def plan(
    stack: Stack = "prod",
    form: Format[PlanFormat] = PlanFormat.tree,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show only what differs from rendered/.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 2 if the plan differs from rendered/.")
    ] = False,
) -> None:
    """Show what the program declares. Needs no engine, no credentials and no network."""
    from ops.plan import command

    raise typer.Exit(command.run(stack, form.value, diff=diff, exit_code=exit_code))
