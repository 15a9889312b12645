"""What a stack file says of KROTrust."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from components.bucket import BucketSettings
from components.database import DatabaseSettings
from components.droplet import DropletSettings, SshSettings
from components.facts.krotrust import HOSTS
from components.values import (
    Email,
    Issuers,
    PublicAddress,
    PublicNames,
    Records,
    Region,
    Vpc,
)


class KroTrustSettings(PublicNames):
    """One environment's KROTrust, as written in its stack file.

    `stand_in` is the address of another estate's droplet, which answers the public names while it
    is set. That one is made with `answers_for`: it acts on a droplet's first boot.
    """

    region: Region
    stand_in: PublicAddress | None = None
    caa_issuers: Issuers
    records: Records = ()
    vpc: Vpc
    droplet: DropletSettings
    reserved_ip: bool
    ssh: SshSettings
    git_base_url: Annotated[
        str, StringConstraints(pattern=r"^(git@|ssh://|https://)[!-~]{1,200}[!-.0-~]$")
    ]
    compose_folder: Literal["production", "stage"]
    certificate_email: Email
    database: DatabaseSettings
    bucket: BucketSettings

    @model_validator(mode="after")
    def _no_second_address(self) -> Self:
        for record in self.records:
            if record.name in HOSTS and record.type in ("A", "CNAME"):
                raise ValueError(
                    f"the droplet's address makes the record of {record.name} itself:"
                    " take it out of records"
                )
        return self
