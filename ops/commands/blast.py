"""`estate blast`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._names import resources
from ops.commands._options import Format, Stack


class BlastFormat(StrEnum):
    """Text for a person, JSON for a program, a Mermaid chart."""

    text = "text"
    json = "json"
    mermaid = "mermaid"


@app.command(rich_help_panel=Job.understand)
def blast(
    name: Annotated[
        str,
        typer.Argument(
            help="A logical name, host, URL, service, data store or third party.",
            autocompletion=resources,
        ),
    ],
    stack: Stack = "prod",
    form: Format[BlastFormat] = BlastFormat.text,
) -> None:
    """Show what the loss of one thing affects: URLs, services, data, people to tell."""
    from ops.impact import command

    raise typer.Exit(command.run(stack, name, form.value))
