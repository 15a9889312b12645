"""`ops review`: a change as its reviewer needs to see it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from ops.diff.previews import load
from ops.plan import config
from ops.plan.graph import build
from ops.review import report
from ops.review.base import base, secrets
from ops.review.model import review, review_preview


def run(stack: str, revision: str | None, preview_file: str | None, form: str) -> int:
    """Print the review of the working tree, or of a preview, as `md`, `text` or `json`. Returns 0.

    Raises UsageError where plan, preview or base cannot be read.
    """
    settings = config.load(stack)
    preview = load(Path(preview_file), stack) if preview_file else None
    planned = build(settings)
    start = base(stack, settings.project, revision)
    result = review(start.plan, planned, f"the offline plan of {start.where}")
    if preview:
        compared = f"the state, as the engine previewed it in {preview_file}"
        result = review_preview(result, preview, planned, compared)
    after = secrets(stack)
    keys = sorted(start.secrets.keys() | after.keys())
    rotated = [key for key in keys if start.secrets.get(key) != after.get(key)]
    result = replace(result, secrets=rotated)
    if form == "json":
        sys.stdout.write(json.dumps(result.as_json(), indent=2) + "\n")
    else:
        formats = {"md": report.as_markdown, "text": report.as_text}
        sys.stdout.write(formats[form](result))
    return 0
