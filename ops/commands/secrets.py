"""`estate secrets`."""

from __future__ import annotations

from enum import StrEnum

from ops.cli.app import Job, app
from ops.commands._options import Format, Stack


class ListFormat(StrEnum):
    """A table for a person, JSON for a program."""

    table = "table"
    json = "json"


@app.command(rich_help_panel=Job.understand)
def secrets(stack: Stack = "prod", form: Format[ListFormat] = ListFormat.table) -> None:
    """List the secrets: which have a value here, from where, and who to ask. Shows no value."""
    from ops.deploy import secrets as command

    command.run(stack, form.value)
