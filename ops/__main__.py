"""The command line: `estate`, and `python -m ops`. Collects the commands, and runs one."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

from ops import commands
from ops.cli.app import PROGRAM
from ops.cli.app import app as app
from ops.cli.errors import UsageError
from rehearsal import engine_on_path

for module in iter_modules(commands.__path__):
    if not module.name.startswith("_"):
        import_module(f"{commands.__name__}.{module.name}")


def _version(wanted: bool) -> None:
    if wanted:
        from ops.engine.versions import versions

        width = max(map(len, lines := versions()))
        for what, version in lines.items():
            typer.echo(f"{what:{width}}  {version}")
        raise typer.Exit


@app.callback()
def estate(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Show the versions of Python, the SDKs and the engine.",
        ),
    ] = False,
) -> None:
    """Day-2 commands of the estate: KROTrust, KROGiving and Pencom.

    They work from any folder. `make setup` puts `estate` into .venv/bin.
    """


def main() -> None:
    """Run a command. An error that its user can fix is one message and exit code 1.

    Every message says `estate`, however it was started: shell completion is installed by that name,
    and would break every completion after `python` by the other.
    """
    # A command reads, prints and ends. Looking for garbage among what the SDK's import leaves
    # would cost a third of its time, while it runs and once more when it ends.
    gc.disable()
    engine_on_path()
    try:
        app(prog_name=PROGRAM)
    except UsageError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if not error.filename:  # not a file that was named, or may not be read or written
            raise
        typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
        sys.exit(1)
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
