"""Whether the account can be worked with: its token, its Spaces key, and what it has room for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rehearsal
from ops.account.client import SPACES_KEYS
from ops.cli.findings import Finding
from ops.engine import plugin
from ops.recovery.checks.account import ACCOUNT, LISTS, spaces
from ops.recovery.checks.subject import Plan, Subject

SCOPES = (*LISTS, ACCOUNT)
CREDENTIALS = "database:view_credentials"
TOKENS = "cloud.digitalocean.com, API, Tokens"
CLUSTERS = 10  # assumed: what DigitalOcean gives an account that has not asked for more
SUPPORT = "ask for more now: cloudsupport.digitalocean.com; an answer takes days"


def token(subject: Subject) -> Iterator[Finding]:
    """Look for the token, and hear whether the account takes it."""
    name = rehearsal.TOKEN_VARIABLES[0]
    mend = f"export {name}=... (write scope; {TOKENS}, or whoever owns the account)"
    held = [
        subject.environ[each] for each in rehearsal.TOKEN_VARIABLES if subject.environ.get(each)
    ]
    if not held and not subject.rehearsed:
        told = "not set"
        if "digitalocean:token" in subject.plan.settings.values:
            told = f"not set, it stands in {subject.plan.file} alone: only an `up` looks there"
            kept = f"pulumi config get --stack {subject.plan.stack} digitalocean:token"
            mend = f'export {name}="$({kept})"'
        yield Finding("token", name, "bad", told, mend)
    elif not subject.rehearsed and held[0] in (rehearsal.TOKEN, plugin.THROW_AWAY):
        yield Finding("token", name, "bad", "a throw-away one", mend)
    elif closed := subject.account().closed:
        yield Finding("token", name, "bad", closed, "set right what it names")
    elif 401 in _statuses(subject):
        yield Finding("token", name, "bad", "the account does not take it (401)", mend)
    elif _statuses(subject) == [None]:
        told = str(subject.account().refused(ACCOUNT))
        yield Finding("token", name, "bad", told, "status.digitalocean.com; this machine's network")
    else:
        yield Finding("token", name, "ok", "at hand, and the account takes it")


def _statuses(subject: Subject) -> list[int | None]:
    """Give each status with which the account refused something."""
    refusals = [subject.account().refused(scope) for scope in SCOPES]
    return list({each.status if each else 200 for each in refusals})


def scopes(subject: Subject) -> Iterator[Finding]:
    """Read each list that a recovery needs: 403 means that the token lacks its scope."""
    seen = subject.account()
    for scope in SCOPES:
        refused = seen.refused(scope)
        if seen.closed or (refused and refused.status != 403):
            yield Finding("token", scope, "not checked", seen.closed or str(refused))
        elif refused:
            yield _lacking(scope, "the token may not read it (403)")
        else:
            yield Finding("token", scope, "ok", "read")
    if not (seen.closed or seen.refused("database:read")):
        blank = [each for each in seen.told("database:read") if _blank(each)]
        if blank:
            yield _lacking(CREDENTIALS, f"{blank[0]['name']} comes without its password")
        else:
            yield Finding("token", CREDENTIALS, "ok", "clusters come with their passwords")
    told = "only a change would show whether the token may create, update and delete"
    yield Finding("token", "write scopes", "not checked", told, f"look there: {TOKENS}")


def _blank(cluster: dict[str, Any]) -> bool:
    """Whether a cluster comes without the password that its kind has."""
    connection = cluster.get("connection") or {}
    return cluster.get("engine") != "mongodb" and not connection.get("password")


def _lacking(scope: str, told: str) -> Finding:
    return Finding("token", scope, "bad", told, f"a token with the scope {scope}: {TOKENS}")


def spaces_key(subject: Subject) -> Iterator[Finding]:
    """Look for the Spaces key, and hear whether it lists buckets."""
    where = "cloud.digitalocean.com, Spaces, Access Keys, or whoever owns the account"
    mend = f"export {' '.join(f'{each}=...' for each in SPACES_KEYS)} (full access; {where})"
    missing = [each for each in SPACES_KEYS if not subject.environ.get(each)]
    if missing and not subject.rehearsed:
        yield Finding("Spaces", "key", "bad", f"{' and '.join(missing)} not set", mend)
        return
    seen, places = subject.account(), [spaces(region) for region in regions(subject.plans)]
    if refused := next(filter(None, map(seen.refused, places)), None):
        yield Finding("Spaces", "key", "bad", str(refused), mend)
    else:
        told = ", ".join(f"{place}: {len(seen.told(place))} buckets" for place in places)
        yield Finding("Spaces", "key", "ok", told)


def regions(plans: tuple[Plan, ...]) -> list[str]:
    """Name the regions in which there are, or will be, buckets."""
    planned = [plan for plan in plans if plan.graph]
    found = [each.inputs["region"] for plan in planned for each in plan.every("SpacesBucket")]
    return list(dict.fromkeys(found))


def standing(subject: Subject) -> Iterator[Finding]:
    """Look whether the account is in good standing."""
    account = subject.account().told(ACCOUNT)
    if (status := account.get("status")) == "active":
        yield Finding("account", "status", "ok", "active")
    else:
        said = f"{status} {account.get('status_message') or ''}".strip()
        mend = "nothing can be made: cloudsupport.digitalocean.com, and whoever pays the account"
        yield Finding("account", "status", "bad", said, mend)


def room(subject: Subject) -> Iterator[Finding]:
    """Look whether what a recovery makes fits beside what there is."""
    limits = {
        "Droplet": int(subject.account().told(ACCOUNT)["droplet_limit"]),
        "DatabaseCluster": CLUSTERS,
    }
    for kind, scope in (("Droplet", "droplet:read"), ("DatabaseCluster", "database:read")):
        there = len(subject.account().told(scope))
        # Another one before the old one goes; of a lost region, all of them.
        wanted = len(subject.plans[-1].every(kind)) if subject.matters("region") else 1
        assumed = " (assumed)" if kind == "DatabaseCluster" else ""
        told = f"{there} there, {wanted} more wanted, the limit is {limits[kind]}{assumed}"
        fits = there + wanted <= limits[kind]
        name = f"room for {wanted} {kind}"
        yield Finding("account", name, "ok" if fits else "bad", told, "" if fits else SUPPORT)
