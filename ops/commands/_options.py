"""Options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from ops.commands._names import stacks

Stack = Annotated[
    str,
    typer.Option("--stack", "-s", help=f"One of {', '.join(stacks())}.", autocompletion=stacks),
]
ConfigFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="A settings file to read instead of Pulumi.<stack>.yaml."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing anything.")]
FormatOf = TypeVar("FormatOf", bound=StrEnum)
Format = Annotated[FormatOf, typer.Option("--format", help="Output format.")]
Choose = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=ID",
        help="Which live resource NAME is, where several could be it. NAME=none: none of them."
        " Repeat it for each.",
    ),
]
FromState = Annotated[
    bool,
    typer.Option("--from-state", help="Read what the last `up` recorded, instead of the plan."),
]


class TextFormat(StrEnum):
    """Text for a person, JSON for a program."""

    text = "text"
    json = "json"


class ReportFormat(StrEnum):
    """A report on paper, for a program, or in a terminal."""

    md = "md"
    json = "json"
    text = "text"
