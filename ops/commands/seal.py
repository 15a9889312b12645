"""`estate seal`."""

from __future__ import annotations

from ops.cli.app import Job, app
from ops.commands._options import ConfigFile, Stack


@app.command(rich_help_panel=Job.change)
def seal(stack: Stack = "prod", config_file: ConfigFile = None) -> None:
    """Store the secrets that DigitalOcean sealed in the last `up` in the stack file."""
    from ops.deploy import seal as command

    command.store(stack, config_file)
