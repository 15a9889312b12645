"""`estate state` and its own commands."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ops.cli.app import Job, app
from ops.commands._options import Format, Stack, TextFormat, Yes

state = typer.Typer(invoke_without_command=True)
app.add_typer(state, name="state", rich_help_panel=Job.state)


@state.callback()
def check_state(
    context: typer.Context,
    check: Annotated[
        bool,
        typer.Option("--check", help="Check the state, its backend and its copies. Reads only."),
    ] = False,
    stack: Stack = "prod",
    form: Format[TextFormat] = TextFormat.text,
) -> None:
    """Check where the state is and whether it is complete, save it, or get it back.

    `--check` exits with 1 if something is wrong.
    """
    if context.invoked_subcommand:
        return
    if not check:
        typer.echo(context.get_help())
        return
    from ops.cli import findings
    from ops.state import check as command

    found = command.look(stack, os.environ)
    raise typer.Exit(findings.show(f"state of {stack}", found, form.value))


@state.command()
def bootstrap(
    copies: Annotated[
        bool, typer.Option("--copies", help="Create the bucket of the weekly copies instead.")
    ] = False,
    bucket: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another name for the bucket.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Another region of Spaces.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Create the state's bucket, or correct the settings of the existing one. Safe to repeat."""
    from ops.state import bucket as command

    purpose = command.COPIES if copies else command.STATE
    raise typer.Exit(command.run(purpose, bucket, region, os.environ, yes=yes))


@state.command()
def save(
    stack: Stack = "prod",
    to: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Folder or s3:// URL. Default: ESTATE_STATE_COPIES."),
    ] = None,
) -> None:
    """Save an encrypted copy of the state in a second place, and read it back."""
    from ops.state import copies as command

    raise typer.Exit(command.save(stack, to, os.environ))


@state.command("open")
def open_copy(
    which: Annotated[
        str | None,
        typer.Argument(help="Copy to open: a file or URL. Default: the newest one."),
    ] = None,
    stack: Stack = "prod",
) -> None:
    """Print a state from a copy or an older version, for `pulumi stack import`."""
    from ops.state import history as command

    raise typer.Exit(command.show(stack, which, os.environ))
