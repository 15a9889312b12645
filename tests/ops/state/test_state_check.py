"""`ops state --check`, offline: each thing that it looks at, in order and not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from buckets import KEY, WORD, Spaces, played
from kept import NOW, copy, deployment, kept, salt_of

from ops import ROOT
from ops.cli import findings
from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.engine import pulumi_cli
from ops.plan import config
from ops.state import bucket, passphrase
from ops.state.check import _bootstrap, look

Look = Callable[..., dict[str, Finding]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(passphrase, "ROUNDS", 1)  # a million take a second
    return kept(tmp_path)


@pytest.fixture
def checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Look at the folder, whose engine exports that day, or refuses with these words."""

    def run(exported: int | str = 8, more: Any = None, **changes: str) -> dict[str, Finding]:
        def text(*_: str, environ: object) -> str:
            assert environ is given
            if isinstance(exported, str):
                raise UsageError(f"pulumi stack export: {exported}")
            return json.dumps({"deployment": deployment(exported, **(more or {}))})

        monkeypatch.setattr(pulumi_cli, "text", text)
        given = {
            "PATH": str(ROOT / "rehearsal" / "bin"),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": WORD,
            "ESTATE_STATE_COPIES": str(folder / "copies"),
            **changes,
        }
        return {each.name: each for each in look("prod", given, NOW)}

    return run


def test_all_is_well(checked: Look) -> None:
    found = checked()
    assert {name: each.state for name, each in found.items()} == {
        "backend": "ok",
        "reachable": "ok",
        "lock": "ok",
        "readable": "ok",
        "of today": "ok",
        "pending": "ok",
        "passphrase of the state": "ok",
        "weekly copy": "ok",
    }
    assert {each.mend for each in found.values()} == {""}


def test_a_folder_is_for_rehearsals_alone(checked: Look) -> None:
    assert checked(PATH="")["backend"].state == "bad"


@pytest.mark.parametrize(
    ("url", "state"), [("https://api.pulumi.com", "ok"), ("azblob://container", "unseen")]
)
def test_of_another_backend_the_engine_alone_tells(url: str, state: str, checked: Look) -> None:
    found = checked(PULUMI_BACKEND_URL=url)
    assert found["backend"].state == state
    assert found["readable"].state == "ok"
    assert found["of today"].state == "unseen"
    assert "lock" not in found


