"""The bucket of the state, and that of its copies: made once, and held against what it should be.

Nothing else makes it: a program cannot hold the bucket in which its own state lies.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args
from urllib.parse import quote

import typer

from components.facts.spaces import SpacesRegion
from ops.account import acl, client
from ops.cli.errors import UsageError
from ops.engine import plugin
from ops.state import copies

Environ = Mapping[str, str]
DAYS = 90  # assumed: for so long an old version is kept
RULE = {
    "ID": "old-versions",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": DAYS},
}


@dataclass(frozen=True)
class Purpose:
    """What a bucket is for: its name and region unless told otherwise, and what may lie in it."""

    name: str
    region: str
    variable: str
    holds: Callable[[str], object]


STATE = Purpose(
    name="kro-estate-state",  # assumed
    region="fra1",  # assumed: where the rest is
    variable="PULUMI_BACKEND_URL",
    holds=lambda key: key.startswith(".pulumi/"),
)
COPIES = Purpose(
    name="kro-estate-state-copies",  # assumed
    region="ams3",  # assumed: another one than the state's
    variable=copies.VARIABLE,
    holds=copies.NAME.fullmatch,
)


@dataclass(frozen=True)
class Amiss:
    """A setting of a bucket that is not as it should be, and what sets it right."""

    told: str
    mend: Callable[[], object]


def run(
    purpose: Purpose, name: str | None, region: str | None, environ: Environ, *, yes: bool
) -> int:
    """Make a bucket, or set right the one that is there; returns 0.

    Raises UsageError where it is somebody else's or holds something else, or nobody consents.
    """
    name, region = name or purpose.name, region or purpose.region
    if region not in get_args(SpacesRegion):
        raise UsageError(f"--region is {region}: allowed is {', '.join(get_args(SpacesRegion))}")
    if plugin.answering(environ) == plugin.STAND_IN:
        raise UsageError("this is a rehearsal, whose state is a folder: it needs no bucket")
    typer.echo(f"provider: {plugin.answering(environ)}")
    s3 = client.spaces(environ, region)
    with client.refusals():
        there = _ours(s3, name, purpose)
        wanted = [each.told for each in amiss(s3, name)] if there else ["there is none: make it"]
        if wanted:
            typer.echo("\n".join(f"{name} in {region}: {each}" for each in wanted))
            if not (yes or typer.confirm("set that right?")):
                raise UsageError("nothing was changed")
            if not there:
                s3.create_bucket(Bucket=name)
            for each in amiss(s3, name):
                each.mend()
            if left := amiss(s3, name):
                raise UsageError(f"{name} is not as it was set: {'; '.join(e.told for e in left)}")
            typer.echo(f"done: private, with versions, old ones kept for {DAYS} days")
        else:
            typer.echo(f"{name} in {region} is as it should be: nothing was changed")
    host = quote(client.spaces_url(environ, region).removeprefix("https://"), safe="/:")
    typer.echo(f"export {purpose.variable}='s3://{name}?endpoint={host}&region=us-east-1'")
    return 0


def _ours(s3: Any, name: str, purpose: Purpose) -> bool:
    """Tell whether the bucket is there. Raises UsageError where it is not ours to set up."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    if name in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        found = s3.list_objects_v2(Bucket=name).get("Contents", ())
        if strange := [each["Key"] for each in found if not purpose.holds(each["Key"])]:
            raise UsageError(
                f"{name} holds something else, like {strange[0]!r}: nothing was changed. Name a"
                " bucket for this alone with --bucket"
            )
        return True
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if _code(error) == "404":
            return False
        if _code(error) != "403":
            raise
    raise UsageError(
        f"{name} belongs to somebody else, or the key may not see it: nothing was changed. Take a"
        " full-access key of our account, or name another bucket with --bucket"
    )


def amiss(s3: Any, name: str) -> list[Amiss]:
    """Look at a bucket's settings; raises what the client does where it may not."""
    return [*_versioning(s3, name), *_lifecycle(s3, name), *_public(s3, name)]


def _versioning(s3: Any, name: str) -> Iterator[Amiss]:
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        settings = {"Status": "Enabled"}
        mend = partial(s3.put_bucket_versioning, Bucket=name, VersioningConfiguration=settings)
        yield Amiss("it keeps no old version", mend)


def _lifecycle(s3: Any, name: str) -> Iterator[Amiss]:
    answer = _unless(
        "NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=name
    )
    rules = [each for each in answer.get("Rules", ()) if each["Status"] == "Enabled"]
    old = [
        each["NoncurrentVersionExpiration"]
        for each in rules
        if "NoncurrentVersionExpiration" in each
    ]
    days = min((each.get("NoncurrentDays", 0) for each in old), default=None)
    if any({"Days", "Date"} & set(each.get("Expiration", ())) for each in rules):
        told = "a rule deletes what is current after a time"
    elif days is None:
        told = "it keeps old versions for ever, dozens of each `up`"
    elif days < DAYS:
        told = f"it keeps an old version for {days} days, not for {DAYS}"
    else:
        return
    # Spaces asks for this header, which the client no longer sends.
    s3.meta.events.register("before-sign.s3.PutBucketLifecycleConfiguration", _with_md5)
    mend = partial(
        s3.put_bucket_lifecycle_configuration,
        Bucket=name,
        LifecycleConfiguration={"Rules": [RULE]},
    )
    yield Amiss(told, mend)


def _with_md5(request: Any, **_: object) -> None:
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


def _public(s3: Any, name: str) -> Iterator[Amiss]:
    if (live := acl.canned(s3.get_bucket_acl(Bucket=name))) != acl.PRIVATE:
        mend = partial(s3.put_bucket_acl, Bucket=name, ACL=acl.PRIVATE)
        yield Amiss(f"it is not private: {live}", mend)
    answer = _unless("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=name)
    statements = json.loads(answer.get("Policy") or "{}").get("Statement", [])
    for each in statements if isinstance(statements, list) else [statements]:
        who = each.get("Principal")
        if each.get("Effect") == "Allow" and "*" in str(who):
            yield Amiss(
                "its policy lets everybody in: take the policy away",
                partial(s3.delete_bucket_policy, Bucket=name),
            )


def _unless(code: str, ask: Callable[..., Mapping[str, Any]], **about: str) -> Mapping[str, Any]:
    """Ask; an empty answer where it is the one that there is none."""
    from botocore.exceptions import ClientError

    try:
        return ask(**about)
    except ClientError as error:
        if _code(error) != code:
            raise
        return {}


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])
