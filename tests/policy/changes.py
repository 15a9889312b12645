"""Changes to the plan of a real stack: each breaks one rule, or comes close and breaks none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from conftest import changed

from ops.plan.graph import record
from ops.review.policy import of_plan
from policy.estate import Resource
from policy.rules import Finding, findings

Plan = list[Resource]
Edit = Callable[[Plan], Plan]


@lru_cache
def committed(stack: str) -> tuple[Resource, ...]:
    return tuple(of_plan(record(changed(stack, {}))))


def same(plan: Plan) -> Plan:
    return plan


@dataclass(frozen=True)
class Change:
    """What somebody changes, in the stack file (`settings`) or in the plan (`edit`).

    `found` are the resources that break the rule, with a part of what is said of each.
    """

    title: str
    edit: Edit = same
    found: Mapping[str, str] = field(default_factory=dict)
    stack: str = "prod"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def findings(self) -> list[Finding]:
        if self.settings:
            plan = of_plan(record(changed(self.stack, self.settings)))
        else:
            plan = list(committed(self.stack))
        return findings(self.edit(plan), self.stack)


def set_to(name: str, path: str, value: Any) -> Edit:
    """Set an input of a resource; a number in the path is a position, and `+` adds to a list."""

    def edit(plan: Plan) -> Plan:
        (resource,) = (each for each in plan if each.name == name)
        inputs = copy.deepcopy(dict(resource.inputs))
        *parents, last = path.split(".")
        place: Any = inputs
        for part in parents:
            place = place[int(part) if isinstance(place, list) else part]
        if last == "+":
            place.append(value)
        else:
            place[int(last) if isinstance(place, list) else last] = value
        return [replace(each, inputs=inputs) if each is resource else each for each in plan]

    return edit


def without(*names: str) -> Edit:
    """Take resources out, and what others use of them."""

    def kept(resource: Resource) -> Resource:
        uses = {key: [u for u in used if u not in names] for key, used in resource.uses.items()}
        return replace(resource, uses=uses)

    return lambda plan: [kept(each) for each in plan if each.name not in names]


def options(name: str, **changes: Any) -> Edit:
    """Change what a resource has besides its inputs: its protection, what it uses."""
    return lambda plan: [
        replace(each, **changes) if each.name == name else each for each in checked(plan, name)
    ]


def also(resource: Resource) -> Edit:
    """Add a resource."""
    return lambda plan: [*plan, resource]


def both(first: Edit, second: Edit) -> Edit:
    return lambda plan: second(first(plan))


def checked(plan: Plan, name: str) -> Iterator[Resource]:
    """Give the plan; a name that it does not have fails the test."""
    assert name in {each.name for each in plan}
    return iter(plan)


def record_of(name: str, value: str, kind: str = "A", **inputs: Any) -> Resource:
    """A DNS record of the krotrust zone."""
    given = {"domain": "krotrust.com", "name": name, "type": kind, "value": value, **inputs}
    return Resource("DnsRecord", f"krotrust-zone-{name}", given, parent="krotrust-zone")


def rule_of(firewall: int, **changes: Any) -> Edit:
    """Change one of the inbound rules of KROTrust's firewall; the third is that of SSH."""

    def edit(plan: Plan) -> Plan:
        for key, value in changes.items():
            plan = set_to("krotrust-firewall", f"inboundRules.{firewall}.{key}", value)(plan)
        return plan

    return edit
