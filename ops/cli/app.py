"""The application `estate`: each module of `ops/commands/` registers its command here."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import typer
from typer.core import TyperGroup

PROGRAM = "estate"
PASSES_ON = {"allow_extra_args": True, "ignore_unknown_options": True}  # the rest is pulumi's


class Job(StrEnum):
    """What a command is for: a heading of the help, in this order."""

    understand = "Understand"
    change = "Change"
    recover = "Recover"
    pencom = "Pencom"
    state = "State"
    setup = "Set up"


def job(command: object) -> Job | None:
    """Return the job that a command is registered under; old names have none."""
    panel = getattr(command, "rich_help_panel", None)
    return Job(panel) if panel else None


class ByJob(TyperGroup):
    """Commands in the order of their jobs, by name within one; old names last."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the base's name
        """Return the names of all commands, hidden ones too."""
        jobs = [*Job, None]
        return sorted(self.commands, key=lambda name: (jobs.index(job(self.commands[name])), name))


app = typer.Typer(
    name=PROGRAM,
    cls=ByJob,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
