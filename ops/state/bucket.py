"""The buckets of the state and of its copies: created once, and their settings corrected.

They are outside of the program: it cannot declare the bucket that holds its own state.
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
from ops.cli.consent import consent
from ops.cli.errors import UsageError
from ops.engine import plugin
from ops.state import copies

Environ = Mapping[str, str]
DAYS = 90  # assumed: how long an old version is kept
RULE = {
    "ID": "old-versions",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": DAYS},
}


@dataclass(frozen=True)
class Purpose:
    """What a bucket is for.

    `name` and `region` are defaults, `variable` is where its URL goes, and `holds` says whether
    an object belongs in it.
    """

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
class Problem:
    """A wrong setting of a bucket, and the call that corrects it."""

    detail: str
    correct: Callable[[], object]


def run(
    purpose: Purpose, name: str | None, region: str | None, environ: Environ, *, yes: bool
) -> int:
    """Create a bucket or correct its settings, and print the variable to export. Returns 0.

    Raises UsageError for a bucket of another account or with other content, and without consent.
    """
    name, region = name or purpose.name, region or purpose.region
    if region not in get_args(SpacesRegion):
        raise UsageError(f"--region is {region}: allowed is {', '.join(get_args(SpacesRegion))}")
    if plugin.answering(environ) == plugin.STAND_IN:
        raise UsageError("this is a rehearsal: its state is a folder and needs no bucket")
    typer.echo(f"provider: {plugin.answering(environ)}")
    s3 = client.spaces(environ, region)
    with client.refusals():
        exists = _exists(s3, name, purpose)
        changes = [each.detail for each in problems(s3, name)] if exists else ["missing: create it"]
        if changes:
            typer.echo("\n".join(f"{name} in {region}: {each}" for each in changes))
            consent("make these changes?", yes=yes)
            if not exists:
                s3.create_bucket(Bucket=name)
            for problem in problems(s3, name):
                problem.correct()
            if left := [each.detail for each in problems(s3, name)]:
                raise UsageError(f"{name} is not as it was set: {'; '.join(left)}")
            typer.echo(f"done: private, and old versions are kept for {DAYS} days")
        else:
            typer.echo(f"{name} in {region}: no change")
    host = quote(client.spaces_url(environ, region).removeprefix("https://"), safe="/:")
    typer.echo(f"export {purpose.variable}='s3://{name}?endpoint={host}&region=us-east-1'")
    return 0


def _exists(s3: Any, name: str, purpose: Purpose) -> bool:
    """Return whether our account has the bucket. Raises UsageError for one not to be touched."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    if name in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        objects = s3.list_objects_v2(Bucket=name).get("Contents", ())
        if others := [each["Key"] for each in objects if not purpose.holds(each["Key"])]:
            raise UsageError(
                f"{name} holds something else, like {others[0]!r}: nothing was changed. Choose a"
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
        f"{name} belongs to another account, or the key may not read it: nothing was changed. Use a"
        " full-access key of our account, or choose another bucket with --bucket"
    )


def problems(s3: Any, name: str) -> list[Problem]:
    """Return each wrong setting of a bucket. Raises ClientError if the key may not read them."""
    return [*_versioning(s3, name), *_lifecycle(s3, name), *_public(s3, name)]


def _versioning(s3: Any, name: str) -> Iterator[Problem]:
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        settings = {"Status": "Enabled"}
        correct = partial(s3.put_bucket_versioning, Bucket=name, VersioningConfiguration=settings)
        yield Problem("it keeps no old versions", correct)


def _lifecycle(s3: Any, name: str) -> Iterator[Problem]:
    answer = _unless(
        "NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=name
    )
    rules = [each for each in answer.get("Rules", ()) if each["Status"] == "Enabled"]
    limits = [
        each["NoncurrentVersionExpiration"].get("NoncurrentDays", 0)
        for each in rules
        if "NoncurrentVersionExpiration" in each
    ]
    if any({"Days", "Date"} & set(each.get("Expiration", ())) for each in rules):
        detail = "a rule deletes current objects"
    elif not limits:
        detail = "it keeps old versions for ever, and each `up` adds dozens"
    elif min(limits) < DAYS:
        detail = f"it keeps old versions for {min(limits)} days, not for {DAYS}"
    else:
        return
    # Spaces requires this header, which the client no longer sends.
    s3.meta.events.register("before-sign.s3.PutBucketLifecycleConfiguration", _with_md5)
    configuration = {"Rules": [RULE]}
    put = s3.put_bucket_lifecycle_configuration
    yield Problem(detail, partial(put, Bucket=name, LifecycleConfiguration=configuration))


def _with_md5(request: Any, **_: object) -> None:
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


def _public(s3: Any, name: str) -> Iterator[Problem]:
    if (live := acl.canned(s3.get_bucket_acl(Bucket=name))) != acl.PRIVATE:
        correct = partial(s3.put_bucket_acl, Bucket=name, ACL=acl.PRIVATE)
        yield Problem(f"it is not private: {live}", correct)
    answer = _unless("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=name)
    statements = json.loads(answer.get("Policy") or "{}").get("Statement", [])
    for each in statements if isinstance(statements, list) else [statements]:
        if each.get("Effect") == "Allow" and "*" in str(each.get("Principal")):
            correct = partial(s3.delete_bucket_policy, Bucket=name)
            yield Problem("its policy allows access to everyone: delete the policy", correct)


def _unless(code: str, call: Callable[..., Mapping[str, Any]], **options: str) -> Mapping[str, Any]:
    """Return the answer of a call, empty if S3 refuses with this code."""
    from botocore.exceptions import ClientError

    try:
        return call(**options)
    except ClientError as error:
        if _code(error) != code:
            raise
        return {}


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])
