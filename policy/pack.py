"""The rules as a policy pack of the engine.

The engine shows a pack each resource's inputs, with secrets marked, only when it asks for a
remediation; and who uses whom, only at the end. So inputs are noted down first, changing nothing.
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

from policy.estate import SECRET, UNKNOWN, Resource, kind
from policy.rules import RULES, Rule, findings

NOTES = "note-inputs"
ENGINE = "pulumi:"  # types of its own: the stack, providers
_UNKNOWN = {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}


class Pack:
    """Notes inputs down as they come, and judges the whole at the end."""

    def __init__(self) -> None:
        self._inputs: dict[str, dict[str, Any]] = {}

    def policies(self) -> list[Policy]:
        """Give a policy a rule, after the one that notes down."""
        note = ResourceValidationPolicy(
            NOTES,
            "Notes down what the rules look at; changes nothing.",
            remediate=self.note,
            enforcement_level=EnforcementLevel.REMEDIATE,
        )
        return [note, *map(self._policy, RULES)]

    def note(self, args: ResourceValidationArgs) -> None:
        """Note a resource's inputs down."""
        self._inputs[args.urn] = plain(serialize_properties(args.props))

    def _policy(self, rule: Rule) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            theirs = [each for each in args.resources if not each.resource_type.startswith(ENGINE)]
            urns = {each.name: each.urn for each in theirs}
            resources = [self._resource(each) for each in theirs]
            for finding in findings(resources, stack(args.resources), rules=[rule]):
                report(f"{finding.found}. To mend it: {rule.mend}.", urns[finding.resource])

        level = EnforcementLevel(rule.severity)
        return StackValidationPolicy(rule.name, rule.reason, validate, level)

    def _resource(self, resource: PolicyResource) -> Resource:
        if resource.urn not in self._inputs:
            raise RuntimeError(
                f"the inputs of {resource.name} were not noted down, so nothing is judged:"
                f" leave the policy {NOTES} at its level, remediate"
            )
        return Resource(
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
    """Turn a value as the engine sends it into plain data, UNKNOWN and SECRET in their places."""
    if isinstance(value, dict):
        if SPECIAL_SIG_KEY in value:  # a secret, or what cannot be judged
            return SECRET
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN else value


def stack(resources: Sequence[PolicyResource]) -> str:
    """Name the stack, which is the environment, as every URN does: urn:pulumi:prod::..."""
    return resources[0].urn.split(":")[2] if resources else ""


def serve() -> None:
    """Serve the pack to the engine until it is done."""
    PolicyPack("estate", Pack().policies())
