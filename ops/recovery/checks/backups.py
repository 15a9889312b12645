"""Whether what was lost can be had again: the newest copy of each thing that holds data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from components.facts.stores import CACHES
from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.impact.dependencies import STORES
from ops.recovery.checks.account import Seen
from ops.recovery.checks.account import backups as question
from ops.recovery.checks.subject import Plan, Subject

DAILY = timedelta(hours=36)  # a day's copy, and half a day for it to be late
WEEKLY = timedelta(days=7, hours=12)
RESTORED = {  # by engine, what its backups can be restored to
    "pg": "any moment of the last 7 days",
    "mongodb": "the daily copies",
}
SUPPORT = "DigitalOcean makes them: cloudsupport.digitalocean.com"


def owners(plan: Plan) -> list[tuple[str, str]]:
    """Name what has backups, as (`droplet` or `database`, name)."""
    kinds = {"Droplet": "droplet", "DatabaseCluster": "database"} if plan.graph else {}
    return [
        (word, each.inputs["name"]) for kind, word in kinds.items() for each in plan.every(kind)
    ]


def droplets(subject: Subject) -> Iterator[Finding]:
    """Look at the copies of each droplet."""
    for resource in subject.plan.every("Droplet"):
        name, wanted = resource.inputs["name"], resource.inputs.get("backups")
        found = subject.account().called("droplet", name)
        if found is None:
            yield _absent(name, subject)
        elif "backups" not in found["features"]:
            told = "backups are off: what only stands on its disk has no copy"
            mend = f"make up STACK={subject.plan.stack}"
            if not wanted:
                mend = f"set `backups` of {name} in {subject.plan.file}, then {mend}"
            yield Finding("backups", name, "bad", told, mend)
        else:
            weekly = (resource.inputs.get("backupPolicy") or {}).get("plan") == "weekly"
            yield _newest(name, found["id"], subject.account(), WEEKLY if weekly else DAILY, "")


def clusters(subject: Subject) -> Iterator[Finding]:
    """Look at the backups of each cluster that has some."""
    for resource in subject.plan.every("DatabaseCluster"):
        name, engine = resource.inputs["name"], resource.inputs["engine"]
        if engine in CACHES:
            held = STORES[resource.name]
            yield Finding("backups", name, "ok", f"{held.content}: {held.recovery}")
            continue
        found = subject.account().called("database", name)
        if found is None:
            yield _absent(name, subject)
        else:
            window = f"; it goes back to {RESTORED[engine]}"
            yield _newest(name, found["id"], subject.account(), DAILY, window)


def sources(subject: Subject) -> Iterator[Finding]:
    """Look whether each cluster is there that another one is to be filled from."""
    for plan in subject.plans:
        for resource in plan.every("DatabaseCluster"):
            if not (source := (resource.inputs.get("backupRestore") or {}).get("databaseName")):
                continue
            name = f"{resource.inputs['name']} from {source}"
            if subject.account().called("database", source):
                yield Finding("backups", name, "ok", f"{source} is there")
            else:
                told = f"there is no cluster {source} to fill it from"
                mend = f"name the one that runs: `restore` of {resource.name} in {plan.file}"
                yield Finding("backups", name, "bad", told, mend)


def buckets(subject: Subject) -> Iterator[Finding]:
    """Say what is known of copies of the buckets' contents."""
    for resource in subject.plan.every("SpacesBucket"):
        held = STORES[resource.name]
        mend = "ask the product's owners for a copy elsewhere; nothing here makes one"
        told = f"{held.content}: {held.recovery}"
        yield Finding("backups", resource.inputs["name"], "unseen", told, mend)


def pencom(subject: Subject) -> Iterator[Finding]:
    """Say whom to ask for the copies of Pencom's stores."""
    if not subject.plan.setting("pencom"):
        return
    for name in (each for each in STORES if each.startswith("pencom-")):
        store = name.removeprefix("pencom-")
        told = f"{STORES[name].content}: no backup is documented"
        mend = "ask the infrastructure team when it was last backed up, and restored"
        yield Finding("backups", store, "unseen", told, mend)


def _newest(name: str, identity: Any, seen: Seen, limit: timedelta, more: str) -> Finding:
    """Say how old the newest copy is."""
    try:
        ages = _ages(seen.told(question(identity)))
    except UsageError as error:
        mend = f"cloud.digitalocean.com, {name}, Backups"
        return Finding("backups", name, "unseen", str(error), mend)
    if not ages:
        return Finding("backups", name, "bad", "no backup at all", SUPPORT)
    told = f"the newest is {_hours(min(ages))} old, of {len(ages)}"
    if min(ages) > limit:
        return Finding("backups", name, "bad", f"{told}; allowed is {_hours(limit)}", SUPPORT)
    return Finding("backups", name, "ok", told + more)


def _ages(listed: Sequence[dict[str, Any]]) -> list[timedelta]:
    now = datetime.now(UTC)
    return [now - datetime.fromisoformat(each["created_at"]) for each in listed]


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.0f} h"


def _absent(name: str, subject: Subject) -> Finding:
    told = f"the account has nothing of that name, so that no backup of {name} can be seen"
    mend = (
        "where it is what was lost: its backups are listed in the console; else take over the one"
        f" that runs: `python -m ops adopt --stack {subject.plan.stack}`"
    )
    return Finding("backups", name, "bad", told, mend)
