"""How old the newest backup of a droplet or a cluster may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.cli.findings import Finding, Part

BACKUPS = Part("backups")
DAILY = timedelta(hours=36)  # a daily backup, and half a day for it to be late
WEEKLY = timedelta(days=7, hours=12)
SUPPORT = "DigitalOcean makes them: cloudsupport.digitalocean.com"


def droplet_limit(inputs: Mapping[str, Any]) -> timedelta:
    """Return how old the newest backup of a droplet may be, from its inputs."""
    policy = inputs.get("backupPolicy") or {"plan": "weekly"}  # DigitalOcean's default
    return DAILY if policy.get("plan") == "daily" else WEEKLY


def newest(
    name: str,
    backups: Sequence[Mapping[str, Any]],
    limit: timedelta,
    created: str | None = None,
) -> Finding:
    """Compare the age of the newest backup with its limit.

    A resource `created` within the limit may have no backup yet.
    """
    now = datetime.now(UTC)
    required = f"; required is one younger than {_hours(limit)}"
    if times := [datetime.fromisoformat(each["created_at"]) for each in backups]:
        age = now - max(times)
        detail = f"the newest of {len(times)} is {_hours(age)} old"
        if age < limit:
            return BACKUPS.ok(name, detail)
        return BACKUPS.bad(name, detail + required, SUPPORT)
    if created and (age := now - datetime.fromisoformat(created)) < limit:
        detail = f"none yet: created {_hours(age)} ago; check again within {_hours(limit)}"
        return BACKUPS.not_checked(name, detail)
    return BACKUPS.bad(name, f"none{required}", SUPPORT)


def _hours(age: timedelta) -> str:
    return f"{age // timedelta(hours=1)} h"
