"""`ops plan`: the offline plan, or its difference from `rendered/`."""

from __future__ import annotations

import sys

import typer

from ops.plan import config, rendered
from ops.plan.formats import as_json, as_mermaid, as_tree
from ops.plan.graph import build

FORMATS = {"tree": as_tree, "yaml": rendered.as_text, "json": as_json, "mermaid": as_mermaid}


def run(stack: str, form: str, *, diff: bool, exit_code: bool) -> int:
    """Print the plan in a form of FORMATS, or its difference.

    Returns 2 where `exit_code` is set and the plan differs from `rendered/`, else 0.
    """
    planned = build(config.load(stack))
    changes = rendered.difference(planned) if diff or exit_code else []
    if diff:
        typer.echo("\n".join(changes) or f"no change: rendered/{stack} is the plan")
    else:
        sys.stdout.write(FORMATS[form](planned))
    return 2 if changes and exit_code else 0
