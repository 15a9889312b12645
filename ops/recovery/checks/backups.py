"""Whether lost data can be restored: the newest copy of everything that holds data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from components.facts.holding import CACHES
from ops.account.client import RefusedError
from ops.cli.findings import Finding
from ops.impact.dependencies import STORES
from ops.recovery.checks.subject import Subject
from ops.verify.backups import BACKUPS, DAILY, droplet_limit, newest

RESTORABLE = {  # by engine, what its backups can be restored to
    "pg": "any moment of the last 7 days",
    "mongodb": "the daily copies",
}


def droplets(subject: Subject) -> Iterator[Finding]:
    """Check the backups of each droplet."""
    for resource in subject.plan.resources("Droplet"):
        name = resource.inputs["name"]
        live = subject.live("droplets", name)
        if live is None:
            yield _missing(name, subject)
        elif "backups" not in live["features"]:
            repair = f"make up STACK={subject.plan.stack}"
            if not resource.inputs.get("backups"):
                repair = f"set `backups` of {name} in {subject.plan.file}, then {repair}"
            yield BACKUPS.bad(name, "backups are off: data on its disk has no copy", repair)
        else:
            limit = droplet_limit(resource.inputs)
            yield _newest(subject, "droplet backups", name, live["id"], limit)


def clusters(subject: Subject) -> Iterator[Finding]:
    """Check the backups of each cluster; a cache has none."""
    for resource in subject.plan.resources("DatabaseCluster"):
        name, engine = resource.inputs["name"], resource.inputs["engine"]
        if engine in CACHES:
            store = STORES[resource.name]
            yield BACKUPS.ok(name, f"{store.content}: {store.recovery}")
        elif (live := subject.live("clusters", name)) is None:
            yield _missing(name, subject)
        else:
            finding = _newest(subject, "cluster backups", name, live["id"], DAILY)
            yield replace(finding, detail=f"{finding.detail}; restorable: {RESTORABLE[engine]}")


def sources(subject: Subject) -> Iterator[Finding]:
    """Check that each cluster exists from whose backup another one is filled."""
    for plan in subject.plans:
        for resource in plan.resources("DatabaseCluster"):
            if not (source := (resource.inputs.get("backupRestore") or {}).get("databaseName")):
                continue
            exists = bool(subject.live("clusters", source))
            yield BACKUPS.verdict(
                f"{resource.inputs['name']} from {source}",
                f"{source} exists" if exists else f"there is no cluster {source} to fill it from",
                f"set `restore` of {resource.name} in {plan.file} to a live cluster",
                ok=exists,
            )


def buckets(subject: Subject) -> Iterator[Finding]:
    """Report what the facts say about copies of the buckets' contents."""
    for resource in subject.plan.resources("SpacesBucket"):
        store = STORES[resource.name]
        repair = "ask the product's owners for a copy elsewhere; nothing here makes one"
        detail = f"{store.content}: {store.recovery}"
        yield BACKUPS.not_checked(resource.inputs["name"], detail, repair)


def pencom(subject: Subject) -> Iterator[Finding]:
    """Report the contact for copies of Pencom's stores."""
    if not subject.plan.setting("pencom"):
        return
    for name in (each for each in STORES if each.startswith("pencom-")):
        detail = f"{STORES[name].content}: no backup is documented"
        repair = "ask the infrastructure team when it was last backed up, and restored"
        yield BACKUPS.not_checked(name.removeprefix("pencom-"), detail, repair)


def _newest(subject: Subject, kind: str, name: str, identity: object, limit: timedelta) -> Finding:
    try:
        backups = subject.account().read(kind, identity)
    except RefusedError as error:
        return BACKUPS.not_checked(name, str(error), f"cloud.digitalocean.com, {name}, Backups")
    return newest(name, backups, limit)


def _missing(name: str, subject: Subject) -> Finding:
    detail = f"missing in the account, so its backups cannot be checked: {name}"
    repair = (
        "if it is what was lost: its backups are listed in the console; otherwise adopt the live"
        f" one: `python -m ops adopt --stack {subject.plan.stack}`"
    )
    return BACKUPS.bad(name, detail, repair)
