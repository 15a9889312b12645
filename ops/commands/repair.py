"""`estate repair`, and its old name."""

from __future__ import annotations

import typer

from ops.cli.app import Job, app
from ops.commands._options import Choose, ConfigFile, Stack, Yes


@app.command("mend", hidden=True)
@app.command(rich_help_panel=Job.recover)
def repair(
    stack: Stack = "prod",
    choose: Choose = None,
    yes: Yes = False,
    config_file: ConfigFile = None,
) -> None:
    """Repair the state after an `up` that was killed or failed. Deletes nothing.

    Exit with 2 if a person has to decide something.
    """
    from ops.adopt import repair as command

    raise typer.Exit(command.run(stack, config_file, choose or [], yes=yes))
