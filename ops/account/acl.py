"""Buckets made public by hand: the ACL that the state holds against the live one. Reads only.

The provider reads no ACL back, so the engine cannot tell. Here Spaces itself is asked.
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
    """A bucket whose live ACL is not the state's; `mend` is the command that sets it right."""

    resource: str
    change: Change
    mend: str


def changed(refreshed: Preview, environ: Environ) -> list[Acl]:
    """Compare each bucket of the state, which stands in the engine's JSON of a refresh.

    Raises NoAccessError without credentials, and UsageError where Spaces refuses.
    """
    buckets = {state.name: state.inputs for state in refreshed.live() if state.type == BUCKET}
    if not buckets:
        return []
    found = []
    with visit(environ) as account:
        for resource, inputs in sorted(buckets.items()):
            name, region, wanted = inputs["name"], inputs["region"], inputs.get("acl", PRIVATE)
            live = canned(account.spaces(region).get_bucket_acl(Bucket=name))
            if live != wanted:
                # The keys of a shell's own AWS variables are those of the state, not of buckets.
                keys = " ".join(f'AWS{key.removeprefix("SPACES")}="${key}"' for key in SPACES_KEYS)
                mend = (
                    f"{keys} aws s3api put-bucket-acl --bucket {name} --acl {wanted}"
                    f" --endpoint-url {spaces_url(environ, region)}"
                )
                found.append(Acl(resource, Change("acl", wanted, live), mend))
    return found


def canned(answer: Mapping[str, Any]) -> str:
    """Give the word for what GetBucketAcl answers; where there is none, each grant to others."""
    grants = set()
    for grant in answer["Grants"]:
        who = grant["Grantee"]
        if who.get("ID") != answer["Owner"]["ID"]:
            named = who.get("URI", "").rpartition("/")[2] or who.get("ID") or "somebody"
            grants.add(f"{grant['Permission']} to {named}")
    return CANNED.get(frozenset(grants)) or ", ".join(sorted(grants))
