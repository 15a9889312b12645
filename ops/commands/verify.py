"""`estate verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._options import ConfigFile, Format, Stack, TextFormat


@app.command(rich_help_panel=Job.understand)
def verify(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
    form: Format[TextFormat] = TextFormat.text,
    nameserver: Annotated[
        str | None,
        typer.Option(
            metavar="HOST",
            envvar="ESTATE_NAMESERVER",
            help="Name server to ask, as HOST or HOST:PORT. Default: this machine's.",
        ),
    ] = None,
    connect_to: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:HTTPS:HTTP",
            envvar="ESTATE_CONNECT_TO",
            help="Host and its two ports that answer for all public URLs, as in a rehearsal.",
        ),
    ] = None,
) -> None:
    """Check that what the state records exists and answers. Exit with 1 if not. Changes nothing."""
    from ops.verify import command

    raise typer.Exit(command.run(stack, config_file, form.value, nameserver, connect_to))
