"""`python -m ops recover`: find a loss, check the prerequisites, and print the recovery."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from textwrap import dedent, indent

import typer

from components.facts.holding import CACHES
from ops.cli import findings
from ops.cli.errors import UsageError
from ops.engine import plugin
from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import build
from ops.recovery import readiness
from ops.recovery.case import Case
from ops.recovery.kinds import LossKind
from ops.recovery.loss import Loss, find, losable
from ops.recovery.report import markdown, prerequisites, recovery

MOMENT = "%Y-%m-%dT%H:%M:%SZ"
CODE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def run(
    lost: str | None,
    stack: str,
    config_file: str | None,
    at: str | None,
    form: str,
    *,
    check: bool,
) -> int:
    """Print a recovery as `text`, `md` or `json`; with `check` only its prerequisites.

    Without `lost` it lists what can be lost. Returns 1 if `check` finds something missing, else 0.
    Raises UsageError for an unknown name or moment.
    """
    if check and lost is None and at is None:  # needs no plan, which may be what is broken
        return _check(stack, config_file, form, None)
    settings = config.load(stack, file=config_file)
    graph = build(settings)
    dependencies = dependency_graph(graph)
    if lost is None:
        _refuse(at, None)
        _list(stack, losable(graph, dependencies), form)
        return 0
    loss = find(graph, dependencies, lost)
    _refuse(at, loss)
    if check:
        return _check(stack, config_file, form, {loss.kind})
    if form == "text":
        typer.echo(f"provider: {plugin.answering(os.environ)}")
    needed = readiness.check(stack, config_file, os.environ, {loss.kind})
    report = recovery(Case(settings, graph, dependencies, loss, at), needed)
    if form == "json":
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        text = "\n".join(markdown(report))
        typer.echo(text) if form == "md" else _show(text)
    return 0


def _refuse(at: str | None, loss: Loss | None) -> None:
    """Raise UsageError for a malformed moment, and for a loss that cannot be restored to one."""
    if at is None:
        return
    try:
        parsed = datetime.strptime(at, MOMENT).strftime(MOMENT)
    except ValueError:
        parsed = ""
    if at != parsed:
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
    """Print the findings of the prerequisites. Returns 1 if one is bad, else 0."""
    results = readiness.check(stack, config_file, os.environ, kinds)
    if form == "md":
        title = f"# Prerequisites of a recovery of {stack}"
        typer.echo("\n".join((title, "", *prerequisites(results))))
        return int(any(each.state == "bad" for each in results))
    if form == "text":
        typer.echo(f"provider: {plugin.answering(os.environ)}")
    return findings.show(f"prerequisites of a recovery of {stack}", results, form)


def _list(stack: str, losses: Iterable[Loss], form: str) -> None:
    if form == "json":
        listed = [{"kind": e.kind, "name": e.name, "label": e.label} for e in losses]
        typer.echo(json.dumps({"stack": stack, "losable": listed}, indent=2))
        return
    typer.echo(f"what can be lost in {stack}:" + "\n" * (form == "md"))
    for each in losses:
        row = f"- `{each.name}`: {each.kind}, {each.label}"
        typer.echo(row if form == "md" else f"  {each.kind:9}{each.name:34}{each.label}")


def _show(text: str) -> None:
    """Render Markdown for a terminal, but print code unwrapped, so that it can be copied."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.text import Text

    console = Console()
    for number, part in enumerate(CODE.split(text)):
        if number % 2:
            code = indent(dedent(part).rstrip(), "    ")
            console.print(Text(code, style="bold"), soft_wrap=True)
        elif prose := part.strip():
            if prose.startswith("#"):
                console.print()
            console.print(Markdown(prose, hyperlinks=False))
