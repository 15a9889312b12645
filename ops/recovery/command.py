"""The command: finds what is lost, looks at what is needed, and prints where one stands."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

import typer

from components.facts.stores import CACHES
from ops.cli.errors import UsageError
from ops.engine import plugin
from ops.impact.edges import standing
from ops.plan import config
from ops.plan.graph import build
from ops.recovery import readiness
from ops.recovery.case import Case
from ops.recovery.kinds import LossKind
from ops.recovery.loss import Loss, find, losable
from ops.recovery.report import as_json, in_hand, markdown, recovery

MOMENT = "%Y-%m-%dT%H:%M:%SZ"
FENCE = re.compile(r"( *)```")


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
    if check and lost is None and at is None:  # asks for no plan, which may be what is broken
        return _check(stack, config_file, form, None)
    settings = config.load(stack, file=Path(config_file) if config_file else None)
    planned = build(settings)
    found = standing(planned)
    if lost is None:
        _refuse(at, None)
        _list(stack, losable(planned, found), form)
        return 0
    loss = find(planned, found, lost)
    _refuse(at, loss)
    if check:
        return _check(stack, config_file, form, {loss.kind})
    if form == "text":
        typer.echo(f"provider: {plugin.answering(os.environ)}")
    needs = readiness.look(stack, config_file, os.environ, {loss.kind})
    told = recovery(Case(settings, planned, found, loss, at), needs)
    if form == "json":
        typer.echo(as_json(told))
    elif form == "md":
        typer.echo("\n".join(markdown(told)))
    else:
        _show(markdown(told))
    return 0


def _refuse(at: str | None, loss: Loss | None) -> None:
    """Raise UsageError for a moment that is none, or that what is lost cannot go back to."""
    if at is None:
        return
    try:
        written = datetime.strptime(at, MOMENT).strftime(MOMENT)
    except ValueError:
        written = ""
    if at != written:
        raise UsageError(f"--at is {at}: allowed is a moment like 2026-01-31T02:00:00Z, in UTC")
    if loss is None:
        raise UsageError("--at is for a database: say which")
    if loss.kind != "database":
        raise UsageError(f"--at is for a database, and {loss.name} is a {loss.kind}")
    if loss.resource and loss.resource.inputs["engine"] in CACHES:
        raise UsageError(f"--at is for a database with backups, and {loss.label} has none")


def _check(
    stack: str, config_file: str | None, form: str, kinds: Collection[LossKind] | None
) -> int:
    if form != "md":
        return readiness.check(stack, config_file, form, kinds)
    found = readiness.look(stack, config_file, os.environ, kinds)
    typer.echo("\n".join((f"# What a recovery of {stack} needs", "", *in_hand(found))))
    return int(any(each.state == "bad" for each in found))


def _list(stack: str, losses: Iterable[Loss], form: str) -> None:
    if form == "json":
        listed = [{"kind": e.kind, "name": e.name, "label": e.label} for e in losses]
        typer.echo(json.dumps({"stack": stack, "losable": listed}, indent=2))
        return
    typer.echo(f"say what is lost, of {stack}:" + "\n" * (form == "md"))
    for each in losses:
        row = f"- `{each.name}`: {each.kind}, {each.label}"
        typer.echo(row if form == "md" else f"  {each.kind:9}{each.name:34}{each.label}")


def _show(lines: Iterable[str]) -> None:
    """Print Markdown for a terminal; code as it stands: what is wrapped cannot be copied."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.text import Text

    console = Console()
    for code, group in groupby(_parts(lines), key=lambda part: part[0]):
        texts = [text for _, text in group]
        if code:
            for text in texts:
                console.print(Text(f"    {text}", style="bold"), soft_wrap=True)
        elif prose := "\n".join(texts).strip():
            if prose.startswith("#"):
                console.print()
            console.print(Markdown(prose, hyperlinks=False))


def _parts(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    """Tell of each line whether it is code, without its fence and the indentation of that."""
    indent, code = 0, False
    for line in lines:
        if fence := FENCE.match(line):
            indent, code = len(fence[1]), not code
        else:
            yield code, line[indent:] if code else line
