"""`estate policy`."""

from __future__ import annotations

import typer

from ops.cli.app import Job, app
from ops.commands._options import ConfigFile, Format, Stack, TextFormat


@app.command(rich_help_panel=Job.understand)
def policy(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
    form: Format[TextFormat] = TextFormat.text,
) -> None:
    """Check the plan against the rules of policy/. Exit with 1 if a mandatory rule is broken."""
    from ops.review import policy_command as command

    raise typer.Exit(command.run(stack, config_file, form.value))
