"""The rules as a policy pack of the engine.

The engine shows a pack the inputs with secrets marked only in a remediation, and dependencies only
in the validation of the whole stack. So a remediation that changes nothing records the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
    proxy,
)
from pulumi_policy.deserialize import SPECIAL_SIG_KEY, serialize_properties

from policy.resources import SECRET, UNKNOWN, PlannedResource, kind
from policy.rules import RULES, Rule, violations

NOTES = "note-inputs"
ENGINE = "pulumi:"  # prefix of the engine's own types: the stack, providers
_UNKNOWN = {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}


class Pack:
    """Records inputs as they arrive, and validates all resources at the end."""

    def __init__(self) -> None:
        self._inputs: dict[str, dict[str, Any]] = {}

    def policies(self) -> list[Policy]:
        """Return one policy per rule, after the one that records inputs."""
        note = ResourceValidationPolicy(
            NOTES,
            "Records the inputs for the rules; changes nothing.",
            remediate=self.note,
            enforcement_level=EnforcementLevel.REMEDIATE,
        )
        return [note, *map(self._policy, RULES)]

    def note(self, args: ResourceValidationArgs) -> None:
        """Record a resource's inputs."""
        self._inputs[args.urn] = plain(serialize_properties(args.props))

    def _policy(self, rule: Rule) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            declared = [r for r in args.resources if not r.resource_type.startswith(ENGINE)]
            urns = {each.name: each.urn for each in declared}
            resources = [self._resource(each) for each in declared]
            for violation in violations(resources, stack(args.resources), rules=[rule]):
                report(f"{violation.message}. To fix it: {rule.fix}.", urns[violation.resource])

        level = EnforcementLevel(rule.severity)
        return StackValidationPolicy(rule.name, rule.reason, validate, level)

    def _resource(self, resource: PolicyResource) -> PlannedResource:
        if resource.urn not in self._inputs:
            raise RuntimeError(
                f"the inputs of {resource.name} were not recorded, so no rule can check it:"
                f" keep the policy {NOTES} at its level, remediate"
            )
        return PlannedResource(
            type=kind(resource.resource_type),
            name=resource.name,
            inputs=self._inputs[resource.urn],
            uses={
                key: [each.name for each in used]
                for key, used in resource.property_dependencies.items()
            },
            protect=resource.opts.protect,
            parent=resource.parent.name if resource.parent else "",
        )


def plain(value: Any) -> Any:
    """Return a value of the engine as plain data, with UNKNOWN and SECRET in place."""
    if isinstance(value, dict):
        if SPECIAL_SIG_KEY in value:  # a secret, or an asset
            return SECRET
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN else value


def stack(resources: Sequence[PolicyResource]) -> str:
    """Return the stack, which is the environment, from a URN: `urn:pulumi:prod::...`."""
    return resources[0].urn.split(":")[2] if resources else ""


def serve() -> None:
    """Serve the pack until the engine ends it."""
    PolicyPack("estate", Pack().policies())
