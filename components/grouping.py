"""The DigitalOcean project that a system's resources are shown under in the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from components.label import Label


@dataclass(frozen=True)
class GroupingArgs:
    """`urns` are DigitalOcean's own (do:droplet:1), but for a reserved IP's: that never settles."""

    label: Label
    description: str
    urns: Sequence[pulumi.Input[str]]


class Grouping(pulumi.ComponentResource):
    """Groups without owning: `Project.resources` would evict what others put there."""

    def __init__(
        self, name: str, args: GroupingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:console:Grouping", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        project = do.Project(
            f"{name}-project",
            name=f"{args.label.system}-{args.label.environment}",
            description=args.description,
            purpose="Web Application",
            environment=args.label.project_environment,
            is_default=False,
            opts=child,
        )
        do.ProjectResources(
            f"{name}-members", project=project.id, resources=list(args.urns), opts=child
        )
        self.register_outputs({"project": project.name})
