"""The offline plan checked against the policy's rules, without the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ops.diff.plans import Edit
from ops.plan.graph import Graph
from ops.plan.references import references
from ops.plan.urn import name_of
from policy import rules
from policy.resources import UNKNOWN, Operation, PlannedResource, kind


def violations(planned: Graph, edits: Sequence[Edit] = ()) -> list[rules.Violation]:
    """Run the rules on a plan, and on the edits of the change that leads to it."""
    operations = [Operation(edit.resource.name, edit.resource.type, edit.op) for edit in edits]
    return rules.violations(planned_resources(planned), planned.stack, operations)


def planned_resources(planned: Graph) -> list[PlannedResource]:
    """Convert an offline plan for the rules; a value with a reference is UNKNOWN to them."""
    names = {resource.name for resource in planned.resources}
    return [
        PlannedResource(
            type=kind(resource.type),
            name=resource.name,
            inputs=_without_references(resource.inputs, names),
            uses=resource.uses,
            protect=resource.protect,
            parent=name_of(resource.parent),
        )
        for resource in planned.resources
    ]


def as_json(violation: rules.Violation) -> dict[str, Any]:
    """Return the published form."""
    rule = violation.rule
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "resource": violation.resource,
        "found": violation.message,
        "reason": rule.reason,
        "fix": rule.fix,
    }


def as_text(violation: rules.Violation) -> str:
    """Return three lines: the violation, the rule's reason, how to fix it."""
    rule = violation.rule
    return (
        f"{rule.severity}: {violation.resource}  {violation.message} ({rule.name})\n"
        f"    why: {rule.reason}\n    fix: {rule.fix}"
    )


def _without_references(value: Any, names: set[str]) -> Any:
    """Replace each value that refers to a resource: the engine knows it only after an `up`."""
    if isinstance(value, dict):
        return {key: _without_references(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_references(item, names) for item in value]
    return UNKNOWN if isinstance(value, str) and names & references(value) else value
