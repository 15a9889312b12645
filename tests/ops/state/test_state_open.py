"""`ops state open`: the newest state that can be read, from any source."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from buckets import KEY, WORD, played
from saved_state import NOW, checkpoint, save_copy, save_state

from ops.cli.errors import UsageError
from ops.state import copies, history, passphrase


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(passphrase, "ROUNDS", 1)  # a million take a second
    return save_state(tmp_path)


def opened(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Open the newest state: its day, and the line that says where it was read."""
    environ = {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": WORD,
        "ESTATE_STATE_COPIES": str(folder / "copies"),
    }
    history.show("prod", None, environ)
    printed = capsys.readouterr()
    state = json.loads(printed.out)
    assert state["version"] == 3
    return state["deployment"]["resources"][0]["outputs"]["day"], printed.err


def test_the_newest_state_that_can_be_read_is_opened(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = folder / "state" / ".pulumi"
    current = inside / "stacks/estate/prod.json"
    current.write_bytes(checkpoint(9))
    assert opened(folder, capsys)[0] == 9
    current.write_bytes(checkpoint(9)[:200])
    day, source = opened(folder, capsys)
    assert day == 8
    assert "history/estate/prod/prod-2.checkpoint.json, of 2026-03-08 11:00:00 UTC" in source
    current.write_bytes(checkpoint(10, resources=[]))  # as `stack init` leaves it
    (inside / "history/estate/prod/prod-2.checkpoint.json").write_bytes(b"")
    assert opened(folder, capsys)[0] == 7
    for file in inside.rglob("prod*"):
        if file.is_file():
            file.unlink()
    assert opened(folder, capsys)[0] == 5
    (folder / "copies" / copies.name("prod", NOW - timedelta(days=5))).unlink()
    with pytest.raises(UsageError, match=r"no state of prod can be read.*ops adopt --stack prod"):
        opened(folder, capsys)


def test_the_last_version_in_a_bucket_is_read_even_of_a_deleted_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passphrase, "ROUNDS", 1)
    with played() as spaces:
        client = spaces.client()
        client.create_bucket(Bucket="old")
        client.put_bucket_versioning(Bucket="old", VersioningConfiguration={"Status": "Enabled"})
        name = ".pulumi/stacks/estate/prod.json"
        for content in (checkpoint(6), checkpoint(7), checkpoint(8)[:100]):
            client.put_object(Bucket="old", Key=name, Body=content)
        client.delete_object(Bucket="old", Key=name)
        newest = history.newest("prod", {**KEY, "PULUMI_BACKEND_URL": spaces.url("old")})
        assert newest.when.day == 7
        assert newest.where.endswith("prod.json, an older version")


def test_a_copy_is_opened_if_the_backend_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "state").rename(folder / "gone")
    day, errors = opened(folder, capsys)
    assert day == 5
    assert f"not checked: there is no folder {folder / 'state'}" in errors


def test_a_copy_with_another_passphrase_does_not_hide_the_state_in_the_backend(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_copy(folder / "copies", NOW, word="another")
    day, errors = opened(folder, capsys)
    assert day == 8
    assert "the passphrase is not the one" in errors
