"""The commands for when something is lost, as `python -m ops` has them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.options import ConfigFile, ConnectTo, Nameserver, Stack, TextFormat


class RecoverFormat(StrEnum):
    """How a recovery is shown."""

    text = "text"
    md = "md"
    json = "json"


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
    format: Annotated[RecoverFormat, typer.Option(help="How to show it.")] = RecoverFormat.text,  # noqa: A002
) -> None:
    """Say what is down, what is safe and what to do, step by step; changes nothing itself."""
    from ops.recovery import command

    raise typer.Exit(command.run(lost, stack, config_file, at, format.value, check=check))


def verify(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
    format: Annotated[TextFormat, typer.Option(help="How to show it.")] = TextFormat.text,  # noqa: A002
    nameserver: Nameserver = None,
    connect_to: ConnectTo = None,
) -> None:
    """Look whether what the state names is there and answers, changing nothing; exit 1 if not."""
    from ops.recovery import verify as command

    raise typer.Exit(command.run(stack, config_file, format.value, nameserver, connect_to))
