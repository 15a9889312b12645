"""The settings of KROTrust in a stack file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints, field_validator

from components.bucket import BucketSettings
from components.database import DatabaseSettings
from components.droplet import DropletSettings, SshSettings
from components.facts.krotrust import HOSTS
from components.types import (
    Email,
    Issuers,
    Mistake,
    PublicAddress,
    PublicNames,
    Record,
    Records,
    Region,
    Vpc,
    refuse,
)


class KroTrustSettings(PublicNames):
    """One environment's KROTrust, as written in its stack file.

    `stand_in` is the address of another estate's droplet, which answers the public names while it
    is set. That droplet must be created with `answers_for`, which acts on its first boot.
    """

    HOSTS: ClassVar[tuple[str, ...]] = tuple(HOSTS)

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

    @field_validator("records")
    @classmethod
    def _no_second_address(cls, records: tuple[Record, ...]) -> tuple[Record, ...]:
        refuse(
            Mistake(
                (place,),
                f"{record.type} {record.name}",
                f"no entry: the program writes the record of {record.name} itself",
            )
            for place, record in enumerate(records)
            if record.name in HOSTS and record.type in ("A", "CNAME")
        )
        return records
