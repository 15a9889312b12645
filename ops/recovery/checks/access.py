"""Whether the account can be used: its token, its Spaces key, its status and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import rehearsal
from ops.account.client import SPACES_KEYS, RefusedError, refusals
from ops.account.lists import LISTS
from ops.cli.errors import UsageError
from ops.cli.findings import Finding, Part
from ops.engine import plugin
from ops.recovery.checks.subject import Plan, Subject

TOKEN, SPACES, ACCOUNT = Part("token"), Part("Spaces"), Part("account")
DETAILS = "account:read"
NAMES = (
    *("apps", "cdns", "clusters", "domains", "droplets", "firewalls", "monitor alerts"),
    *("projects", "reserved IPs", "Spaces keys", "SSH keys", "tags", "uptime checks", "VPCs"),
)
SCOPES = {LISTS[name].scope: name for name in NAMES} | {DETAILS: ""}  # by scope, what it reads
CREDENTIALS = "database:view_credentials"
TOKENS = "cloud.digitalocean.com, API, Tokens"
CLUSTERS = 10  # assumed: DigitalOcean's limit for an account that did not ask for more
AT_ONCE = 8  # requests


def token(subject: Subject) -> Iterator[Finding]:
    """Check that a token is set and that the account accepts it."""
    name = rehearsal.TOKEN_VARIABLES[0]
    repair = f"export {name}=... (write scope; {TOKENS}, or ask the account's owner)"
    variables = filter(None, map(subject.environ.get, rehearsal.TOKEN_VARIABLES))
    value = next(variables, None)
    if not subject.rehearsed and not value:
        detail = "not set"
        if "digitalocean:token" in subject.plan.settings.values:
            detail = f"not set: it is only in {subject.plan.file}, which only an `up` reads"
            entry = f"pulumi config get --stack {subject.plan.stack} digitalocean:token"
            repair = f'export {name}="$({entry})"'
        yield TOKEN.bad(name, detail, repair)
        return
    if not subject.rehearsed and value in (rehearsal.TOKEN, plugin.THROW_AWAY):
        yield TOKEN.bad(name, "a throw-away token", repair)
        return
    try:
        subject.account().details()
    except RefusedError as error:
        if error.status == 401:
            yield TOKEN.bad(name, "the account rejects it (401)", repair)
            return
        if error.status is None:
            network = "check status.digitalocean.com and this machine's network"
            yield TOKEN.bad(name, str(error), network)
            return
    except UsageError as error:
        yield TOKEN.bad(name, str(error), "correct the variable that it names")
        return
    yield TOKEN.ok(name, "set, and the account accepts it")


def scopes(subject: Subject) -> Iterator[Finding]:
    """Check that the token may read each list that a recovery needs."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(partial(_scope, subject), SCOPES)
    try:
        clusters = subject.account().read("clusters")
    except UsageError:  # the finding of its own scope says so
        clusters = []
    if without := [each["name"] for each in clusters if _lacks_password(each)]:
        yield _lacking(CREDENTIALS, f"{without[0]} comes without its password")
    elif clusters:
        yield TOKEN.ok(CREDENTIALS, "clusters come with their passwords")
    detail = "only a change would show whether the token may create, update and delete"
    yield TOKEN.not_checked("write scopes", detail, f"look there: {TOKENS}")


def _scope(subject: Subject, scope: str) -> Finding:
    try:
        account = subject.account()
        account.details() if scope == DETAILS else account.read(SCOPES[scope])
    except UsageError as error:
        if isinstance(error, RefusedError) and error.status == 403:
            return _lacking(scope, "the token may not read it (403)")
        return TOKEN.not_checked(scope, str(error))
    return TOKEN.ok(scope, "the token may read it")


def _lacks_password(cluster: dict[str, Any]) -> bool:
    connection = cluster.get("connection") or {}
    return cluster.get("engine") != "mongodb" and not connection.get("password")


def _lacking(scope: str, detail: str) -> Finding:
    return TOKEN.bad(scope, detail, f"a token with the scope {scope}: {TOKENS}")


def spaces_key(subject: Subject) -> Iterator[Finding]:
    """Check that a Spaces key is set and lists the buckets of each region."""
    source = "cloud.digitalocean.com, Spaces, Access Keys, or ask the account's owner"
    repair = f"export {' '.join(f'{each}=...' for each in SPACES_KEYS)} (full access; {source})"
    missing = [each for each in SPACES_KEYS if not subject.environ.get(each)]
    if missing and not subject.rehearsed:
        yield SPACES.bad("key", f"{' and '.join(missing)} not set", repair)
        return
    account, counts = subject.account(), []
    try:
        for region in _bucket_regions(subject.plans):
            with refusals():
                buckets = account.spaces(region).list_buckets()["Buckets"]
            counts.append(f"{len(buckets)} buckets in {region}")
    except RefusedError as error:
        yield SPACES.bad("key", str(error), repair)
    else:
        yield SPACES.ok("key", ", ".join(counts))


def _bucket_regions(plans: Iterable[Plan]) -> list[str]:
    planned = [plan for plan in plans if plan.graph]
    buckets = [each for plan in planned for each in plan.resources("SpacesBucket")]
    return list(dict.fromkeys(each.inputs["region"] for each in buckets))


def status(subject: Subject) -> Iterator[Finding]:
    """Check that the account is active."""
    account = subject.account().details()
    active = account.get("status") == "active"
    detail = "active"
    if not active:
        detail = f"{account.get('status')} {account.get('status_message') or ''}".strip()
    repair = "nothing can be created: cloudsupport.digitalocean.com, and whoever pays the account"
    yield ACCOUNT.verdict("status", detail, repair, ok=active)


def limits(subject: Subject) -> Iterator[Finding]:
    """Check that the account's limits allow what a recovery creates beside the live resources."""
    droplets = int(subject.account().details()["droplet_limit"])
    for kind, name, limit, source in (
        ("Droplet", "droplets", droplets, ""),
        ("DatabaseCluster", "clusters", CLUSTERS, " (assumed)"),
    ):
        live = len(subject.account().read(name))
        # A new one is created before the old one goes; after the loss of a region, all of them.
        more = len(subject.plans[-1].resources(kind)) if subject.includes("region") else 1
        detail = f"{live} live, {more} more needed, the limit is {limit}{source}"
        repair = "ask for more now: cloudsupport.digitalocean.com; an answer takes days"
        yield ACCOUNT.verdict(f"limit of {name}", detail, repair, ok=live + more <= limit)
