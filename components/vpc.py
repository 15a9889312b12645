"""The private network of a system: made here, or one that is there already."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from components.types import Vpc


@dataclass(frozen=True)
class Network:
    """Id and range of a private network, for whoever joins or trusts it."""

    id: pulumi.Input[str]
    ip_range: pulumi.Input[str]


def network(name: str, vpc: Vpc, region: str, parent: pulumi.Resource) -> Network:
    """Make the VPC, or name the existing one: moving a droplet to another VPC would replace it."""
    if vpc.name is None:
        assert vpc.id is not None  # noqa: S101  Vpc holds exactly one of the two
        return Network(vpc.id, str(vpc.ip_range))
    made = do.Vpc(
        name,
        name=vpc.name,
        region=region,
        ip_range=str(vpc.ip_range),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return Network(made.id, made.ip_range)
