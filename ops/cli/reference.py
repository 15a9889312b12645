"""docs/commands.md: every command and option, written from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import typer
from typer.cli import get_docs_for_click
from typer.core import TyperGroup
from typer.main import get_command

from ops import ROOT
from ops.cli.app import job

FILE = ROOT / "docs" / "commands.md"
HEAD = "_Written by `make render` from the commands; do not edit._"


def text(app: typer.Typer) -> str:
    """Return the page of an application, its commands under the headings of its help.

    Hidden commands, which are old names, are left out.
    """
    group = get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101  an application has commands
    return "\n".join(_parts(group)).rstrip() + "\n"


def _parts(group: TyperGroup) -> Iterator[str]:
    root = typer.Context(group, info_name=group.name)
    yield f"{HEAD}\n\n# Commands\n\n{group.help}\n\n**Options** before a command:\n"
    for option, meaning in filter(None, (p.get_help_record(root) for p in group.get_params(root))):
        yield f"* `{option}`: {meaning}"
    yield ""
    commands = [group.commands[name] for name in group.list_commands(root)]
    for heading, members in groupby((each for each in commands if not each.hidden), key=job):
        yield f"## {heading}\n"
        for command in members:
            page = get_docs_for_click(
                obj=command,
                ctx=typer.Context(command, parent=root, info_name=command.name),
                indent=2,
                call_prefix=str(group.name),
            )
            yield f"{page.rstrip()}\n"


def stale(commands: str, file: Path = FILE) -> bool:
    """Return whether the page is missing, or is not what the commands say."""
    return not file.exists() or file.read_text("utf-8") != commands


def write(commands: str, file: Path = FILE) -> Path:
    """Write the page, and return its file."""
    file.write_text(commands, "utf-8")
    return file
