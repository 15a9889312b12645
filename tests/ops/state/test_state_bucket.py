"""`ops state bootstrap`: the buckets of the state and of its copies, created or corrected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from buckets import Spaces, clear, played

from ops import ROOT
from ops.cli.errors import UsageError
from ops.state import bucket

NAME = bucket.STATE.name
EVERYBODY = (
    '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",'
    ' "Resource": "arn:aws:s3:::kro-estate-state/*"}}'
)


@pytest.fixture(scope="module")
def _server() -> Iterator[Spaces]:
    with played() as spaces:
        yield spaces


@pytest.fixture
def spaces(_server: Spaces) -> Spaces:
    clear(_server)
    return _server


def bootstrap(spaces: Spaces, **more: Any) -> int:
    purpose = more.pop("purpose", bucket.STATE)
    return bucket.run(purpose, more.get("name"), more.get("region"), spaces.environ, yes=True)


def test_it_creates_a_private_bucket_with_versions_and_prints_what_to_export(
    spaces: Spaces, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap(spaces) == 0
    client = spaces.client()
    assert client.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    (rule,) = client.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert "Expiration" not in rule
    assert [each["Permission"] for each in client.get_bucket_acl(Bucket=NAME)["Grants"]] == [
        "FULL_CONTROL"
    ]
    export = capsys.readouterr().out.splitlines()[-1]
    assert export.startswith(f"export PULUMI_BACKEND_URL='s3://{NAME}?endpoint=http://127.0.0.1:")
    assert export.endswith("&region=us-east-1'")


def test_a_second_run_changes_nothing_and_says_so(
    spaces: Spaces, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap(spaces)
    spaces.client().put_object(Bucket=NAME, Key=".pulumi/meta.yaml", Body=b"version: 1")
    first = capsys.readouterr().out.splitlines()[-1]
    assert bootstrap(spaces) == 0
    provider, *lines = capsys.readouterr().out.splitlines()
    assert provider.startswith("provider: the DigitalOcean plugin ")
    assert lines == [f"{NAME} in fra1: no change", first]


def test_the_copies_have_a_bucket_of_their_own_elsewhere(
    spaces: Spaces, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap(spaces, purpose=bucket.COPIES)
    name = "prod-20260101T021700Z.state"
    spaces.client().put_object(Bucket=bucket.COPIES.name, Key=name, Body=b"x")
    bootstrap(spaces, purpose=bucket.COPIES)
    printed = capsys.readouterr().out
    assert "in ams3: no change" in printed
    assert f"export ESTATE_STATE_COPIES='s3://{bucket.COPIES.name}?" in printed
    assert bucket.COPIES.region != bucket.STATE.region


def test_without_consent_it_creates_nothing(
    spaces: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.confirm", lambda _: False)
    with pytest.raises(UsageError, match="nothing was changed"):
        bucket.run(bucket.STATE, None, None, spaces.environ, yes=False)
    assert spaces.client().list_buckets()["Buckets"] == []


def test_settings_changed_by_hand_are_listed_and_corrected(
    spaces: Spaces, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap(spaces)
    client = spaces.client()
    client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Suspended"})
    client.put_bucket_acl(Bucket=NAME, ACL="public-read")
    client.put_bucket_policy(Bucket=NAME, Policy=EVERYBODY)
    rule = {**bucket.RULE, "NoncurrentVersionExpiration": {"NoncurrentDays": 3}}
    client.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [rule]})
    details = [each.detail for each in bucket.problems(client, NAME)]
    assert details == [
        "it keeps no old versions",
        "it keeps old versions for 3 days, not for 90",
        "it is not private: public-read",
        "its policy allows access to everyone: delete the policy",
    ]
    bootstrap(spaces)
    assert bucket.problems(client, NAME) == []
    printed = capsys.readouterr().out
    assert all(f"{NAME} in fra1: {each}" in printed for each in details)


def test_a_rule_that_deletes_current_objects_is_a_problem_and_a_longer_time_is_not(
    spaces: Spaces,
) -> None:
    bootstrap(spaces)
    client = spaces.client()
    longer = {**bucket.RULE, "NoncurrentVersionExpiration": {"NoncurrentDays": 365}}
    for more, details in (
        ({}, []),
        ({"Expiration": {"Days": 30}}, ["a rule deletes current objects"]),
        ({"Expiration": {"Date": "2030-01-01T00:00:00Z"}}, ["a rule deletes current objects"]),
    ):
        client.put_bucket_lifecycle_configuration(
            Bucket=NAME, LifecycleConfiguration={"Rules": [{**longer, **more}]}
        )
        assert [each.detail for each in bucket.problems(client, NAME)] == details


def test_one_setting_that_stays_wrong_is_an_error(
    spaces: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = bucket.Problem("it is not private: public-read", lambda: None)
    monkeypatch.setattr(bucket, "problems", lambda *_: [stays])
    with pytest.raises(UsageError, match="is not as it was set: it is not private"):
        bootstrap(spaces)


def test_the_shortest_time_of_several_rules_counts(spaces: Spaces) -> None:
    bootstrap(spaces)
    client = spaces.client()
    rules = [
        {**bucket.RULE, "ID": str(days), "NoncurrentVersionExpiration": {"NoncurrentDays": days}}
        for days in (365, 3)
    ]
    client.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": rules})
    (problem,) = bucket.problems(client, NAME)
    assert problem.detail == "it keeps old versions for 3 days, not for 90"


@pytest.mark.parametrize("everyone", ["*", {"AWS": "*"}, {"AWS": ["*"]}])
def test_a_policy_for_everyone_is_a_problem_in_each_of_its_forms(
    everyone: object, spaces: Spaces
) -> None:
    bootstrap(spaces)
    statement = {**json.loads(EVERYBODY)["Statement"], "Principal": everyone}
    document = json.dumps({"Statement": [statement]})
    spaces.client().put_bucket_policy(Bucket=NAME, Policy=document)
    (problem,) = bucket.problems(spaces.client(), NAME)
    assert problem.detail == "its policy allows access to everyone: delete the policy"


def test_rules_are_sent_with_the_header_that_spaces_requires(spaces: Spaces) -> None:
    client, sent = spaces.client(), []
    client.meta.events.register_last(
        "before-send.s3.PutBucketLifecycleConfiguration",
        lambda request, **_: sent.append(request.headers.get("Content-MD5")),
    )
    client.create_bucket(Bucket=NAME)
    for each in bucket.problems(client, NAME):
        each.correct()
    assert len(sent) == 1
    assert sent[0]


def test_a_bucket_of_another_account_is_refused(spaces: Spaces) -> None:
    spaces.client(owner="222222222222").create_bucket(Bucket=NAME)
    with pytest.raises(UsageError, match=f"{NAME} belongs to another account.*--bucket"):
        bootstrap(spaces)


def test_a_bucket_that_the_key_may_not_read_is_refused() -> None:
    answer = {"Error": {"Code": "403", "Message": "Forbidden"}}
    client = mock.Mock(list_buckets=lambda: {"Buckets": []})
    client.head_bucket.side_effect = ClientError(answer, "HeadBucket")
    with pytest.raises(UsageError, match="belongs to another account, or the key may not read it"):
        bucket._exists(client, NAME, bucket.STATE)


def test_a_bucket_with_other_content_is_refused_and_not_changed(spaces: Spaces) -> None:
    client = spaces.client()
    client.create_bucket(Bucket="kro-prod-files")
    client.put_object(Bucket="kro-prod-files", Key="passports/1.jpg", Body=b"x")
    with pytest.raises(UsageError, match=r"kro-prod-files holds something else, like 'passports"):
        bootstrap(spaces, name="kro-prod-files")
    assert "Status" not in client.get_bucket_versioning(Bucket="kro-prod-files")


@pytest.mark.parametrize(
    ("changes", "region", "said"),
    [
        ({"SPACES_SECRET_ACCESS_KEY": ""}, "fra1", "^SPACES_SECRET_ACCESS_KEY not set"),
        ({}, "mars1", "^--region is mars1: allowed is ams3, "),
        ({"PATH": str(ROOT / "rehearsal" / "bin")}, "fra1", "^this is a rehearsal"),
        ({"SPACES_ENDPOINT_URL": "http://127.0.0.1:1#{{.Region}}"}, "fra1", "did not answer"),
    ],
)
def test_missing_keys_and_wrong_options_are_errors(
    changes: dict[str, str], region: str, said: str
) -> None:
    environ = {**Spaces(1).environ, **changes}
    with pytest.raises(UsageError, match=said):
        bucket.run(bucket.STATE, None, region, environ, yes=True)
