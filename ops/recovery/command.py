"""The command: finds what is lost, looks at what is needed, and prints where one stands."""

from __future__ import annotations

import os
import re
from pathlib import Path

import typer

from ops import config
from ops.config import UsageError
from ops.edges import standing
from ops.graph import build
from ops.recovery import readiness
from ops.recovery.case import Case
from ops.recovery.loss import find, losable
from ops.recovery.report import as_json, markdown, recovery

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def run(
    lost: str | None,
    stack: str,
    config_file: str | None,
    at: str | None,
    form: str,
    *,
    check: bool,
) -> int:
    """Print a recovery, or with `check` only whether all is there that one needs.

    Without `lost` it lists what may be lost. Raises UsageError for what nobody knows by that name.
    """
    settings = config.load(stack, file=Path(config_file) if config_file else None)
    if at and not MOMENT.fullmatch(at):
        raise UsageError(f"--at is {at}: allowed is a moment like 2026-01-31T02:00:00Z, in UTC")
    planned = build(settings)
    found = standing(planned)
    loss = find(planned, found, lost) if lost else None
    if check:
        return readiness.check(stack, config_file, form, {loss.kind} if loss else None)
    if loss is None:
        typer.echo(f"say what is lost, of {stack}:")
        for each in losable(planned, found):
            typer.echo(f"  {each.kind:9}{each.name:34}{each.label}")
        return 0
    if at and loss.kind != "database":
        raise UsageError(f"--at is for a database, and {loss.name} is a {loss.kind}")
    needs = readiness.look(stack, config_file, os.environ, {loss.kind})
    told = recovery(Case(settings, planned, found, loss, at), needs)
    if form == "json":
        typer.echo(as_json(told))
    elif form == "md":
        typer.echo("\n".join(markdown(told)))
    else:
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown("\n".join(markdown(told)), hyperlinks=False))
    return 0
