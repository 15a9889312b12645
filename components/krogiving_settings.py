"""The settings of KROGiving in a stack file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from components.bucket import BucketSettings
from components.database import CacheSettings, DatabaseSettings
from components.types import (
    PUBLIC_NAME,
    AppName,
    AppSize,
    Domain,
    Email,
    Issuers,
    Mistake,
    Model,
    Port,
    PublicNames,
    Record,
    Records,
    Region,
    Repository,
    Text,
    Unique,
    Vpc,
    refuse,
)

Branch = Annotated[str, StringConstraints(pattern=r"^[\w./-]+$")]


class AppSettings(Model):
    """An app and where its code is. Its address at DigitalOcean depends on the name `app`.

    `aliases` are further names in the zone that it answers.
    """

    app: Annotated[AppName, Unique("an app name")]
    repository: Repository
    branch: Branch
    aliases: tuple[Annotated[Domain, PUBLIC_NAME], ...]


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

    host: Annotated[Domain, PUBLIC_NAME]


class KroGivingSettings(PublicNames):
    """One environment's KROGiving, as written in its stack file.

    While `stand_in` is true, the apps of another estate, the one with `answers_for`, answer the
    public names. The apps of this estate get a standby name each: App Platform gives a name to one
    app alone.
    """

    HOSTS: ClassVar[tuple[str, ...]] = ("api",)

    region: Region
    stand_in: bool = False
    caa_issuers: Issuers
    vpc: Vpc
    backend: BackendSettings
    frontend: FrontendSettings | None
    admin: AdminSettings | None
    valkey: CacheSettings
    postgresql: DatabaseSettings
    mongodb: DatabaseSettings
    media: BucketSettings
    records: Records = ()

    def standby_host(self, host: str) -> str:
        """Return the name that an app has while another estate answers its public `host`."""
        return f"{_standby(host.removesuffix(self.domain).rstrip('.'))}.{self.domain}"

    def answered(self, host: str) -> str:
        """Return `host` under the domain of `answers_for`, or unchanged without it."""
        return host.removesuffix(self.domain) + (self.answers_for or self.domain)

    @field_validator("stand_in")
    @classmethod
    def _one_answers(cls, stand_in: bool, info: ValidationInfo) -> bool:
        if stand_in and info.data.get("answers_for"):
            raise ValueError(
                f"false, since answersFor is {info.data['answers_for']}: an estate whose own names"
                " another one answers cannot answer for others. Set one of them alone"
            )
        return stand_in

    @field_validator("backend", "frontend", "admin")
    @classmethod
    def _inside_the_zone(cls, app: AppSettings | None, info: ValidationInfo) -> AppSettings | None:
        if app and (domain := info.data.get("domain")):
            refuse(
                Mistake(where, host, f"a name in the zone {domain}: one that ends with .{domain}")
                for where, host in _own_hosts(app)
                if not host.endswith(f".{domain}")
            )
        return app

    @field_validator("postgresql", "mongodb")
    @classmethod
    def _filled_from_its_own_kind(
        cls, database: DatabaseSettings, info: ValidationInfo
    ) -> DatabaseSettings:
        """Refuse a backup of another engine; of two databases, the later one sees both."""
        earlier = {key: info.data.get(key) for key in ("valkey", "postgresql")}
        others = {key: _cluster_names(each) for key, each in earlier.items() if each}
        refuse(
            Mistake(
                ("restored", place, "from"),
                each.source,
                f"a cluster of the same engine: {each.name} cannot be filled from one of {key}",
            )
            for key, names in others.items()
            for place, each in enumerate(database.restored)
            if each.source in names
        )
        if before := info.data.get("postgresql"):
            refuse(
                Mistake(
                    (),
                    each.source,
                    f"no cluster that postgresql.restored names in from: {each.name} cannot be"
                    " filled from one of mongodb",
                )
                for each in before.restored
                if each.source in database.names
            )
        return database

    @field_validator("records")
    @classmethod
    def _not_of_the_platform(
        cls, records: tuple[Record, ...], info: ValidationInfo
    ) -> tuple[Record, ...]:
        """Refuse entries for names whose records App Platform writes."""
        taken = _hosts_of_the_platform(info.data)
        refuse(
            Mistake(
                (place,),
                f"{record.type} {record.name}",
                f"no entry: App Platform writes the {record.type} record of {record.name} itself",
            )
            for place, record in enumerate(records)
            if record.name in taken and record.type in ("A", "AAAA", "CNAME")
        )
        return records


def _standby(label: str) -> str:
    return f"standby-{label}" if label else "standby"


def _own_hosts(app: AppSettings) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield (path, name) of the public names in an app's settings."""
    if isinstance(app, AdminSettings):
        yield ("host",), app.host
    for place, alias in enumerate(app.aliases):
        yield ("aliases", place), alias


def _cluster_names(cluster: DatabaseSettings | CacheSettings) -> list[str]:
    return cluster.names if isinstance(cluster, DatabaseSettings) else [cluster.name]


def _hosts_of_the_platform(settings: dict[str, Any]) -> set[str]:
    """Return the names in the zone that apps answer now, or while another estate stands in.

    `settings` are the valid fields of KroGivingSettings.
    """
    ending = f".{settings.get('domain')}"
    apps = [app for key in ("backend", "frontend", "admin") if (app := settings.get(key))]
    labels = {host.removesuffix(ending) for app in apps for _, host in _own_hosts(app)}
    admin = settings.get("admin")
    first = ("api", "", admin.host.removesuffix(ending) if admin else "admin")
    if settings.get("frontend"):
        labels |= {"@", "www"}
    return labels | {"api"} | set(map(_standby, first))
