"""What a recovery needs and whether it is there: `python -m ops recover --check`. Reads only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import typer

from ops.cli.errors import UsageError
from ops.cli.findings import Finding, show
from ops.engine import plugin
from ops.recovery.checks import access, backups, secrets, settings, sources, tools
from ops.recovery.checks.account import see
from ops.recovery.checks.subject import Subject, plans
from ops.recovery.kinds import CLOUD, KINDS, ON_PREMISES, LossKind
from ops.state import check as state


class Need(NamedTuple):
    """Something that the recovery from `kinds` of loss needs, and who looks for it."""

    part: str
    kinds: Collection[LossKind]
    look: Callable[[Subject], Iterable[Finding]]


def _state(subject: Subject) -> Iterator[Finding]:
    yield from state.look(subject.plan.stack, subject.environ)


NEEDS = (
    Need("tools", CLOUD, tools.pulumi),
    Need("tools", KINDS, tools.packages),
    Need("tools", ("droplet", "app", "region"), tools.git),
    Need("tools", ("droplet", "region", *ON_PREMISES), tools.ssh),
    Need("tools", ("droplet", "region"), tools.ssh_key),
    Need("token", CLOUD, access.token),
    Need("token", CLOUD, access.scopes),
    Need("Spaces", CLOUD, access.spaces_key),
    Need("account", CLOUD, access.standing),
    Need("account", ("droplet", "database", "region"), access.room),
    Need("state", CLOUD, _state),
    Need("secrets", CLOUD, secrets.declared),
    Need("secrets", CLOUD, secrets.stored),
    Need("secrets", KINDS, secrets.elsewhere),
    Need("settings", CLOUD, settings.refused),
    Need("backups", ("droplet", "region"), backups.droplets),
    Need("backups", ("database", "region"), backups.clusters),
    Need("backups", ("database", "region"), backups.sources),
    Need("backups", ("bucket", "region"), backups.buckets),
    Need("backups", ON_PREMISES, backups.pencom),
    Need("git", ("droplet", "app", "region"), sources.repositories),
    Need("zones", ("zone", "region"), sources.zones),
    Need("zones", {"zone"}, sources.drift),
    Need("pencom", ON_PREMISES, settings.pencom),
)


def look(
    stack: str,
    config_file: str | None,
    environ: Mapping[str, str],
    kinds: Collection[LossKind] | None = None,
) -> list[Finding]:
    """Look for all that the recovery from some kinds of loss needs, without `kinds` from any.

    What cannot be looked at is found `unseen`. Raises UsageError for a stack that nobody knows.
    """
    wanted = frozenset(KINDS if kinds is None else kinds)
    known = plans(stack, config_file, region="region" in wanted)
    needs = [need for need in NEEDS if not wanted.isdisjoint(need.kinds)]
    with ThreadPoolExecutor(len(needs) + 1) as pool:
        seen = pool.submit(see, environ, backups.owners(known[0]), access.regions(known))
        subject = Subject(known, config_file, environ, wanted, seen.result)
        found = pool.map(lambda need: _found(need, subject), needs)
        # Two who could not look for the same reason say it once.
        return list(dict.fromkeys(finding for part in found for finding in part))


def check(
    stack: str,
    config_file: str | None,
    form: str,
    kinds: Collection[LossKind] | None = None,
) -> int:
    """Print what is there and what is missing. Returns 1 where something needed is missing."""
    found = look(stack, config_file, os.environ, kinds)
    if form == "text":
        typer.echo(f"provider: {plugin.answering(os.environ)}")
    return show(f"what a recovery of {stack} needs", found, form)


def _found(need: Need, subject: Subject) -> list[Finding]:
    """Look, as far as that goes."""
    found: list[Finding] = []
    try:
        for each in need.look(subject):
            found.append(each)  # what was found before it broke off stays
    except (UsageError, OSError, subprocess.SubprocessError) as error:
        found.append(Finding(need.part, "not looked at", "not checked", str(error)))
    return found
