"""Repairs the state after an `up` that was killed or failed. Deletes nothing.

Resources that a killed engine was creating, or whose answer was lost, are in the account and in no
state: the next `up` would create them twice, or be refused. Resources that it was deleting may be
missing, and the next deletion would be refused.
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
from ops.adopt.imports import (
    IMPORTED,
    ids,
    import_resources,
    part,
    possible_choices,
    read_choices,
    state_ids,
)
from ops.adopt.match import Survey, match
from ops.cli.consent import consent
from ops.cli.errors import UsageError
from ops.deploy import lost_stores
from ops.engine import documents, orphans, plugin, pulumi_cli
from ops.engine.documents import MAKING, Deployment
from ops.plan.graph import Graph, build
from ops.plan.urn import Urn

LOCK = re.compile(r"created by \S+@(\S+) \(pid (\d+)\)")


def _doubtful(state: Deployment, planned: Graph) -> list[Urn]:
    """Return URNs that an `up` was changing or deleting, or would delete next."""
    names = {resource.name for resource in planned.resources}
    changing = {urn for urn, op in state.pending.items() if op not in MAKING}
    urns = dict.fromkeys(each.urn for each in state.in_cloud)
    return [urn for urn in urns if urn in changing or urn.name not in names]


@dataclass(frozen=True)
class Damage:
    """What an interrupted `up` left.

    `ended` are pids of orphaned plugins, `pending` the interrupted operations and `refreshed` the
    resources to read again, both by logical name. `unready` are still being created and cannot be
    read completely.
    """

    ended: Sequence[int]
    pending: Mapping[str, str]
    refreshed: Sequence[str]
    unready: Sequence[Live]
    survey: Survey

    @property
    def twins(self) -> dict[str, list[Live]]:
        """Live resources with the same name as one that is known."""
        survey = self.survey
        twins = {name: list(lives) for name, lives in survey.twins.items()}
        for name, live in {**survey.matched, **survey.lost}.items():
            same = [e for e in survey.unmanaged if (e.kind, e.name) == (live.kind, live.name)]
            twins |= {name: same} if same else {}
        return twins

    @property
    def keys(self) -> list[tuple[str, Live]]:
        """Keys, which no import can take: to be revoked. Several may have one name."""
        lives = {**self.survey.unclear, **{n: [live] for n, live in self.survey.lost.items()}}
        return [(n, e) for n, some in lives.items() for e in some if e.kind not in IMPORTED]

    @property
    def unclear(self) -> Survey:
        """The same survey, with only those unclear resources that can be imported."""
        revoked = {name for name, _ in self.keys}
        unclear = {n: e for n, e in self.survey.unclear.items() if n not in revoked}
        return replace(self.survey, unclear=unclear)

    @property
    def needs_person(self) -> bool:
        """Whether a person has to settle something."""
        return bool(self.survey.lost or self.twins or self.survey.unclear)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        survey = self.survey
        known = {**survey.managed, **survey.matched, **survey.lost}
        if self.ended:
            yield f"ended {len(self.ended)} plugins that outlived their engine: " + ", ".join(
                map(str, self.ended)
            )
        yield from part("interrupted", (f"{n}: while {op}" for n, op in self.pending.items()))
        yield from part(
            "in the account and not in the state: to import",
            (f"{name} = {live}" for name, live in survey.matched.items()),
        )
        yield from part(
            "in the state, and may be changed or missing: to read again", iter(self.refreshed)
        )
        yield from part(
            "live, and its secret is in no state: revoke it where nothing uses it;"
            " `up` creates another",
            (
                f"{name} = {live}   revoke it: doctl spaces keys delete {live.id}"
                for name, live in self.keys
            ),
        )
        yield from part(
            "live twice: find out which is in use, and delete the other by hand",
            (f"{n}: {known.get(n)} and {e}" for n, lives in self.twins.items() for e in lives),
        )
        yield from part("not clear: choose with --choose NAME=ID", possible_choices(self.unclear))
        yield from part("still being created", map(str, self.unready))


def run(stack: str, config_file: str | None, choices: Sequence[str], *, yes: bool) -> int:
    """Print what an interrupted `up` left and, with consent, put it into the state.

    Returns 0, or 2 where a person has to settle something or to wait. Raises UsageError where no
    `up` ever began, or another engine is running on the stack.
    """
    settings = pulumi_cli.settings(stack, config_file)
    typer.echo(f"provider: {plugin.answering(os.environ)}")
    plugin.refuse_wrong_state(os.environ)
    _remove_empty_attributes(settings.project, stack)
    exported = pulumi_cli.exported(stack)
    state = documents.deployment(exported)
    if not (state.pending or any(not each.type.startswith("pulumi:") for each in state.resources)):
        raise UsageError(
            f"the state of {stack} is empty and nothing was interrupted: nothing to repair."
            f" `python -m ops adopt --stack {stack}` takes over what runs today"
        )
    ended = orphans.end(settings.project)
    planned = build(settings)
    with client.visit(os.environ) as account:
        survey = match(planned, account, state_ids(stack), read_choices(choices))
        unready = list(_unready(account, survey))
    doubtful = _doubtful(state, planned)
    pending = {urn.name: op for urn, op in state.pending.items()}
    damage = Damage(ended, pending, [urn.name for urn in doubtful], unready, survey)
    typer.echo("\n".join(damage.lines()) or "nothing to repair")
    if unready:
        typer.echo(
            f"\nnothing was changed: wait, then run `python -m ops repair --stack {stack}` again"
        )
        return 2
    matched = ids(survey.matched)
    change = bool(matched or pending or doubtful)
    if change:
        consent(f"\nput that into the state of {stack}?", yes=yes)
    _clear_pending(stack, exported)
    if doubtful:
        targets = [argument for urn in doubtful for argument in ("--target", urn)]
        options = (*targets, "--yes", "--skip-preview")
        lost_stores.before("refresh", stack, targets, config_file=config_file)
        pulumi_cli.text("refresh", *pulumi_cli.target(stack, config_file), *options)
    import_resources(stack, config_file, matched)
    if change:
        typer.echo(f"\nthe state is in order: {len(matched)} imported; `up` creates the rest")
    return 2 if damage.needs_person else 0


def _remove_empty_attributes(project: str, stack: str) -> None:
    """Remove an empty `.attrs` file beside a state on this disk: the engine refuses to load it.

    A killed engine leaves it: it is written before the state, which is replaced in one step.
    """
    url = urlsplit(os.environ.get("PULUMI_BACKEND_URL", ""))
    if url.scheme == "file":
        stacks = Path(url2pathname(url.path)) / ".pulumi" / "stacks"
        file = stacks / project / f"{stack}.json.attrs"
        if file.exists() and not file.stat().st_size:
            file.unlink()
            typer.echo(f"removed: {file}, which a killed engine left empty")


def _unready(account: Account, survey: Survey) -> Iterator[Live]:
    """Yield matches that are still being created: their addresses are not known yet."""
    matched = {(live.kind, live.id): live for live in survey.matched.values()}
    if {kind for kind, _ in matched} & {"Droplet", "DatabaseCluster", "App"}:
        for kind, identity in being_created(account):
            if (kind, identity) in matched:
                yield matched[kind, identity]


def being_created(account: Account) -> Iterator[tuple[str, str]]:
    """Yield type and id of everything that the account is still creating."""
    for each in account.read("droplets"):
        if each["status"] == "new":
            yield "Droplet", str(each["id"])
    for each in account.read("clusters"):
        if each["status"] in ("creating", "forking"):
            yield "DatabaseCluster", each["id"]
    for each in account.read("apps"):
        deploying = each.get("pending_deployment") or each.get("in_progress_deployment")
        if deploying and not each.get("active_deployment"):
            yield "App", each["id"]


def _clear_pending(stack: str, exported: str) -> None:
    """Clear the pending operations of a state, and the lock of an engine that has ended.

    `pulumi stack import` of an export clears them. What exists of them is imported next, and the
    next `up` creates the rest. Raises UsageError where another engine is running.
    """
    now = pulumi_cli.exported(stack)
    try:
        pulumi_cli.text("stack", "import", "--stack", stack, stdin=now)
    except UsageError as error:
        holders = LOCK.findall(str(error))
        if not holders:
            raise
        if running := [f"{host}, pid {pid}" for host, pid in holders if _alive(host, int(pid))]:
            raise UsageError(
                f"an engine is running on {stack}: {'; '.join(running)}. Nothing was changed. Wait"
                " until it ends, or stop it with Ctrl-C once; if it has ended on that other"
                f" machine, `pulumi cancel --stack {stack}`"
            ) from None
        pulumi_cli.text("cancel", "--stack", stack, "--yes")
        dead = ", ".join(pid for _, pid in holders)
        typer.echo(f"released: the lock on {stack} of an engine that has ended, pid {dead}")
        pulumi_cli.text("stack", "import", "--stack", stack, stdin=now)
    if now != exported:
        raise UsageError(
            f"the state of {stack} has changed in the meantime: another engine was running. Nothing"
            " was imported; wait until it has ended, and run this again"
        )


def _alive(host: str, pid: int) -> bool:
    """Whether the holder of a lock may be running; always so on another machine."""
    return host != socket.gethostname() or orphans.alive(pid)
