"""Puts the state in order after an `up` that was killed or failed: deletes nothing.

What the killed engine was making, and what exists although an answer was lost, is in the account
and in no state. The next `up` would make it a second time, or be refused. What it was deleting may
be gone, and deleting it again is refused, too.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import typer

from ops.account import client
from ops.account.client import Account
from ops.account.live import Live
from ops.adopt.imports import IMPORTED, choices, chosen_among, ids, part, state_ids, take_over
from ops.adopt.match import Survey, survey
from ops.cli.errors import UsageError
from ops.cli.options import consent
from ops.deploy import lost_stores
from ops.engine import documents, orphans, plugin, pulumi_cli
from ops.engine.documents import MAKING, Deployment
from ops.plan.graph import Graph, build
from ops.plan.urn import Urn

LOCK = re.compile(r"created by \S+@(\S+) \(pid (\d+)\)")


def doubtful(state: Deployment, planned: Graph) -> list[Urn]:
    """URNs that an `up` was changing or deleting, or would delete next."""
    names = {resource.name for resource in planned.resources}
    changing = {urn for urn, op in state.pending.items() if op not in MAKING}
    urns = dict.fromkeys(each.urn for each in state.in_cloud)
    return [urn for urn in urns if urn in changing or urn.name not in names]


@dataclass(frozen=True)
class Finding:
    """What is not in order.

    `pending` are the interrupted operations and `again` what is read again, by logical name;
    `unready` is what is still being made and cannot be read whole.
    """

    ended: Sequence[int]
    pending: Mapping[str, str]
    again: Sequence[str]
    unready: Sequence[Live]
    survey: Survey

    @property
    def twins(self) -> dict[str, list[Live]]:
        """What is there beside each one that is known, under the same name."""
        found = self.survey
        twins = {name: list(there) for name, there in found.twins.items()}
        for name, live in {**found.matched, **found.lost}.items():
            same = [e for e in found.unmanaged if (e.kind, e.name) == (live.kind, live.name)]
            twins |= {name: same} if same else {}
        return twins

    @property
    def keys(self) -> list[tuple[str, Live]]:
        """What nobody can import, though there may be several of one name: to be revoked."""
        there = {**self.survey.unclear, **{n: [live] for n, live in self.survey.lost.items()}}
        return [(n, e) for n, some in there.items() for e in some if e.kind not in IMPORTED]

    @property
    def unclear(self) -> Survey:
        """The same survey, its unclear ones only those that can be imported."""
        revoked = {name for name, _ in self.keys}
        there = {n: e for n, e in self.survey.unclear.items() if n not in revoked}
        return replace(self.survey, unclear=there)

    @property
    def left(self) -> bool:
        """Whether something is left that a person has to settle."""
        return bool(self.survey.lost or self.twins or self.survey.unclear)

    def lines(self) -> Iterator[str]:
        """Give it to a reader."""
        found = self.survey
        known = {**found.managed, **found.matched, **found.lost}
        if self.ended:
            yield f"ended {len(self.ended)} plugins that outlived their engine: " + ", ".join(
                map(str, self.ended)
            )
        yield from part("interrupted", (f"{n}: while {op}" for n, op in self.pending.items()))
        yield from part(
            "in the account and not in the state: to import",
            (f"{name} = {live}" for name, live in found.matched.items()),
        )
        yield from part("in the state, and may be changed or gone: to read again", iter(self.again))
        yield from part(
            "there, and its secret is in no state: where nothing uses it, revoke it;"
            " `up` makes another",
            (
                f"{name} = {live}   revoke it: doctl spaces keys delete {live.id}"
                for name, live in self.keys
            ),
        )
        yield from part(
            "there twice: see which is in use, and delete the other by hand",
            (f"{n}: {known.get(n)} and {e}" for n, there in self.twins.items() for e in there),
        )
        yield from part("not clear: say which, with --choose NAME=ID", choices(self.unclear))
        yield from part("still being made", map(str, self.unready))


def run(stack: str, config_file: str | None, chosen: Sequence[str], *, yes: bool) -> int:
    """Find what a broken `up` left, and on consent put it into the state.

    Returns 0, or 2 where a person has to settle something or to wait. Raises UsageError where no
    `up` ever began, or another engine is at work on the stack.
    """
    settings = pulumi_cli.settings(stack, config_file)
    typer.echo(f"provider: {plugin.answering(os.environ)}")
    plugin.refuse_wrong_state(os.environ)
    _without_half_written(settings.project, stack)
    exported = pulumi_cli.exported(stack)
    state = documents.deployment(exported)
    if not (state.pending or any(not each.type.startswith("pulumi:") for each in state.resources)):
        raise UsageError(
            f"the state of {stack} is empty and nothing was interrupted: there is nothing to mend."
            f" What runs today is taken over by `python -m ops adopt --stack {stack}`"
        )
    ended = orphans.end(settings.project)
    planned = build(settings)
    with client.visit(os.environ) as there:
        found = survey(planned, there, state_ids(stack), chosen_among(chosen))
        unready = list(_unready(there, found))
    again = doubtful(state, planned)
    pending = {urn.name: op for urn, op in state.pending.items()}
    finding = Finding(ended, pending, [urn.name for urn in again], unready, found)
    typer.echo("\n".join(finding.lines()) or "nothing to mend")
    if unready:
        typer.echo(f"\nnothing was changed: wait, then `python -m ops mend --stack {stack}` again")
        return 2
    wanted = ids(found.matched)
    change = bool(wanted or pending or again)
    if change:
        consent(f"\nput that into the state of {stack}?", yes=yes)
    _settle(stack, exported)
    if again:
        these = [argument for urn in again for argument in ("--target", urn)]
        how = ("--yes", "--skip-preview")
        lost_stores.before("refresh", stack, these, config_file=config_file)
        pulumi_cli.text("refresh", *pulumi_cli.target(stack, config_file), *these, *how)
    take_over(stack, config_file, wanted)
    if change:
        typer.echo(f"\nthe state is in order: {len(wanted)} imported; `up` makes what is missing")
    return 2 if finding.left else 0


def _without_half_written(project: str, stack: str) -> None:
    """Take away an empty description of a state on this disk, at which the engine would stop.

    It is written before the state itself, which is put in place in one step.
    """
    url = urlsplit(os.environ.get("PULUMI_BACKEND_URL", ""))
    if url.scheme == "file":
        stacks = Path(url2pathname(url.path)) / ".pulumi" / "stacks"
        file = stacks / project / f"{stack}.json.attrs"
        if file.exists() and not file.stat().st_size:
            file.unlink()
            typer.echo(f"taken away: {file}, which a killed engine had left empty")


def _unready(there: Account, found: Survey) -> Iterator[Live]:
    """Yield what is to be imported and still being made: its addresses are not known yet."""
    matched = {(live.kind, live.id): live for live in found.matched.values()}
    if {kind for kind, _ in matched} & {"Droplet", "DatabaseCluster", "App"}:
        for kind, identity in in_the_making(there):
            if (kind, identity) in matched:
                yield matched[kind, identity]


def in_the_making(there: Account) -> Iterator[tuple[str, str]]:
    """Yield type and id of what the account is still making."""
    for each in there.read("droplets"):
        if each["status"] == "new":
            yield "Droplet", str(each["id"])
    for each in there.read("clusters"):
        if each["status"] in ("creating", "forking"):
            yield "DatabaseCluster", each["id"]
    for each in there.read("apps"):
        begun = each.get("pending_deployment") or each.get("in_progress_deployment")
        if begun and not each.get("active_deployment"):
            yield "App", each["id"]


def _settle(stack: str, exported: str) -> None:
    """Let the engine forget what it remembers as unfinished, and a lock that a dead one holds.

    Importing a state clears its pending operations. What of them exists is imported next, and what
    does not is made by the next `up`. Raises UsageError where another engine is at work.
    """
    now = pulumi_cli.exported(stack)
    try:
        pulumi_cli.text("stack", "import", "--stack", stack, stdin=now)
    except UsageError as error:
        holders = LOCK.findall(str(error))
        if not holders:
            raise
        if held := [f"{host}, pid {pid}" for host, pid in holders if _alive(host, int(pid))]:
            raise UsageError(
                f"an engine is at work on {stack}: {'; '.join(held)}. Nothing was changed. Wait"
                " until it ends, or stop it with Ctrl-C once; where it runs no more on that"
                f" other machine, `pulumi cancel --stack {stack}`"
            ) from None
        pulumi_cli.text("cancel", "--stack", stack, "--yes")
        dead = ", ".join(pid for _, pid in holders)
        typer.echo(f"released: the lock on {stack} of an engine that is dead, pid {dead}")
        pulumi_cli.text("stack", "import", "--stack", stack, stdin=now)
    if now != exported:
        raise UsageError(
            f"the state of {stack} is another one by now: somebody was at work on it. Nothing was"
            " imported; see that nobody is, and run this again"
        )


def _alive(host: str, pid: int) -> bool:
    """Tell whether a lock's holder may be at work; of another machine nobody here can say."""
    return host != socket.gethostname() or orphans.alive(pid)
