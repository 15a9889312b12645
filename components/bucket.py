"""A private Spaces bucket; on request with CORS, a CDN and a key that opens only this bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_digitalocean as do

from components.types import Model, Name, SpacesRegion, Unique

CDN_TTL = 3600  # seconds


class BucketSettings(Model):
    """`name` is the bucket's identity and unique in its region; renaming would lose the files."""

    name: Annotated[Name, Unique("a bucket name")]
    region: SpacesRegion


@dataclass(frozen=True)
class MediaArgs:
    """`cors_origins` are the sites that may read and upload from a browser."""

    settings: BucketSettings
    cors_origins: Sequence[str]
    key_name: str


class Bucket(pulumi.ComponentResource):
    """Keeps old versions for 30 days. Outputs: `bucket`."""

    bucket: do.SpacesBucket

    def __init__(
        self, name: str, args: BucketSettings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:storage:Bucket", name, {}, opts)
        # The ACL stays private even where files are public: a public ACL lists the whole bucket.
        # No bucket policy either: Spaces refuses one beside a key that opens only this bucket.
        self.bucket = do.SpacesBucket(
            f"{name}-bucket",
            name=args.name,
            region=args.region,
            acl="private",
            force_destroy=False,
            versioning=do.SpacesBucketVersioningArgs(enabled=True),
            lifecycle_rules=[
                do.SpacesBucketLifecycleRuleArgs(
                    id="tidy",
                    enabled=True,
                    abort_incomplete_multipart_upload_days=7,
                    noncurrent_version_expiration=(
                        do.SpacesBucketLifecycleRuleNoncurrentVersionExpirationArgs(days=30)
                    ),
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.bucket.name})


class MediaBucket(pulumi.ComponentResource):
    """Files that the backend uploads as public. Outputs: `bucket`, `cdn`, `key`."""

    bucket: do.SpacesBucket
    cdn: do.Cdn
    key: do.SpacesKey

    def __init__(
        self, name: str, args: MediaArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:storage:MediaBucket", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = Bucket(f"{name}-files", args.settings, child).bucket
        if args.cors_origins:  # a rule without a site is refused
            do.SpacesBucketCorsConfiguration(
                f"{name}-cors",
                bucket=self.bucket.name,
                region=args.settings.region,
                cors_rules=[
                    do.SpacesBucketCorsConfigurationCorsRuleArgs(
                        allowed_methods=["GET", "HEAD", "PUT"],
                        allowed_origins=list(args.cors_origins),
                        allowed_headers=["*"],
                        max_age_seconds=3600,
                    )
                ],
                opts=child,
            )
        self.cdn = do.Cdn(
            f"{name}-cdn", origin=self.bucket.bucket_domain_name, ttl=CDN_TTL, opts=child
        )
        self.key = do.SpacesKey(
            f"{name}-key",
            name=args.key_name,
            grants=[do.SpacesKeyGrantArgs(bucket=self.bucket.name, permission="readwrite")],
            opts=child,
        )
        self.register_outputs({"name": self.bucket.name, "endpoint": self.cdn.endpoint})
