"""`estate install-engine`, which `make setup` runs."""

from __future__ import annotations

import os

import typer

from ops.cli.app import Job, app
from ops.cli.errors import UsageError


@app.command(rich_help_panel=Job.setup)
def install_engine() -> None:
    """Install the pinned pulumi command line into .venv, where there is none on PATH.

    Where it cannot be downloaded, say so and exit with 0: all else works offline.
    PULUMI_INSTALL=no skips it.
    """
    from ops.engine import install, versions

    if not install.needed(os.environ):
        return
    typer.echo(f"installing pulumi {versions.pinned()} into .venv: ", nl=False)
    try:
        install.install()
    except UsageError as error:
        typer.echo(f"failed ({error}); going on offline, `make setup` tries again")
    else:
        typer.echo("done")
