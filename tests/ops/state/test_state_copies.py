"""The weekly copy: saved, read back and opened; and files that are no copy or a renamed one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from buckets import KEY, SALT, WORD, Spaces, played

from ops import ROOT
from ops.cli.errors import UsageError
from ops.engine import pulumi_cli
from ops.state import copies, history, passphrase
from ops.state.locations import Folder

TEXT = json.dumps({"version": 3, "deployment": {"resources": [{"urn": "canary-urn"}]}}, indent=4)
DAY = datetime(2026, 1, 1, 2, 17, tzinfo=UTC)


@pytest.fixture
def spaces() -> Iterator[Spaces]:
    with played() as served:
        served.client().create_bucket(Bucket="second")
        yield served


@pytest.fixture(autouse=True)
def _exported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_cli, "text", lambda *_, **__: TEXT)


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {"PULUMI_CONFIG_PASSPHRASE": WORD, "ESTATE_STATE_COPIES": str(folder), **more}


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_copy_in_a_folder_is_opened_as_it_was(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert copies.save("prod", form.format(tmp_path), environ(tmp_path)) == 0
    (file,) = tmp_path.iterdir()
    assert file.name in capsys.readouterr().out
    assert copies.NAME.fullmatch(file.name)
    assert b"canary" not in file.read_bytes()
    assert history.show("prod", form.format(file), environ(tmp_path)) == 0
    assert capsys.readouterr().out == f"{TEXT}\n"


@pytest.mark.parametrize(
    "keys",
    [
        KEY,
        {
            "ESTATE_STATE_COPIES_ACCESS_KEY_ID": "copies",
            "ESTATE_STATE_COPIES_SECRET_ACCESS_KEY": "x",
        },
    ],
    ids=["the state's key", "a key of its own"],
)
def test_a_copy_in_a_bucket_is_opened_as_it_was(
    keys: dict[str, str], spaces: Spaces, capsys: pytest.CaptureFixture[str]
) -> None:
    url = spaces.url("second").replace("second", "second/weekly")
    variables = {"PULUMI_CONFIG_PASSPHRASE": WORD, "ESTATE_STATE_COPIES": url, **keys}
    copies.save("prod", None, variables)
    saved = copies.newest(copies.second_place(variables), "prod")
    assert saved
    capsys.readouterr()
    history.show("prod", url.replace("weekly", f"weekly/{saved.name}"), variables)
    assert capsys.readouterr().out == f"{TEXT}\n"
    del variables[next(iter(keys))]
    with pytest.raises(UsageError, match=f"^{next(iter(keys))} not set, needed for the bucket sec"):
        copies.second_place(variables)


def test_two_copies_of_one_state_differ() -> None:
    name = copies.name("prod", DAY)
    assert passphrase.seal(name, TEXT, WORD) != passphrase.seal(name, TEXT, WORD)


@pytest.mark.parametrize("place", [0, 25, 50, 70, 90, -1])
def test_a_copy_with_one_changed_bit_is_refused(place: int) -> None:
    sealed = bytearray(passphrase.seal(copies.name("prod", DAY), TEXT, WORD))
    sealed[place] ^= 1
    with pytest.raises(UsageError, match=r"cannot be opened|is not a copy of a state"):
        passphrase.unseal(bytes(sealed), WORD)


@pytest.mark.parametrize("length", [0, 20, 70, -1])
def test_a_truncated_copy_is_refused(length: int) -> None:
    sealed = passphrase.seal(copies.name("prod", DAY), TEXT, WORD)[:length]
    with pytest.raises(UsageError, match=r"cannot be opened|is not a copy of a state"):
        passphrase.unseal(sealed, WORD)


def test_another_passphrase_does_not_open_it() -> None:
    sealed = passphrase.seal(copies.name("prod", DAY), TEXT, WORD)
    with pytest.raises(UsageError, match="the passphrase is not the one") as refused:
        passphrase.unseal(sealed, "canary-word")
    assert "canary" not in str(refused.value)


def test_an_older_copy_under_a_newer_name_is_refused(tmp_path: Path) -> None:
    old, new = (copies.name("prod", DAY.replace(year=year)) for year in (2025, 2026))
    sealed = passphrase.seal(old, TEXT, WORD)
    assert copies.opened(sealed, environ(tmp_path), old) == TEXT
    with pytest.raises(UsageError, match=f"{new} was saved as {old}: the file was renamed"):
        copies.opened(sealed, environ(tmp_path), new)


def test_the_newest_copy_is_the_latest_of_that_stack(tmp_path: Path) -> None:
    for each in ("prod-20260101T021700Z.state", "prod-20251231T235900Z.state", "notes.txt"):
        (tmp_path / each).write_bytes(b"")
    (tmp_path / "prod-eu-20270101T000000Z.state").write_bytes(b"")
    location = copies.second_place(environ(tmp_path))
    assert copies.newest(location, "prod") == (DAY, "prod-20260101T021700Z.state")
    assert copies.newest(location, "stage") is None


@pytest.mark.parametrize("empty", [{}, {"resources": []}])
def test_an_empty_state_is_not_saved(
    empty: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"version": 3, "deployment": empty})
    monkeypatch.setattr(pulumi_cli, "text", lambda *_, **__: text)
    with pytest.raises(UsageError, match=r"the state of prod is empty.*nothing was saved"):
        copies.save("prod", None, environ(tmp_path))
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ESTATE_STATE_COPIES": ""}, "^ESTATE_STATE_COPIES is not set: set it to the second"),
        ({"ESTATE_STATE_COPIES": "/nowhere/at/all"}, "^/nowhere/at/all/prod-.* cannot be written"),
        ({"ESTATE_STATE_COPIES": "gs://x"}, "^gs://x: allowed is s3://BUCKET"),
        ({"ESTATE_STATE_COPIES": "s3://"}, "^s3://: allowed is s3://BUCKET"),
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, "^PULUMI_CONFIG_PASSPHRASE is empty"),
        ({"PULUMI_BACKEND_URL": "file://~"}, ""),
    ],
)
def test_missing_settings_and_wrong_places_are_errors(
    changes: dict[str, str], said: str, tmp_path: Path
) -> None:
    variables = environ(tmp_path, **changes)
    if not said:
        variables["ESTATE_STATE_COPIES"], said = str(Path.home()), "is where the state itself is"
    with pytest.raises(UsageError, match=said):
        copies.save("prod", None, variables)


class Lossy(Folder):
    """A second place that damages every copy."""

    def read(self, name: str) -> bytes:
        content = bytearray(super().read(name))
        content[-1] ^= 1
        return bytes(content)


def test_a_copy_that_comes_back_damaged_is_not_reported_as_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(copies, "place", lambda *_: Lossy(tmp_path))
    with pytest.raises(UsageError, match=r"cannot be opened"):
        copies.save("prod", None, environ(tmp_path))
    assert capsys.readouterr().out == ""


def test_a_copy_that_comes_back_as_another_state_is_not_reported_as_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when the place answers an older copy of that name."""

    class Stale(Folder):
        def read(self, name: str) -> bytes:
            return passphrase.seal(name, "{}", WORD)

    monkeypatch.setattr(copies, "place", lambda *_: Stale(tmp_path))
    with pytest.raises(UsageError, match=r"came back from .* as something else: save it again"):
        copies.save("prod", None, environ(tmp_path))
    assert capsys.readouterr().out == ""


