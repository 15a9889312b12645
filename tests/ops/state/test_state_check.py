"""`ops state --check`, offline: each of its checks, passing and failing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from buckets import KEY, WORD, Spaces, played
from saved_state import NOW, deployment, salt_of, save_copy, save_state

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
    return save_state(tmp_path)


@pytest.fixture
def checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Check the folder, whose engine exports the state of a day, or fails with these words."""

    def run(exported: int | str = 8, more: Any = None, **changes: str) -> dict[str, Finding]:
        def text(*_: str, environ: object) -> str:
            assert environ is variables
            if isinstance(exported, str):
                raise UsageError(f"pulumi stack export: {exported}")
            return json.dumps({"deployment": deployment(exported, **(more or {}))})

        monkeypatch.setattr(pulumi_cli, "text", text)
        variables = {
            "PATH": str(ROOT / "rehearsal" / "bin"),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": WORD,
            "ESTATE_STATE_COPIES": str(folder / "copies"),
            **changes,
        }
        return {each.name: each for each in look("prod", variables, NOW)}

    return run


def test_a_sound_state_passes_every_check(checked: Look) -> None:
    results = checked()
    assert {name: each.state for name, each in results.items()} == {
        "backend": "ok",
        "reachable": "ok",
        "lock": "ok",
        "readable": "ok",
        "up to date": "ok",
        "pending": "ok",
        "passphrase of the state": "ok",
        "weekly copy": "ok",
    }
    assert {each.repair for each in results.values()} == {""}


def test_a_folder_is_right_only_in_a_rehearsal(checked: Look) -> None:
    assert checked(PATH="")["backend"].state == "bad"


@pytest.mark.parametrize(
    ("url", "state"), [("https://api.pulumi.com", "ok"), ("azblob://container", "not checked")]
)
def test_another_backend_is_checked_only_through_the_engine(
    url: str, state: str, checked: Look
) -> None:
    results = checked(PULUMI_BACKEND_URL=url)
    assert results["backend"].state == state
    assert results["readable"].state == "ok"
    assert results["up to date"].state == "not checked"
    assert "lock" not in results


