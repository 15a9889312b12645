"""Options that several commands take."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from ops.cli.errors import UsageError
from stacks.discovery import environments

Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        help=f"One of {', '.join(environments())}.",
        autocompletion=lambda: list(environments()),
    ),
]
ConfigFile = Annotated[str | None, typer.Option(help="Another file than Pulumi.<stack>.yaml.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
Form = TypeVar("Form", bound=StrEnum)
Shown = Annotated[Form, typer.Option(help="How to show it.")]
Choose = Annotated[
    list[str] | None, typer.Option(help="NAME=ID of what is not clear, or NAME=none.")
]

Nameserver = Annotated[
    str | None,
    typer.Option(
        envvar="ESTATE_NAMESERVER", help="HOST[:PORT] to ask for names, instead of this machine's."
    ),
]
ConnectTo = Annotated[
    str | None,
    typer.Option(
        envvar="ESTATE_CONNECT_TO",
        help="HOST:HTTPSPORT:HTTPPORT that all public URLs are asked at.",
    ),
]


def consent(question: str, *, yes: bool) -> None:
    """Ask before something real is changed. Raises UsageError where nobody agrees."""
    try:
        agreed = yes or (bool(sys.stdin) and typer.confirm(question))
    except typer.Abort:  # the input has ended
        agreed = False
    if not agreed:
        raise UsageError("nothing was changed: nobody agreed; `--yes` does it without asking")


class PlanFormat(StrEnum):
    """How a plan is shown."""

    tree = "tree"
    yaml = "yaml"
    json = "json"
    mermaid = "mermaid"


class ListFormat(StrEnum):
    """How a list is shown."""

    table = "table"
    json = "json"


class TextFormat(StrEnum):
    """How a finding is shown."""

    text = "text"
    json = "json"


class BlastFormat(StrEnum):
    """How what stands on a thing is shown."""

    text = "text"
    json = "json"
    mermaid = "mermaid"


class ReportFormat(StrEnum):
    """How a report is shown."""

    md = "md"
    json = "json"
    text = "text"


class PictureFormat(StrEnum):
    """How the estate is drawn."""

    svg = "svg"
    html = "html"
