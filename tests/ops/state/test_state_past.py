"""`ops state open`: the newest state that can be read, wherever it lies."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from buckets import KEY, WORD, played
from kept import NOW, checkpoint, copy, kept

from ops.cli.errors import UsageError
from ops.state import copies, history, passphrase


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(passphrase, "ROUNDS", 1)  # a million take a second
    return kept(tmp_path)


def opened(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Open the newest state: of which day it is, and where it was found."""
    given = {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": WORD,
        "ESTATE_STATE_COPIES": str(folder / "copies"),
    }
    history.show("prod", None, given)
    told = capsys.readouterr()
    read = json.loads(told.out)
    assert read["version"] == 3
    return read["deployment"]["resources"][0]["outputs"]["day"], told.err


def test_the_newest_state_that_can_be_read_is_opened(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = folder / "state" / ".pulumi"
    current = inside / "stacks/estate/prod.json"
    current.write_bytes(checkpoint(9))
    assert opened(folder, capsys)[0] == 9
    current.write_bytes(checkpoint(9)[:200])
    day, told = opened(folder, capsys)
    assert day == 8
    assert "history/estate/prod/prod-2.checkpoint.json, of 2026-03-08 11:00:00 UTC" in told
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


def test_a_bucket_gives_back_the_last_version_also_of_what_was_deleted(
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
        given = {**KEY, "PULUMI_BACKEND_URL": spaces.url("old")}
        found = history.newest("prod", given)
        assert found.when.day == 7
        assert found.where.endswith("prod.json, an older version")


def test_where_the_backend_is_gone_the_copy_is_opened(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "state").rename(folder / "gone")
    day, told = opened(folder, capsys)
    assert day == 5
    assert f"there is no folder {folder / 'state'}" in told


def test_a_copy_of_another_passphrase_does_not_hide_what_the_backend_holds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy(folder / "copies", NOW, word="another")
    day, told = opened(folder, capsys)
    assert day == 8
    assert "the passphrase is not the one" in told