def test_a_missing_backend_comes_with_the_command_that_creates_one(
    checked: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def logged_out(*_: object, **__: object) -> None:
        raise UsageError("pulumi whoami: PULUMI_ACCESS_TOKEN must be set")

    monkeypatch.setattr(pulumi_cli, "answer", logged_out)
    results = checked(PULUMI_BACKEND_URL="")
    assert [*results] == ["backend", "weekly copy"]
    assert results["backend"].state == "bad"
    assert results["backend"].repair.startswith("python -m ops state bootstrap")


def test_an_unreachable_backend_is_bad(checked: Look, folder: Path) -> None:
    results = checked(PULUMI_BACKEND_URL=(folder / "gone").as_uri())
    assert results["reachable"].state == "bad"
    assert f"there is no folder {folder / 'gone'}" in results["reachable"].detail
    assert "readable" not in results


@pytest.mark.parametrize(
    ("error", "detail", "repair"),
    [
        (
            "no stack named 'prod' found",
            "there is no stack prod: restore a copy, or adopt the live resources",
            "pulumi stack init prod --no-select && python -m ops state open --stack prod"
            " | pulumi stack import --stack prod",
        ),
        (
            "failed to load checkpoint: place 1: unexpected end of JSON input",
            "unexpected end of JSON input",
            "python -m ops state open --stack prod | pulumi stack import --stack prod",
        ),
        ("AccessDenied", "AccessDenied", "see the engine's error"),
    ],
)
def test_a_lost_or_truncated_state_comes_with_the_command_that_restores_it(
    error: str, detail: str, repair: str, checked: Look
) -> None:
    results = checked(error)
    assert results["readable"].state == "bad"
    assert detail in results["readable"].detail
    assert results["readable"].repair == repair
    assert "up to date" not in results


def test_an_empty_state_is_restored_from_an_older_one_or_else_adopted(
    checked: Look, folder: Path
) -> None:
    finding = checked(8, {"resources": []})["readable"]
    assert (finding.state, finding.detail) == ("bad", "the state is empty")
    assert finding.repair.endswith("state open --stack prod | pulumi stack import --stack prod")
    for file in (folder / "state").rglob("prod*.json*"):
        file.unlink()
    finding = checked(8, {"resources": []})["readable"]
    assert finding.repair == "python -m ops adopt --stack prod"


def test_an_empty_description_of_the_state_needs_a_repair(checked: Look, folder: Path) -> None:
    (folder / "state/.pulumi/stacks/estate/prod.json.attrs").write_bytes(b"")
    results = checked("failed to load checkpoint: EOF")
    assert results["readable"].repair == "python -m ops repair --stack prod"


def test_an_older_state_is_bad_and_shows_both_times(checked: Look) -> None:
    finding = checked(7)["up to date"]
    assert finding.state == "bad"
    assert "2026-03-07 11:00:00" in finding.detail
    assert "2026-03-08 11:00:00" in finding.detail
    assert (
        finding.repair == "python -m ops state open --stack prod | pulumi stack import --stack prod"
    )


def test_a_lock_is_bad_and_shows_its_holder(checked: Look, folder: Path) -> None:
    locks = folder / "state/.pulumi/locks/organization/estate/prod"
    locks.mkdir(parents=True)
    lock = {"pid": 7, "username": "ada", "hostname": "laptop", "timestamp": "2026-03-09T09:00:00Z"}
    (locks / "a.json").write_text(json.dumps(lock))
    (locks / "a.json.attrs").write_text("{}")
    finding = checked()["lock"]
    assert finding.state == "bad"
    assert finding.detail == "held by ada@laptop (pid 7) since 2026-03-09T09:00:00Z"
    assert finding.repair.startswith("pulumi cancel --stack prod --yes")


def test_an_interrupted_operation_needs_a_repair(checked: Look) -> None:
    pending = [{"type": "creating", "resource": {"urn": "urn:x::krotrust-droplet"}}]
    finding = checked(8, {"pending_operations": pending})["pending"]
    assert (finding.state, finding.detail) == (
        "bad",
        "interrupted: krotrust-droplet while creating",
    )
    assert finding.repair == "python -m ops repair --stack prod"


@pytest.mark.parametrize(
    ("word", "detail"),
    [("canary-wrong", "the passphrase does not open it"), ("", "is empty")],
)
def test_a_wrong_or_missing_passphrase_is_bad_and_never_shown(
    word: str, detail: str, checked: Look, capsys: pytest.CaptureFixture[str]
) -> None:
    results = checked(PULUMI_CONFIG_PASSPHRASE=word)
    assert results["passphrase of the state"].state == results["weekly copy"].state == "bad"
    assert detail in results["passphrase of the state"].detail
    assert findings.show("state", [*results.values()], "text") == 1
    assert "canary" not in capsys.readouterr().out


@pytest.mark.parametrize(("other", "state"), [(WORD, "ok"), ("another", "bad")])
def test_the_passphrase_has_to_open_the_stack_s_file_too(
    other: str, state: str, checked: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, salt = config.read, salt_of(other)
    monkeypatch.setattr(config, "read", lambda file: {**read(file), "encryptionsalt": salt})
    results = checked()
    assert results["passphrase of Pulumi.prod.yaml"].state == state
    assert results["passphrase of the state"].state == "ok"


def test_a_copy_that_is_old_missing_or_of_another_passphrase_is_bad(
    checked: Look, folder: Path
) -> None:
    location = folder / "copies"
    (only,) = location.iterdir()
    only.unlink()
    assert "there is none in" in checked()["weekly copy"].detail
    save_copy(location, NOW - timedelta(days=8, minutes=1))
    finding = checked()["weekly copy"]
    assert finding.state == "bad"
    assert "older than 8 days" in finding.detail
    assert finding.repair == "python -m ops state save --stack prod"
    save_copy(location, NOW - timedelta(days=1), word="another")
    assert "the passphrase is not the one" in checked()["weekly copy"].detail
    assert "ESTATE_STATE_COPIES is not set" in checked(ESTATE_STATE_COPIES="")["weekly copy"].detail


@pytest.fixture
def spaces() -> Iterator[Spaces]:
    with played() as served:
        yield served


def test_the_settings_of_a_bucket_are_checked(checked: Look, spaces: Spaces) -> None:
    client = spaces.client()
    client.create_bucket(Bucket="kro")
    variables = {**KEY, "PULUMI_BACKEND_URL": spaces.url("kro"), "DIGITALOCEAN_HTTP_RETRY_MAX": "0"}
    results = checked(**variables)
    assert results["backend"].state == results["reachable"].state == "ok"
    assert results["bucket"].state == "bad"
    assert "it keeps no old versions" in results["bucket"].detail
    assert results["bucket"].repair.startswith("python -m ops state bootstrap --bucket kro")
    for each in bucket.problems(client, "kro"):
        each.correct()
    assert checked(**variables)["bucket"].state == "ok"
    detail = checked(**{**variables, "AWS_ACCESS_KEY_ID": ""})["reachable"].detail
    assert "AWS_ACCESS_KEY_ID not set, needed for the bucket kro" in detail


def test_a_missing_bucket_comes_with_commands_that_create_it_and_restore_the_state(
    checked: Look, spaces: Spaces
) -> None:
    finding = checked(**KEY, PULUMI_BACKEND_URL=spaces.url("gone"))["reachable"]
    assert "NoSuchBucket" in finding.detail
    assert finding.repair.startswith(
        "python -m ops state bootstrap --bucket gone && pulumi stack init"
    )


@pytest.mark.parametrize(
    ("endpoint", "options"),
    [
        ("ams3.digitaloceanspaces.com", "--bucket kro --region ams3"),
        ("https://nyc3.digitaloceanspaces.com", "--bucket kro --region nyc3"),
        ("s3.example.org", "--bucket kro"),
    ],
)
def test_the_region_of_a_bucket_is_that_of_its_endpoint(endpoint: str, options: str) -> None:
    command = _bootstrap(f"s3://kro/below?endpoint={endpoint}&region=us-east-1")
    assert command == f"python -m ops state bootstrap {options}"


def test_settings_that_the_key_may_not_read_are_not_checked(
    checked: Look, spaces: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        denied = {"Code": "AccessDenied", "Message": "denied"}
        answer = {"Error": denied, "ResponseMetadata": {"HTTPStatusCode": 403}}
        raise ClientError(answer, "GetBucketAcl")

    monkeypatch.setattr(bucket, "problems", refused)
    spaces.client().create_bucket(Bucket="narrow")
    finding = checked(**KEY, PULUMI_BACKEND_URL=spaces.url("narrow"))["bucket"]
    assert finding.state == "not checked"
