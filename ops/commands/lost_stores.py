"""`estate lost-stores`, and its old name."""

from __future__ import annotations

import os

import typer

from ops.cli.app import Job, app
from ops.commands._options import ConfigFile, Stack


@app.command("gone", hidden=True)
@app.command(rich_help_panel=Job.recover)
def lost_stores(stack: Stack = "prod", config_file: ConfigFile = None) -> None:
    """List database clusters and buckets missing from the account. Exit with 1 if there are any.

    The next `up` would create them empty.
    """
    from ops.deploy import lost_stores as command
    from ops.engine import plugin, pulumi_cli

    pulumi_cli.settings(stack, config_file)
    typer.echo(f"provider: {plugin.answering(os.environ)}")
    command.check(stack, config_file)
    typer.echo("all that holds data is there")
