"""The commands for when something is lost, as `python -m ops` has them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ops.cli.options import (
    ConfigFile,
    ConnectTo,
    Nameserver,
    ReportFormat,
    Shown,
    Stack,
    TextFormat,
    Yes,
)


def recover(
    lost: Annotated[
        str | None,
        typer.Argument(help="A name or URL, a region, a secret's key, `state` or `up`."),
    ] = None,
    stack: Stack = "prod",
    at: Annotated[
        str | None, typer.Option(help="Moment that a database goes back to: 2026-01-31T02:00:00Z.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look whether all that is needed is there; exit 1.")
    ] = False,
    config_file: ConfigFile = None,
    format: Shown[ReportFormat] = ReportFormat.text,  # noqa: A002
) -> None:
    """Say what is down, what is safe and what to do, step by step; changes nothing itself."""
    from ops.recovery import command

    raise typer.Exit(command.run(lost, stack, config_file, at, format.value, check=check))


def gone(stack: Stack = "prod", config_file: ConfigFile = None) -> None:
    """Name what held data and is gone from the account, before an `up` makes it anew; exit 1."""
    from ops.deploy import lost_stores as command
    from ops.engine import plugin, pulumi_cli

    pulumi_cli.settings(stack, config_file)
    typer.echo(f"provider: {plugin.answering(os.environ)}")
    command.check(stack, config_file)
    typer.echo("all that holds data is there")


def verify(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
    format: Shown[TextFormat] = TextFormat.text,  # noqa: A002
    nameserver: Nameserver = None,
    connect_to: ConnectTo = None,
) -> None:
    """Look whether what the state names is there and answers, changing nothing; exit 1 if not."""
    from ops.verify import command

    raise typer.Exit(command.run(stack, config_file, format.value, nameserver, connect_to))


state = typer.Typer(
    help="Where the state lies, whether it is whole, and how to get it back.",
    invoke_without_command=True,
)


@state.callback()
def state_check(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Look, changing nothing.")] = False,
    stack: Stack = "prod",
    format: Shown[TextFormat] = TextFormat.text,  # noqa: A002
) -> None:
    """Look at the state, its backend and its copies (exit 1 where something is bad)."""
    if context.invoked_subcommand:
        return
    if not check:
        typer.echo(context.get_help())
        return
    from ops.cli import findings
    from ops.state import check as command

    raise typer.Exit(findings.show(f"state of {stack}", command.look(stack, os.environ), format))


@state.command("bootstrap")
def state_bootstrap(
    copies: Annotated[bool, typer.Option("--copies", help="That of the weekly copies.")] = False,
    bucket: Annotated[str | None, typer.Option(help="Another name.")] = None,
    region: Annotated[str | None, typer.Option(help="Another region of Spaces.")] = None,
    yes: Yes = False,
) -> None:
    """Make the state's bucket, or set right the one that is there; safe to repeat."""
    from ops.state import bucket as command

    purpose = command.COPIES if copies else command.STATE
    raise typer.Exit(command.run(purpose, bucket, region, os.environ, yes=yes))


@state.command("save")
def state_save(
    stack: Stack = "prod",
    to: Annotated[
        str | None, typer.Option(help="Folder or s3:// URL; ESTATE_STATE_COPIES by default.")
    ] = None,
) -> None:
    """Save an encrypted copy of the state in a second place, and read it back."""
    from ops.state import copies as command

    raise typer.Exit(command.save(stack, to, os.environ))


@state.command("open")
def state_open(
    which: Annotated[
        str | None, typer.Argument(help="A copy: file or URL. Without: the newest that is there.")
    ] = None,
    stack: Stack = "prod",
) -> None:
    """Print a state from a copy or from the past, for `pulumi stack import`."""
    from ops.state import history as command

    raise typer.Exit(command.show(stack, which, os.environ))
