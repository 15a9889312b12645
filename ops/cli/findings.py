"""What was looked at and what was found: how `recover --check`, `verify` and `state` tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import typer

State = Literal["ok", "bad", "unseen"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    `part` groups it for a reader, `name` is the thing and `told` what was found, never a secret.
    `unseen` is what nobody can tell from here. `mend` says how to put it right.
    """

    part: str
    name: str
    state: State
    told: str
    mend: str = ""


def show(title: str, found: Sequence[Finding], form: str) -> int:
    """Print findings as `text` or `json`. Returns 1 where something is bad, else 0."""
    bad = [each for each in found if each.state == "bad"]
    if form == "json":
        typer.echo(json.dumps({"title": title, "findings": [asdict(e) for e in found]}, indent=2))
    else:
        _table(title, found)
        unseen = len([each for each in found if each.state == "unseen"])
        count = f"{len(found) - unseen} looked at, {len(bad) or 'nothing'} bad"
        typer.echo(f"{count}; {unseen} not seen from here" if unseen else count)
        for line in lines(bad):
            typer.echo(line)
    return 1 if bad else 0


def lines(found: Sequence[Finding]) -> Iterator[str]:
    """Give each finding in a line, and below it how to mend it."""
    for each in found:
        yield f"{each.state}: {each.part}: {each.name}: {each.told}"
        if each.mend:
            yield f"  {each.mend}"


def _table(title: str, found: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for column in ("", "part", "what", "found"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(each.state, each.part, each.name, each.told)
    console = Console()
    Console(width=None if console.is_terminal else 160).print(table)
