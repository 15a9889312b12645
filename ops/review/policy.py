"""The rules that no change may break, asked of the offline plan."""

from __future__ import annotations

import json
from typing import Any

from ops.plan import config
from ops.plan.graph import Graph, build
from ops.plan.references import references
from ops.plan.urn import name_of
from policy.estate import UNKNOWN, Resource, kind
from policy.rules import RULES, Finding, findings

# `<krotrust-droplet.id>`, and `<getDatabaseCa of krotrust-database-cluster.id>`


def run(stack: str, config_file: str | None, form: str) -> int:
    """Print what breaks a rule. Returns 1 for a mandatory one, else 0."""
    settings = config.load(stack, file=config_file)
    found = findings(of_plan(build(settings)), stack)
    mandatory = [finding for finding in found if finding.rule.severity == "mandatory"]
    if form == "json":
        print(json.dumps({"stack": stack, "findings": list(map(as_json, found))}, indent=2))  # noqa: T201
    else:
        for finding in found:
            print(as_text(finding))  # noqa: T201
        print(  # noqa: T201
            f"{stack}: {len(RULES)} rules, {len(mandatory)} mandatory and"
            f" {len(found) - len(mandatory)} advisory findings"
        )
    return 1 if mandatory else 0


def of_plan(planned: Graph) -> list[Resource]:
    """Put an offline plan in the rules' words."""
    names = {resource.name for resource in planned.resources}
    return [
        Resource(
            type=kind(resource.type),
            name=resource.name,
            inputs=_known(resource.inputs, names),
            uses=resource.uses,
            protect=resource.protect,
            parent=name_of(resource.parent),
        )
        for resource in planned.resources
    ]


def as_json(finding: Finding) -> dict[str, Any]:
    """Give the published form."""
    rule = finding.rule
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "resource": finding.resource,
        "found": finding.found,
        "reason": rule.reason,
        "mend": rule.mend,
    }


def as_text(finding: Finding) -> str:
    """Give it to a reader."""
    rule = finding.rule
    return (
        f"{rule.severity}: {finding.resource}  {finding.found} ({rule.name})\n"
        f"    why:  {rule.reason}\n    mend: {rule.mend}"
    )


def _known(value: Any, names: set[str]) -> Any:
    """Mark what the engine would not know before an `up`: it holds a reference to a resource."""
    if isinstance(value, dict):
        return {key: _known(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item, names) for item in value]
    if isinstance(value, str) and names & references(value):
        return UNKNOWN
    return value
