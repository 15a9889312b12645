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
    PublicNames,
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


class KroGivingSettings(PublicNames):
    """One environment's KROGiving, as written in its stack file.

    While `stand_in` is true, another estate's apps answer the public names, and these keep one
    each that is set aside: App Platform gives a name to one app alone. The other estate is the one
    that has `answers_for`.
    """

    region: Region
    stand_in: bool = False
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

    def set_aside(self, host: str) -> str:
        """Give the name that the app of a public name keeps while another estate's answers it."""
        label = host.removesuffix(self.domain).rstrip(".")
        return f"standby-{label}.{self.domain}" if label else f"standby.{self.domain}"

    def answered(self, host: str) -> str:
        """Give the name of the estate that this one answers for, in the place of its own."""
        return host.removesuffix(self.domain) + (self.answers_for or self.domain)

    @model_validator(mode="after")
    def _one_answers(self) -> Self:
        if self.stand_in and self.answers_for:
            raise ValueError(
                f"standIn is true and answersFor is {self.answers_for}: an estate whose own names"
                " another one answers cannot answer for others. Set one of them alone"
            )
        return self

    @model_validator(mode="after")
    def _clusters_apart(self) -> Self:
        """Keep the databases' names apart, and each from being filled from one of another kind."""
        names = {
            "postgresql": self.postgresql.names,
            "mongodb": self.mongodb.names,
            "valkey": [self.valkey.name],
        }
        every = [name for each in names.values() for name in each]
        if twice := sorted({name for name in every if every.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} is the name of two clusters: each needs its own")
        for key, database in (("postgresql", self.postgresql), ("mongodb", self.mongodb)):
            for each in database.restored:
                if each.source in every and each.source not in names[key]:
                    raise ValueError(
                        f"{each.name} cannot be filled from {each.source}, which is no {key}"
                    )
        return self

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
        first = (f"api.{self.domain}", self.domain, admin)
        taken |= {self.set_aside(host).removesuffix(f".{self.domain}") for host in first}
        for record in self.records:
            if record.name in taken and record.type in ("A", "AAAA", "CNAME"):
                raise ValueError(
                    f"App Platform writes the {record.type} record of {record.name} itself:"
                    " take it out of records"
                )
        return self