def test_the_bucket_of_the_state_is_no_second_place(spaces: Spaces) -> None:
    url = spaces.url("second")
    variables = {**KEY, "PULUMI_BACKEND_URL": url, "ESTATE_STATE_COPIES": url.replace("d?", "d/w?")}
    with pytest.raises(UsageError, match="is where the state itself is: use another place"):
        copies.second_place(variables)


def test_a_refused_place_is_shown_without_the_credentials_in_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^gs://place\.test: allowed is s3://") as refused:
        copies.second_place(environ(tmp_path), "gs://me:canary@place.test/x?key=canary")
    assert "canary" not in str(refused.value)


def test_the_passphrase_is_read_as_the_engine_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "word"
    file.write_text(f" {WORD}\n")
    by_file = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    assert passphrase.read(by_file) == WORD
    assert passphrase.read({**by_file, "PULUMI_CONFIG_PASSPHRASE": "first"}) == "first"
    with pytest.raises(UsageError, match="cannot be read"):
        passphrase.read({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "gone")})
    with pytest.raises(UsageError, match=r"^neither PULUMI_CONFIG_PASSPHRASE_FILE nor"):
        passphrase.read({})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--check", "--stack", "nowhere"), 1, "error: there is no Pulumi.nowhere.yaml: known"),
        (("open", "nothing.state"), 1, "nothing.state cannot be read: No such file"),
        (("save", "--to", "gs://x"), 1, "error: neither PULUMI_CONFIG_PASSPHRASE_FILE nor"),
        (("bootstrap", "--region", "mars1"), 1, "error: --region is mars1: allowed is ams3, "),
        ((), 0, "Usage: estate state [OPTIONS] COMMAND"),
    ],
)
def test_an_error_of_the_command_is_one_line(
    arguments: tuple[str, ...], code: int, said: str
) -> None:
    clean = {name: each for name, each in os.environ.items() if not name.startswith("PULUMI_")}
    done = subprocess.run(
        [sys.executable, "-m", "ops", "state", *arguments],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in (done.stderr if code else done.stdout)
    assert done.stderr.count("\n") == code


def test_a_passphrase_is_tested_against_the_salt_of_the_engine() -> None:
    assert passphrase.matches(SALT, WORD)
    assert not passphrase.matches(SALT, "y")
    with pytest.raises(UsageError, match="is no salt of the engine"):
        passphrase.matches("v1:GTngVQV2ocQ=", WORD)
