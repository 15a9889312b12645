"""`inventory`: exports the inventory in a format, or compares a real .env with it."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from ops.cli.errors import UsageError
from ops.pencom import env_check, export
from ops.pencom.inventory import Inventory


def run(inventory: Inventory, form: str, output: str | None) -> None:
    """Write the files of a format into a folder and print their paths, or print the files.

    Raises UsageError if the inventory lacks what the format needs, or a file cannot be written.
    """
    files = export.texts(inventory, form)
    if output is not None:
        for file in export.write(files, Path(output), private=form == "env"):
            typer.echo(file)
        return
    for name, text in files.items():
        if len(files) > 1:
            comment = text.partition(" ")[0]  # each text begins with a comment
            sys.stdout.write(f"{comment} ---- {name}\n")
        sys.stdout.write(text)


def check(inventory: Inventory, file: Path, service: str | None) -> int:
    """Print the findings of a real .env. Returns 2 if there are any, else 0.

    Raises UsageError if the file cannot be read, or neither `service` nor its name is a service.
    """
    name = service or file.name.removesuffix(".env")
    if name not in inventory.services:
        known = ", ".join(inventory.services)
        raise UsageError(f"{name!r} is not a service: choose one with --service; known are {known}")
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(f"{file} cannot be read: {reason}") from error
    findings = env_check.findings(inventory, inventory.services[name], text)
    for finding in findings:
        typer.echo(finding)
    typer.echo(f"{file}: {len(findings)} findings for {name} in {inventory.stack}")
    return 2 if findings else 0
