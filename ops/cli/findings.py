"""The result of one check, and the table that prints many: `recover --check`, `verify`, `state`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import typer

State = Literal["ok", "bad", "not checked"]


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    `part` groups findings for a reader, `name` is what was checked, `detail` the result, never a
    secret. `not checked` is what cannot be checked from here. `repair` says how to put it right.
    """

    part: str
    name: str
    state: State
    detail: str
    repair: str = ""


@dataclass(frozen=True)
class Part:
    """A part of a report; its methods make the findings in it."""

    title: str

    def ok(self, name: str, detail: str) -> Finding:
        """Return a finding that all is well."""
        return Finding(self.title, name, "ok", detail)

    def bad(self, name: str, detail: str, repair: str = "") -> Finding:
        """Return a finding that something is wrong."""
        return Finding(self.title, name, "bad", detail, repair)

    def not_checked(self, name: str, detail: str, repair: str = "") -> Finding:
        """Return a finding that something cannot be checked from here."""
        return Finding(self.title, name, "not checked", detail, repair)

    def verdict(self, name: str, detail: str, repair: str = "", *, ok: bool) -> Finding:
        """Return a finding of a check that passed, `ok`, or failed."""
        return self.ok(name, detail) if ok else self.bad(name, detail, repair)


def show(title: str, findings: Sequence[Finding], form: str) -> int:
    """Print findings as `text` or `json`. Returns 1 if one is bad, else 0."""
    bad = [each for each in findings if each.state == "bad"]
    if form == "json":
        listed = [asdict(each) for each in findings]
        typer.echo(json.dumps({"title": title, "findings": listed}, indent=2))
        return int(bool(bad))
    _table(title, findings)
    skipped = sum(each.state == "not checked" for each in findings)
    counts = f"{len(findings) - skipped} checked, {len(bad) or 'nothing'} bad"
    typer.echo(f"{counts}; {skipped} not checked" if skipped else counts)
    for each in bad:
        typer.echo(f"bad: {each.part}: {each.name}: {each.detail}")
        if each.repair:
            typer.echo(f"  {each.repair}")
    return int(bool(bad))


def _table(title: str, findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for column in ("", "part", "name", "detail"):
        table.add_column(column, overflow="fold")
    for each in findings:
        table.add_row(each.state, each.part, each.name, each.detail)
    console = Console()
    Console(width=None if console.is_terminal else 160).print(table)
