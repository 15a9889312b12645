"""The private network of a system: a new one, or one that exists."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from components.types import Vpc


@dataclass(frozen=True)
class Network:
    """Id and range of a private network, for resources that join or trust it."""

    id: pulumi.Input[str]
    ip_range: pulumi.Input[str]


def network(name: str, vpc: Vpc, region: str, parent: pulumi.Resource) -> Network:
    """Return a new VPC, or the existing one: a move to another VPC would replace a droplet."""
    if vpc.name is None:
        assert vpc.id is not None  # noqa: S101  Vpc holds exactly one of the two
        return Network(vpc.id, str(vpc.ip_range))
    vpc_resource = do.Vpc(
        name,
        name=vpc.name,
        region=region,
        ip_range=str(vpc.ip_range),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return Network(vpc_resource.id, vpc_resource.ip_range)
