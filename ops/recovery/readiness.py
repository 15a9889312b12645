"""What a recovery needs, and whether it is available. Reads only."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

from ops.account.client import visit
from ops.cli.errors import UsageError
from ops.cli.findings import Finding, Part
from ops.recovery.checks import access, backups, secrets, settings, sources, tools
from ops.recovery.checks.delegation import ZONES
from ops.recovery.checks.subject import Subject, plans
from ops.recovery.kinds import CLOUD, KINDS, ON_PREMISES, LossKind
from ops.state import check as state
from ops.verify.backups import BACKUPS


class Prerequisite(NamedTuple):
    """What the recovery from some kinds of loss needs, and the check of it."""

    part: Part
    kinds: Collection[LossKind]
    check: Callable[[Subject], Iterable[Finding]]


def _state(subject: Subject) -> Iterator[Finding]:
    yield from state.look(subject.plan.stack, subject.environ)


PREREQUISITES = (
    Prerequisite(tools.TOOLS, CLOUD, tools.pulumi),
    Prerequisite(tools.TOOLS, KINDS, tools.packages),
    Prerequisite(tools.TOOLS, ("droplet", "app", "region"), tools.git),
    Prerequisite(tools.TOOLS, ("droplet", "region", *ON_PREMISES), tools.ssh),
    Prerequisite(tools.TOOLS, ("droplet", "region"), tools.ssh_key),
    Prerequisite(access.TOKEN, CLOUD, access.token),
    Prerequisite(access.TOKEN, CLOUD, access.scopes),
    Prerequisite(access.SPACES, CLOUD, access.spaces_key),
    Prerequisite(access.ACCOUNT, CLOUD, access.status),
    Prerequisite(access.ACCOUNT, ("droplet", "database", "region"), access.limits),
    Prerequisite(state.STATE, CLOUD, _state),
    Prerequisite(secrets.SECRETS, CLOUD, secrets.declared),
    Prerequisite(secrets.SECRETS, CLOUD, secrets.stored),
    Prerequisite(secrets.SECRETS, KINDS, secrets.elsewhere),
    Prerequisite(settings.SETTINGS, CLOUD, settings.refused),
    Prerequisite(BACKUPS, ("droplet", "region"), backups.droplets),
    Prerequisite(BACKUPS, ("database", "region"), backups.clusters),
    Prerequisite(BACKUPS, ("database", "region"), backups.sources),
    Prerequisite(BACKUPS, ("bucket", "region"), backups.buckets),
    Prerequisite(BACKUPS, ON_PREMISES, backups.pencom),
    Prerequisite(sources.GIT, ("droplet", "app", "region"), sources.repositories),
    Prerequisite(ZONES, ("zone", "region"), sources.zones),
    Prerequisite(ZONES, {"zone"}, sources.drift),
    Prerequisite(settings.PENCOM, ON_PREMISES, settings.pencom),
)


def check(
    stack: str,
    config_file: str | None,
    environ: Mapping[str, str],
    kinds: Collection[LossKind] | None = None,
) -> list[Finding]:
    """Check what the recovery from some kinds of loss needs; without `kinds`, from any.

    Raises UsageError for an unknown stack.
    """
    chosen = frozenset(KINDS if kinds is None else kinds)
    known = plans(stack, config_file, region="region" in chosen)
    needed = [each for each in PREREQUISITES if not chosen.isdisjoint(each.kinds)]
    with ExitStack() as entered, ThreadPoolExecutor(len(needed) + 1) as pool:
        account = pool.submit(entered.enter_context, visit(environ))
        subject = Subject(known, config_file, environ, chosen, account.result)
        parts = pool.map(lambda each: _run(each, subject), needed)
        # Two checks that fail for one reason report it once.
        return list(dict.fromkeys(finding for part in parts for finding in part))


def _run(prerequisite: Prerequisite, subject: Subject) -> list[Finding]:
    """Run a check; if it breaks off, keep its findings and add the reason."""
    findings: list[Finding] = []
    try:
        for finding in prerequisite.check(subject):
            findings.append(finding)
    except (UsageError, OSError, subprocess.SubprocessError) as error:
        findings.append(prerequisite.part.not_checked("the rest", str(error)))
    return findings
