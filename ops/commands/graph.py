"""`estate graph`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._options import Stack


class PictureFormat(StrEnum):
    """A still picture, or a page to click through."""

    svg = "svg"
    html = "html"


@app.command(rich_help_panel=Job.understand)
def graph(
    stack: Stack = "prod",
    form: Annotated[
        PictureFormat, typer.Option("--format", help="A page to click through, or a picture.")
    ] = PictureFormat.html,
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="File to write. Without: print it.")
    ] = None,
) -> None:
    """Draw the estate, with what the loss of each part affects."""
    from ops.diagram import command

    raise typer.Exit(command.run(stack, form.value, output))
