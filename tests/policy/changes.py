"""Changes to the plan of a real stack: each breaks one rule, or comes close and breaks none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from conftest import changed

from ops.plan.graph import record
from ops.review.violations import planned_resources
from policy.resources import PlannedResource
from policy.rules import Violation, violations

Plan = list[PlannedResource]
Edit = Callable[[Plan], Plan]


@lru_cache
def committed(stack: str) -> tuple[PlannedResource, ...]:
    return tuple(planned_resources(record(changed(stack, {}))))


def same(plan: Plan) -> Plan:
    return plan


@dataclass(frozen=True)
class Change:
    """A change of the stack file (`settings`) or of the plan (`edit`).

    `problems` maps each resource that breaks the rule to a part of its message.
    """

    title: str
    edit: Edit = same
    problems: Mapping[str, str] = field(default_factory=dict)
    stack: str = "prod"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def violations(self) -> list[Violation]:
        if self.settings:
            plan = planned_resources(record(changed(self.stack, self.settings)))
        else:
            plan = list(committed(self.stack))
        return violations(self.edit(plan), self.stack)


def set_to(name: str, path: str, value: Any) -> Edit:
    """Set an input of a resource; a number in the path is a position, and `+` adds to a list."""

    def edit(plan: Plan) -> Plan:
        (resource,) = (each for each in plan if each.name == name)
        inputs = copy.deepcopy(dict(resource.inputs))
        *parents, last = path.split(".")
        target: Any = inputs
        for part in parents:
            target = target[int(part) if isinstance(target, list) else part]
        if last == "+":
            target.append(value)
        else:
            target[int(last) if isinstance(target, list) else last] = value
        return [replace(each, inputs=inputs) if each is resource else each for each in plan]

    return edit


def without(*names: str) -> Edit:
    """Take resources out, and what others use of them."""

    def without_uses(resource: PlannedResource) -> PlannedResource:
        uses = {key: [u for u in used if u not in names] for key, used in resource.uses.items()}
        return replace(resource, uses=uses)

    return lambda plan: [without_uses(each) for each in plan if each.name not in names]


def options(name: str, **changes: Any) -> Edit:
    """Change what a resource has besides its inputs: its protection, what it uses."""
    return lambda plan: [
        replace(each, **changes) if each.name == name else each for each in checked(plan, name)
    ]


def also(resource: PlannedResource) -> Edit:
    """Add a resource."""
    return lambda plan: [*plan, resource]


def both(first: Edit, second: Edit) -> Edit:
    return lambda plan: second(first(plan))


def checked(plan: Plan, name: str) -> Iterator[PlannedResource]:
    """Return the plan; a name that it does not have fails the test."""
    assert name in {each.name for each in plan}
    return iter(plan)


def record_of(name: str, value: str, kind: str = "A", **inputs: Any) -> PlannedResource:
    """A DNS record of the krotrust zone."""
    record = {"domain": "krotrust.com", "name": name, "type": kind, "value": value, **inputs}
    return PlannedResource("DnsRecord", f"krotrust-zone-{name}", record, parent="krotrust-zone")


def rule_of(firewall: int, **changes: Any) -> Edit:
    """Change one of the inbound rules of KROTrust's firewall; the third is that of SSH."""

    def edit(plan: Plan) -> Plan:
        for key, value in changes.items():
            plan = set_to("krotrust-firewall", f"inboundRules.{firewall}.{key}", value)(plan)
        return plan

    return edit
