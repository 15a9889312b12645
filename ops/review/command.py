"""What the reviewer of a change sees: what it destroys, what stands on it, what changes, costs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ops.diff.plans import Edit, between
from ops.diff.previews import load, previewed
from ops.impact.blast import Blast, blast
from ops.impact.edges import standing
from ops.plan import config
from ops.plan.graph import Graph, build
from ops.review import policy, prices, report
from ops.review.base import base, secrets
from ops.review.model import Review
from policy.estate import Operation
from policy.rules import Finding, findings


def run(stack: str, revision: str | None, preview: str | None, form: str) -> int:
    """Print the review of the working tree, or of a preview. Raises UsageError as they do."""
    settings = config.load(stack)
    answer = load(Path(preview), stack) if preview else None
    planned = build(settings)
    began = base(stack, settings.project, revision)
    told = review(began.plan, planned, f"the offline plan of {began.where}")
    if answer is not None:
        edits, old, new = previewed(answer, planned)
        # The engine does not tell of a protection that is taken away and nothing else.
        edits += [edit for edit in told.edits if edit.op == "same" and edit.unprotected]
        told = _review(
            edits, old, new, planned, f"the state, as the engine previewed it in {preview}"
        )
    told = replace(told, secrets=_rotated(began.secrets, secrets(stack)))
    if form == "json":
        print(json.dumps(told.as_json(), indent=2))  # noqa: T201
    else:
        forms = {"md": report.as_markdown, "text": report.as_text}
        sys.stdout.write(forms[form](told))
    return 0


def review(before: Graph, after: Graph, compared: str) -> Review:
    """Review the change between two offline plans."""
    return _review(between(before, after), before, after, after, compared)


def broken(planned: Graph, edits: Sequence[Edit]) -> list[Finding]:
    """Ask the rules of what is planned, and of what that destroys."""
    operations = [Operation(edit.resource.name, edit.resource.type, edit.op) for edit in edits]
    return findings(policy.of_plan(planned), planned.stack, operations)


def _rotated(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Name the secrets of the stack file that are new, gone or another: no plan can tell them."""
    keys = before.keys() | after.keys()
    return sorted(key for key in keys if before.get(key) != after.get(key))


def _review(
    edits: list[Edit], before: Graph, after: Graph, planned: Graph, compared: str
) -> Review:
    return Review(
        stack=after.stack,
        compared=compared,
        edits=edits,
        blast=_blast(edits, before, after),
        cost=prices.lines(before, after),
        broken=broken(planned, edits),
    )


def _blast(edits: list[Edit], before: Graph, after: Graph) -> Blast:
    """Tell what stood on all that changes: each thing once, and nothing that is only coming."""
    found = standing(after, before)
    starts = {
        found.place[edit.resource.name] for edit in edits if edit.op != "same" or edit.unprotected
    }
    return blast(found, starts, there=standing(before).things.keys())
