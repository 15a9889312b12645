"""The one place where resources are protected from being deleted or replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pulumi


def guard(*, guarded: bool, removals: Sequence[str]) -> Callable[[], None]:
    """Protect every cloud resource registered from now on, except those that `removals` names.

    Every one, not only those that hold data: when a `destroy` is refused by a protected cluster,
    its unprotected trusted sources are deleted by then. Returns a check to run once all is
    registered, since names are known only then: it raises pulumi.RunError for a removal that names
    no resource. Such an entry unprotects nothing, and ends the preview that precedes each `up`.
    """
    seen: set[str] = set()

    def protect(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if not isinstance(args.resource, pulumi.CustomResource):
            return None
        seen.add(args.name)
        protection = pulumi.ResourceOptions(protect=guarded and args.name not in removals)
        return pulumi.ResourceTransformationResult(
            args.props, pulumi.ResourceOptions.merge(args.opts, protection)
        )

    def check() -> None:
        if unknown := sorted(set(removals) - seen):
            raise pulumi.RunError(
                f"estate:removals names {', '.join(unknown)}, which this stack does not have."
                f"\nUse a name from `python -m ops plan --stack {pulumi.get_stack()}`, or remove"
                f" the entry from Pulumi.{pulumi.get_stack()}.yaml once the resource is deleted."
            )

    pulumi.runtime.register_stack_transformation(protect)
    return check
