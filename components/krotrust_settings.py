"""What a stack file says of KROTrust."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from components.bucket import BucketSettings
from components.database import DatabaseSettings
from components.facts.krotrust import HOSTS
from components.values import (
    AllowList,
    Day,
    Domain,
    DropletSize,
    Email,
    Model,
    Name,
    Records,
    Region,
    SshPublicKey,
    Tag,
    Vpc,
)


class BackupPolicy(Model):
    """When DigitalOcean copies the whole droplet; `weekday` belongs to a weekly plan."""

    plan: Literal["daily", "weekly"]
    hour: Literal[0, 4, 8, 12, 16, 20]
    weekday: Day | None = None


class DropletSettings(Model):
    """Described exactly as it runs: a wrong image, VPC, ipv6 or monitoring would replace it."""

    name: Name
    image: Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]+|\d+)$")]
    size: DropletSize
    tags: tuple[Tag, ...]
    monitoring: bool
    ipv6: bool
    backups: BackupPolicy | None


class SshSettings(Model):
    """Who may log in as root. `public_key` None: not known yet, so that only a preview works."""

    public_key: SshPublicKey | None
    allow_list: AllowList


class KroTrustSettings(Model):
    """One environment's KROTrust, as written in its stack file."""

    region: Region
    domain: Domain
    caa_issuers: Annotated[tuple[Domain, ...], Field(min_length=1)]
    records: Records = ()
    vpc: Vpc
    droplet: DropletSettings
    reserved_ip: bool
    ssh: SshSettings
    git_base_url: Annotated[str, StringConstraints(pattern=r"^(git@|ssh://|https://)\S+[^/]$")]
    compose_folder: Literal["production", "stage"]
    certificate_email: Email
    database: DatabaseSettings
    bucket: BucketSettings

    @model_validator(mode="after")
    def _no_second_address(self) -> Self:
        derived = {f"a-{host}" for host in HOSTS}
        if twice := sorted(record.key for record in self.records if record.key in derived):
            raise ValueError(f"records holds {', '.join(twice)}, which the droplet's address makes")
        return self