def test_no_backend_is_told_with_what_names_one(
    checked: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise UsageError("pulumi whoami: PULUMI_ACCESS_TOKEN must be set")

    monkeypatch.setattr(pulumi_cli, "answer", nobody)
    found = checked(PULUMI_BACKEND_URL="")
    assert [*found] == ["backend", "weekly copy"]
    assert found["backend"].state == "bad"
    assert found["backend"].mend.startswith("python -m ops state bootstrap")


def test_a_backend_out_of_reach_is_told(checked: Look, folder: Path) -> None:
    found = checked(PULUMI_BACKEND_URL=(folder / "gone").as_uri())
    assert found["reachable"].state == "bad"
    assert f"there is no folder {folder / 'gone'}" in found["reachable"].told
    assert "readable" not in found


@pytest.mark.parametrize(
    ("said", "told", "mend"),
    [
        (
            "no stack named 'prod' found",
            "there is no stack prod: restore a copy, or adopt what runs",
            "pulumi stack init prod --no-select && python -m ops state open --stack prod"
            " | pulumi stack import --stack prod",
        ),
        (
            "failed to load checkpoint: place 1: unexpected end of JSON input",
            "unexpected end of JSON input",
            "python -m ops state open --stack prod | pulumi stack import --stack prod",
        ),
        ("AccessDenied", "AccessDenied", "see what the engine says"),
    ],
)
def test_a_state_that_is_lost_or_cut_off_is_told_with_what_brings_it_back(
    said: str, told: str, mend: str, checked: Look
) -> None:
    found = checked(said)
    assert found["readable"].state == "bad"
    assert told in found["readable"].told
    assert found["readable"].mend == mend
    assert "of today" not in found


def test_an_empty_state_is_told_with_the_older_one_where_there_is_one(
    checked: Look, folder: Path
) -> None:
    found = checked(8, {"resources": []})["readable"]
    assert (found.state, found.told) == ("bad", "it is there, and empty")
    assert found.mend.endswith("state open --stack prod | pulumi stack import --stack prod")
    for file in (folder / "state").rglob("prod*.json*"):
        file.unlink()
    found = checked(8, {"resources": []})["readable"]
    assert found.mend == "python -m ops adopt --stack prod"


def test_an_empty_description_beside_the_state_is_for_mend(checked: Look, folder: Path) -> None:
    (folder / "state/.pulumi/stacks/estate/prod.json.attrs").write_bytes(b"")
    found = checked("failed to load checkpoint: EOF")
    assert found["readable"].mend == "python -m ops mend --stack prod"


def test_an_older_state_is_told_with_both_times(checked: Look) -> None:
    found = checked(7)["of today"]
    assert found.state == "bad"
    assert "2026-03-07 11:00:00" in found.told
    assert "2026-03-08 11:00:00" in found.told
    assert found.mend == "python -m ops state open --stack prod | pulumi stack import --stack prod"


def test_a_lock_is_told_with_its_holder(checked: Look, folder: Path) -> None:
    locks = folder / "state/.pulumi/locks/organization/estate/prod"
    locks.mkdir(parents=True)
    lock = {"pid": 7, "username": "ada", "hostname": "laptop", "timestamp": "2026-03-09T09:00:00Z"}
    (locks / "a.json").write_text(json.dumps(lock))
    (locks / "a.json.attrs").write_text("{}")
    found = checked()["lock"]
    assert found.state == "bad"
    assert found.told == "held by ada@laptop (pid 7) since 2026-03-09T09:00:00Z"
    assert found.mend.startswith("pulumi cancel --stack prod --yes")


def test_an_interrupted_operation_is_for_mend(checked: Look) -> None:
    pending = [{"type": "creating", "resource": {"urn": "urn:x::krotrust-droplet"}}]
    found = checked(8, {"pending_operations": pending})["pending"]
    assert (found.state, found.told) == ("bad", "interrupted: krotrust-droplet while creating")
    assert found.mend == "python -m ops mend --stack prod"


@pytest.mark.parametrize(
    ("word", "told"),
    [("canary-wrong", "the one at hand does not open it"), ("", "is empty")],
)
def test_a_wrong_or_missing_passphrase_is_told_and_never_shown(
    word: str, told: str, checked: Look, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checked(PULUMI_CONFIG_PASSPHRASE=word)
    assert found["passphrase of the state"].state == found["weekly copy"].state == "bad"
    assert told in found["passphrase of the state"].told
    assert findings.show("state", [*found.values()], "text") == 1
    assert "canary" not in capsys.readouterr().out


@pytest.mark.parametrize(("other", "state"), [(WORD, "ok"), ("another", "bad")])
def test_the_passphrase_has_to_open_the_stack_s_file_too(
    other: str, state: str, checked: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, salt = config.read, salt_of(other)
    monkeypatch.setattr(config, "read", lambda file: {**read(file), "encryptionsalt": salt})
    found = checked()
    assert found["passphrase of Pulumi.prod.yaml"].state == state
    assert found["passphrase of the state"].state == "ok"


def test_a_copy_that_is_old_missing_or_of_another_passphrase_is_told(
    checked: Look, folder: Path
) -> None:
    there = folder / "copies"
    (only,) = there.iterdir()
    only.unlink()
    assert "there is none in" in checked()["weekly copy"].told
    copy(there, NOW - timedelta(days=8, minutes=1))
    found = checked()["weekly copy"]
    assert found.state == "bad"
    assert "older than 8 days" in found.told
    assert found.mend == "python -m ops state save --stack prod"
    copy(there, NOW - timedelta(days=1), word="another")
    assert "the passphrase is not the one" in checked()["weekly copy"].told
    assert "ESTATE_STATE_COPIES is not set" in checked(ESTATE_STATE_COPIES="")["weekly copy"].told


@pytest.fixture
def spaces() -> Iterator[Spaces]:
    with played() as there:
        yield there


def test_a_bucket_s_settings_are_looked_at(checked: Look, spaces: Spaces) -> None:
    client = spaces.client()
    client.create_bucket(Bucket="kro")
    given = {**KEY, "PULUMI_BACKEND_URL": spaces.url("kro"), "DIGITALOCEAN_HTTP_RETRY_MAX": "0"}
    found = checked(**given)
    assert found["backend"].state == found["reachable"].state == "ok"
    assert found["bucket"].state == "bad"
    assert "it keeps no old version" in found["bucket"].told
    assert found["bucket"].mend.startswith("python -m ops state bootstrap --bucket kro")
    for each in bucket.amiss(client, "kro"):
        each.mend()
    assert checked(**given)["bucket"].state == "ok"
    told = checked(**{**given, "AWS_ACCESS_KEY_ID": ""})["reachable"].told
    assert "not set: they open the bucket kro" in told


def test_a_bucket_that_is_gone_is_told_with_what_makes_it_and_brings_the_state_back(
    checked: Look, spaces: Spaces
) -> None:
    found = checked(**KEY, PULUMI_BACKEND_URL=spaces.url("gone"))["reachable"]
    assert "NoSuchBucket" in found.told
    assert found.mend.startswith("python -m ops state bootstrap --bucket gone && pulumi stack init")


@pytest.mark.parametrize(
    ("endpoint", "options"),
    [
        ("ams3.digitaloceanspaces.com", "--bucket kro --region ams3"),
        ("https://nyc3.digitaloceanspaces.com", "--bucket kro --region nyc3"),
        ("s3.example.org", "--bucket kro"),
    ],
)
def test_the_region_of_a_bucket_is_that_of_its_endpoint(endpoint: str, options: str) -> None:
    told = _bootstrap(f"s3://kro/below?endpoint={endpoint}&region=us-east-1")
    assert told == f"python -m ops state bootstrap {options}"


def test_a_key_that_may_not_see_the_settings_leaves_them_unseen(
    checked: Look, spaces: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        told = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        raise ClientError(told, "GetBucketAcl")

    monkeypatch.setattr(bucket, "amiss", refused)
    spaces.client().create_bucket(Bucket="narrow")
    found = checked(**KEY, PULUMI_BACKEND_URL=spaces.url("narrow"))["bucket"]
    assert found.state == "unseen"
