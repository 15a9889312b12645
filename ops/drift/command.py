"""What differs between cloud, state and code, as the engine sees it. Reads; changes nothing.

It tells what the provider reads back, and of a bucket's ACL, which that does not, what Spaces says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from ops.account import acl
from ops.account.client import NotAtHandError
from ops.drift import unmanaged_records
from ops.engine import plugin, pulumi_cli
from ops.engine.drifts import CHANGED, Drift, drifts

PREVIEW = ("preview", "--ignore-protect")  # else the engine stops at what it would refuse


def run(stack: str, config_file: str | None, form: str, report_file: str | None = None) -> int:
    """Print both comparisons, and the records that no code knows.

    The report file gets the published form, whatever is printed. Returns 0 without a drift, else 2:
    a record is none. Raises UsageError with the engine's own words where it could not tell.
    """
    pulumi_cli.settings(stack, config_file)  # what is not there is said at once
    provider = plugin.answering(os.environ)
    if form == "text":
        typer.echo(f"provider: {provider}")
    live, code, records, notes = _compare(pulumi_cli.target(stack, config_file))
    report = {
        "stack": stack,
        "provider": provider,
        "drift": bool(live or code),
        "liveAgainstState": [drift.as_json() for drift in live],
        "codeAgainstState": [drift.as_json() for drift in code],
        "unmanagedRecords": records,  # null where nobody could look
    }
    if form == "json":
        typer.echo(json.dumps(report, indent=2))
    else:
        for head, part in (("live against state", live), ("code against state", code)):
            typer.echo(f"\n{head}:")
            for line in [line for drift in part for line in drift.lines()] or ["no drift"]:
                typer.echo(f"  {line}")
        if records:
            typer.echo("\nrecords that no code knows, and that are lost with their zone:")
            typer.echo("\n".join(f"  {line}" for line in unmanaged_records.lines(records)))
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    if report_file:
        Path(report_file).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 2 if live or code else 0


def _compare(
    target: Sequence[str],
) -> tuple[list[Drift], list[Drift], list[dict[str, Any]] | None, list[str]]:
    """Give both comparisons, the records that no code knows, and what else there is to say."""
    refreshed = pulumi_cli.preview(*pulumi_cli.LIVE, *target)
    live = drifts(refreshed, "live")
    planned = pulumi_cli.preview(*PREVIEW, *target)
    code = drifts(planned, "code")
    if any(drift.secret for drift in live):
        current = drifts(pulumi_cli.preview(*PREVIEW, "--refresh", *target), "code")
        live = without_own_seals(live, code, current)
    notes = planned.messages("info")
    try:
        opened = acl.changed(refreshed, os.environ)
        live += [Drift(each.resource, CHANGED, each.change, mend=each.mend) for each in opened]
    except NotAtHandError as error:
        notes.append(f"the buckets' ACLs were not looked at: {error}")
    try:
        records = unmanaged_records.unmanaged(refreshed, os.environ)
    except NotAtHandError as error:
        records = None
        notes.append(f"the zones were not searched for records that no code knows: {error}")
    return live, code, records, notes


def without_own_seals(
    live: Sequence[Drift], code: Sequence[Drift], current: Sequence[Drift]
) -> list[Drift]:
    """Leave out the secrets that nobody touched. `current` is code against the cloud as it is.

    A secret that an `up` sent plain differs from its sealed answer until the next `up`, and the
    engine hides both. But where the code sends what the state has, it differs from the cloud only
    if somebody changed it there. One that the code changes too is told in that part alone.
    """

    def secrets(found: Sequence[Drift]) -> set[tuple[str, str]]:
        return {(drift.resource, drift.path) for drift in found if drift.secret}

    touched = secrets(current) - secrets(code)
    return [d for d in live if not d.secret or (d.resource, d.path) in touched]
