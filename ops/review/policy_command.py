"""`ops policy`: the rules that the offline plan breaks."""

from __future__ import annotations

import json

import typer

from ops.plan import config
from ops.plan.graph import build
from ops.review.violations import as_json, as_text, violations
from policy.rules import RULES


def run(stack: str, config_file: str | None, form: str) -> int:
    """Print every violation as `text` or `json`. Returns 1 where a mandatory rule is broken."""
    broken = violations(build(config.load(stack, file=config_file)))
    mandatory = sum(violation.rule.severity == "mandatory" for violation in broken)
    if form == "json":
        typer.echo(json.dumps({"stack": stack, "findings": list(map(as_json, broken))}, indent=2))
    else:
        for violation in broken:
            typer.echo(as_text(violation))
        advisory = len(broken) - mandatory
        typer.echo(
            f"{stack}: {len(RULES)} rules, {mandatory} mandatory and {advisory} advisory violations"
        )
    return 1 if mandatory else 0
