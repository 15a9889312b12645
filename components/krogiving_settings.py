"""What a stack file says of KROGiving."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from components.bucket import BucketSettings
from components.database import CacheSettings, DatabaseSettings
from components.values import (
    AppName,
    AppSize,
    Domain,
    Email,
    Issuers,
    Model,
    Port,
    Records,
    Region,
    Repository,
    Text,
    Vpc,
)

Branch = Annotated[str, StringConstraints(pattern=r"^[\w./-]+$")]


class AppSettings(Model):
    """Where an app's code is. `app` is its name, on which its address at DigitalOcean rests.

    `aliases` are names in the zone that it answers beside those that the product gives it.
    """

    app: AppName
    repository: Repository
    branch: Branch
    aliases: tuple[Domain, ...]


class BackendSettings(AppSettings):
    """`paystack_public_key` None: not known yet, so that only a preview works."""

    size: AppSize
    instances: Annotated[int, Field(ge=1, le=20)]
    port: Port
    environment: Text
    expires_in: Text
    ttl: Text
    sender_email: Email
    sender_name: Text
    paystack_public_key: Text | None


class FrontendSettings(AppSettings):
    """Identifiers that every visitor's browser sees: settings, not secrets. None: not known yet."""

    split_api_key: Text | None
    highlight_project_id: Text | None
    cloudinary_cloud_name: Text | None
    cloudinary_upload_preset: Text | None


class AdminSettings(AppSettings):
    """`host` is the admin panel's public name."""

    host: Domain


class KroGivingSettings(Model):
    """One environment's KROGiving, as written in its stack file."""

    region: Region
    domain: Domain
    caa_issuers: Issuers
    records: Records = ()
    vpc: Vpc
    backend: BackendSettings
    frontend: FrontendSettings | None
    admin: AdminSettings | None
    postgresql: DatabaseSettings
    mongodb: DatabaseSettings
    valkey: CacheSettings
    media: BucketSettings

    @model_validator(mode="after")
    def _names_of_the_platform(self) -> Self:
        """Keep the names that App Platform answers for inside the zone, and out of `records`."""
        admin = self.admin.host if self.admin else f"admin.{self.domain}"
        apps = [app for app in (self.backend, self.frontend, self.admin) if app]
        aliases = [alias for app in apps for alias in app.aliases]
        for key, host in (("admin.host", admin), *(("aliases", alias) for alias in aliases)):
            if not host.endswith(f".{self.domain}"):
                raise ValueError(f"{key} {host} lies outside the zone {self.domain}")
        taken = {"api", *(alias.removesuffix(f".{self.domain}") for alias in aliases)}
        if self.frontend:
            taken |= {"@", "www"}
        if self.admin:
            taken.add(admin.removesuffix(f".{self.domain}"))
        for record in self.records:
            if record.name in taken and record.type in ("A", "AAAA", "CNAME"):
                raise ValueError(
                    f"App Platform writes the {record.type} record of {record.name} itself:"
                    " take it out of records"
                )
        return self
