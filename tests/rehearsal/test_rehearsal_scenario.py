"""A rehearsed recovery says what it needs, and keeps what a person typed elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rehearsal import INSTALL_PAGE
from rehearsal.__main__ import app
from rehearsal.play import STUB, Play
from rehearsal.prepare import CannotRehearse, Stage


def _play(folder: Path, **secrets: str) -> Play:
    (folder / "project").mkdir()
    return Play(folder, Stage("prod", folder / "cloud", secrets, frozenset(secrets)))


def test_without_an_engine_it_says_where_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, ["recover", "krotrust-droplet"])
    assert done.exit_code == 1
    assert INSTALL_PAGE in done.output


def test_a_step_that_fails_ends_it_with_what_it_printed(tmp_path: Path) -> None:
    play = _play(tmp_path)
    assert play.must("echo fine; exit 2", 0, 2) == "fine\n"
    with pytest.raises(CannotRehearse, match=r"exit code 3 of: echo why; exit 3\nwhy"):
        play.must("echo why; exit 3", 0, 2)


def test_what_is_asked_of_other_hosts_is_kept_and_reaches_nobody(tmp_path: Path) -> None:
    play = _play(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    stub = tmp_path / "elsewhere" / "ssh"
    stub.write_text(STUB.format(log=tmp_path / "elsewhere.log"))
    stub.chmod(0o755)
    play.must("ssh -A root@198.18.0.1 kro-start")
    assert [each.split() for each in play.asked] == [["ssh", "-A", "root@198.18.0.1", "kro-start"]]


def test_a_secret_that_comes_from_the_stack_file_is_no_variable_as_well(tmp_path: Path) -> None:
    play = _play(tmp_path, KROGIVING__JWT_SECRET_KEY="made-up")
    assert play.must("echo $KROGIVING__JWT_SECRET_KEY") == "made-up\n"
    without = Play(tmp_path, play.stage, without=frozenset({"KROGIVING__JWT_SECRET_KEY"}))
    assert without.must("echo $KROGIVING__JWT_SECRET_KEY") == "\n"
