"""The buckets of the read-only API, read by the S3 client that the commands use."""

import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from stand_in import made, rehearse

from ops.account.client import Account, visit
from rehearsal.spaces import EVERYONE

# The SDK announces its own deprecated types when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

RULE = {
    "allowedMethods": ["GET", "PUT"],
    "allowedOrigins": ["https://a.test", "https://b.test"],
    "allowedHeaders": ["*"],
    "maxAgeSeconds": 3600,
}


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    rehearse(tmp_path, monkeypatch)
    made("SpacesBucket", {"name": "files", "region": "fra1", "acl": "private"})
    made("SpacesBucket", {"name": "shown", "region": "fra1", "acl": "public-read"}, "shown")
    made("SpacesBucket", {"name": "far", "region": "ams3"}, "far")
    with visit(os.environ) as account:
        yield account


def _code(call: Callable[..., object], **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_a_region_lists_its_own_buckets_and_no_others(account: Account) -> None:
    def names(region: str) -> list[str]:
        return [each["Name"] for each in account.spaces(region).list_buckets()["Buckets"]]

    assert names("fra1") == ["files", "shown"]
    assert names("ams3") == ["far"]
    assert names("syd1") == []


def test_a_bucket_is_there_in_its_region_alone(account: Account) -> None:
    fra1 = account.spaces("fra1")
    assert fra1.head_bucket(Bucket="files")["BucketRegion"] == "fra1"
    assert fra1.get_bucket_location(Bucket="files")["LocationConstraint"] == "fra1"
    assert _code(fra1.head_bucket, Bucket="far") == (404, "404")
    for call in (fra1.get_bucket_acl, fra1.get_bucket_cors, fra1.get_bucket_location):
        assert _code(call, Bucket="far") == (404, "NoSuchBucket")


def test_a_public_bucket_grants_everyone_read_and_a_private_one_only_its_owner(
    account: Account,
) -> None:
    fra1 = account.spaces("fra1")
    owner, *others = fra1.get_bucket_acl(Bucket="files")["Grants"]
    assert owner["Permission"] == "FULL_CONTROL"
    assert owner["Grantee"]["ID"] == fra1.get_bucket_acl(Bucket="files")["Owner"]["ID"]
    assert others == []
    assert fra1.get_bucket_acl(Bucket="shown")["Grants"] == [
        owner,
        {"Grantee": {"Type": "Group", "URI": EVERYONE}, "Permission": "READ"},
    ]


def test_the_cors_rules_of_a_bucket_are_those_that_were_set(account: Account) -> None:
    fra1 = account.spaces("fra1")
    assert _code(fra1.get_bucket_cors, Bucket="files") == (404, "NoSuchCORSConfiguration")
    rules = {"bucket": "files", "region": "fra1", "corsRules": [RULE]}
    made("SpacesBucketCorsConfiguration", rules)
    (rule,) = fra1.get_bucket_cors(Bucket="files")["CORSRules"]
    assert rule == {name[0].upper() + name[1:]: each for name, each in RULE.items()}


def test_what_would_change_something_or_is_not_simulated_is_refused(account: Account) -> None:
    fra1 = account.spaces("fra1")
    refused = {"Bucket": "files"}
    assert _code(fra1.put_bucket_acl, **refused, ACL="public-read") == (405, "MethodNotAllowed")
    assert _code(fra1.delete_bucket, **refused) == (405, "MethodNotAllowed")
    assert _code(fra1.list_objects_v2, **refused) == (501, "NotImplemented")
    assert _code(fra1.get_bucket_policy, **refused) == (501, "NotImplemented")
    assert _code(fra1.get_object, **refused, Key="a/b") == (404, "NotFound")
    url = fra1.meta.endpoint_url
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{url}/files?list-type=2")
    text = answer.value.read().decode()
    assert text.startswith("<?xml")
    assert "<Error><Code>NotImplemented</Code><Message>GET is refused: buckets, their ACL" in text
