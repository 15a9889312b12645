"""Puts the state in order after an `up` that was killed or failed: deletes nothing.

What the killed engine was making, and what exists although an answer was lost, is in the account
and in no state. The next `up` would make it a second time, or be refused.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psutil
import typer

from ops import account, ask, engine, orphans
from ops.adopt import choices, chosen_among, ids, part, state_ids, take_over
from ops.config import UsageError
from ops.graph import build
from ops.match import Survey, survey

LOCK = re.compile(r"created by \S+@(\S+) \(pid (\d+)\)")


@dataclass(frozen=True)
class Finding:
    """What is not in order. `pending` are the interrupted operations by logical name."""

    ended: Sequence[int]
    pending: Mapping[str, str]
    survey: Survey

    @property
    def left(self) -> bool:
        """Whether something is left that a person has to settle."""
        return bool(self.survey.lost or self.survey.twins or self.survey.unclear)

    def lines(self) -> Iterator[str]:
        """Give it to a reader."""
        found = self.survey
        if self.ended:
            yield f"ended {len(self.ended)} plugins that outlived their engine: " + ", ".join(
                map(str, self.ended)
            )
        yield from part("interrupted", (f"{n}: while {op}" for n, op in self.pending.items()))
        yield from part(
            "in the account and not in the state: to import",
            (f"{name} = {live}" for name, live in found.matched.items()),
        )
        yield from part(
            "made, and its secret is lost: revoke it, then `up` makes another",
            (f"{name} = {live}" for name, live in found.lost.items()),
        )
        yield from part(
            "there twice: see which is in use, and delete the other by hand",
            (f"{n}: {found.managed.get(n)} and {e}" for n, t in found.twins.items() for e in t),
        )
        yield from part("not clear: say which, with --choose NAME=ID", choices(found))


def run(stack: str, config_file: str | None, chosen: Sequence[str], *, yes: bool) -> int:
    """Find what a broken `up` left, and on consent put it into the state.

    Returns 0, or 2 where a person has to settle something. Raises UsageError where another engine
    is at work on the stack.
    """
    settings = ask.settings(stack, config_file)
    typer.echo(f"provider: {engine.answering(os.environ)}")
    ended = orphans.end(settings.project)
    planned = build(settings)
    exported = ask.text("stack", "export", "--stack", stack)
    pending = {
        operation["resource"]["urn"].rpartition("::")[2]: operation["type"]
        for operation in json.loads(exported)["deployment"].get("pending_operations") or ()
    }
    with account.visit(os.environ) as there:
        found = survey(planned, there, state_ids(stack), chosen_among(chosen))
    finding = Finding(ended, pending, found)
    typer.echo("\n".join(finding.lines()) or "nothing to mend")
    wanted = ids(found.matched)
    if wanted and not (yes or typer.confirm(f"\nimport {len(wanted)} into the state of {stack}?")):
        raise UsageError("nothing was changed")
    _settle(stack, exported)
    take_over(stack, config_file, wanted)
    if wanted or pending:
        typer.echo(f"\nthe state is in order: {len(wanted)} imported; `up` makes what is missing")
    return 2 if finding.left else 0


def _settle(stack: str, exported: str) -> None:
    """Let the engine forget what it remembers as unfinished, and a lock that a dead one holds.

    Importing a state clears its pending operations. What of them exists is imported next, and what
    does not is made by the next `up`. Raises UsageError where another engine is at work.
    """
    try:
        ask.text("stack", "import", "--stack", stack, given=exported)
    except UsageError as error:
        holders = LOCK.findall(str(error))
        if not holders or any(_alive(host, int(pid)) for host, pid in holders):
            raise
        ask.text("cancel", "--stack", stack, "--yes")
        ask.text("stack", "import", "--stack", stack, given=exported)


def _alive(host: str, pid: int) -> bool:
    """Tell whether a lock's holder may be at work; of another machine nobody here can say."""
    return host != socket.gethostname() or psutil.pid_exists(pid)
