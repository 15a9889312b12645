"""Buckets made public by hand: the ACL in the state against the live one. Reads only.

The provider does not read an ACL back, so the engine cannot compare it. Spaces itself is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ops.account.client import SPACES_KEYS, Environ, spaces_url, visit
from ops.engine.documents import Preview
from ops.plan.changes import Change

BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
PRIVATE = "private"
CANNED = {frozenset[str](): PRIVATE, frozenset({"READ to AllUsers"}): "public-read"}


class Acl(NamedTuple):
    """A bucket whose live ACL differs from the state; `mend` is the command that corrects it."""

    resource: str
    change: Change
    mend: str


def changed(refreshed: Preview, environ: Environ) -> list[Acl]:
    """Return the buckets of the state whose live ACL differs. `refreshed` is a previewed refresh.

    Raises NoAccessError without credentials, and UsageError where Spaces refuses.
    """
    buckets = {state.name: state.inputs for state in refreshed.live() if state.type == BUCKET}
    if not buckets:
        return []
    differing = []
    with visit(environ) as account:
        for resource, inputs in sorted(buckets.items()):
            name, region, declared = inputs["name"], inputs["region"], inputs.get("acl", PRIVATE)
            live = canned(account.spaces(region).get_bucket_acl(Bucket=name))
            if live != declared:
                # A shell's own AWS variables have the keys of the state, not of the buckets.
                keys = " ".join(f'AWS{key.removeprefix("SPACES")}="${key}"' for key in SPACES_KEYS)
                mend = (
                    f"{keys} aws s3api put-bucket-acl --bucket {name} --acl {declared}"
                    f" --endpoint-url {spaces_url(environ, region)}"
                )
                differing.append(Acl(resource, Change("acl", declared, live), mend))
    return differing


def canned(answer: Mapping[str, Any]) -> str:
    """Return the canned ACL of a GetBucketAcl answer; without one, list each grant to others."""
    grants = set()
    for grant in answer["Grants"]:
        who = grant["Grantee"]
        if who.get("ID") != answer["Owner"]["ID"]:
            name = who.get("URI", "").rpartition("/")[2] or who.get("ID") or "an unknown grantee"
            grants.add(f"{grant['Permission']} to {name}")
    return CANNED.get(frozenset(grants)) or ", ".join(sorted(grants))
