"""Compares cloud, state and code as the engine sees them. Reads only.

The provider does not read a bucket's ACL, so Spaces itself is asked for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from ops.account import acl
from ops.account.client import NoAccessError
from ops.drift import unmanaged_records
from ops.engine import plugin, pulumi_cli
from ops.engine.drifts import CHANGED, Drift, drifts

PREVIEW = ("preview", "--ignore-protect")  # else the engine stops at the first refusal


def run(stack: str, config_file: str | None, form: str, report_file: str | None = None) -> int:
    """Print both comparisons, and the DNS records that no code declares.

    The report file gets the published form in any case. Returns 0 without a drift, else 2; an
    undeclared record is no drift. Raises UsageError with the engine's own message.
    """
    pulumi_cli.settings(stack, config_file)
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
        "unmanagedRecords": records,  # null where they could not be read
    }
    if form == "json":
        typer.echo(json.dumps(report, indent=2))
    else:
        for head, part in (("live against state", live), ("code against state", code)):
            typer.echo(f"\n{head}:")
            for line in [line for drift in part for line in drift.lines()] or ["no drift"]:
                typer.echo(f"  {line}")
        if records:
            typer.echo("\nrecords that no code declares, and that are lost with their zone:")
            typer.echo("\n".join(f"  {line}" for line in unmanaged_records.lines(records)))
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    if report_file:
        Path(report_file).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 2 if live or code else 0


def _compare(
    target: Sequence[str],
) -> tuple[list[Drift], list[Drift], list[dict[str, Any]] | None, list[str]]:
    """Return both comparisons, the undeclared records, and notes for the reader."""
    refreshed = pulumi_cli.preview(*pulumi_cli.LIVE, *target)
    live = drifts(refreshed, "live")
    planned = pulumi_cli.preview(*PREVIEW, *target)
    code = drifts(planned, "code")
    if any(drift.secret for drift in live):
        current = drifts(pulumi_cli.preview(*PREVIEW, "--refresh", *target), "code")
        live = without_own_seals(live, code, current)
    notes = planned.messages("info")
    try:
        acls = acl.changed(refreshed, os.environ)
        live += [Drift(each.resource, CHANGED, each.change, mend=each.mend) for each in acls]
    except NoAccessError as error:
        notes.append(f"the ACLs of the buckets were not checked: {error}")
    try:
        records = unmanaged_records.unmanaged(refreshed, os.environ)
    except NoAccessError as error:
        records = None
        notes.append(f"the zones were not searched for undeclared records: {error}")
    return live, code, records, notes


def without_own_seals(
    live: Sequence[Drift], code: Sequence[Drift], current: Sequence[Drift]
) -> list[Drift]:
    """Leave out secrets that are unchanged. `current` is the code against the refreshed state.

    A secret that an `up` sent plain differs from its sealed form until the next `up`, and the
    engine hides both values. Where the code sends what the state has, it differs from the cloud
    only if it was changed there. A secret that the code changes too is reported with the code.
    """

    def secrets(drifts: Sequence[Drift]) -> set[tuple[str, str]]:
        return {(drift.resource, drift.path) for drift in drifts if drift.secret}

    changed_live = secrets(current) - secrets(code)
    return [d for d in live if not d.secret or (d.resource, d.path) in changed_live]
