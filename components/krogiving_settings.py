"""What a stack file says of KROGiving."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from components.bucket import BucketSettings
from components.database import CacheSettings, DatabaseSettings
from components.values import (
    AppName,
    AppSize,
    Domain,
    Email,
    Model,
    Port,
    Records,
    Region,
    Repository,
    Vpc,
)

Branch = Annotated[str, StringConstraints(pattern=r"^[\w./-]+$")]
Text = Annotated[str, StringConstraints(min_length=1)]


class AppSettings(Model):
    """Where an app's code is. `app` is its name, on which its address at DigitalOcean rests."""

    app: AppName
    repository: Repository
    branch: Branch


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
    caa_issuers: Annotated[tuple[Domain, ...], Field(min_length=1)]
    records: Records = ()
    vpc: Vpc
    backend: BackendSettings
    frontend: FrontendSettings | None
    admin: AdminSettings | None
    postgresql: DatabaseSettings
    mongodb: DatabaseSettings
    valkey: CacheSettings
    media: BucketSettings
