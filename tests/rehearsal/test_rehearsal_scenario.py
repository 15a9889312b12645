"""The sandbox of a rehearsed recovery: its commands, its stubs and its variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rehearsal import INSTALL_PAGE
from rehearsal.__main__ import app
from rehearsal.prepare import RehearsalError, Workspace
from rehearsal.sandbox import STUB, Sandbox


def _sandbox(folder: Path, **secrets: str) -> Sandbox:
    (folder / "project").mkdir()
    return Sandbox(folder, Workspace("prod", folder / "cloud", secrets, frozenset(secrets)))


def test_without_an_engine_the_error_says_where_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, ["recover", "krotrust-droplet"])
    assert done.exit_code == 1
    assert INSTALL_PAGE in done.output


def test_a_step_that_fails_ends_it_with_what_it_printed(tmp_path: Path) -> None:
    sandbox = _sandbox(tmp_path)
    assert sandbox.output("echo fine; exit 2", 0, 2) == "fine\n"
    with pytest.raises(RehearsalError, match=r"exit code 3 of: echo why; exit 3\nwhy"):
        sandbox.output("echo why; exit 3", 0, 2)


def test_commands_for_other_hosts_are_logged_and_reach_no_host(tmp_path: Path) -> None:
    sandbox = _sandbox(tmp_path)
    (tmp_path / "stubs").mkdir()
    stub = tmp_path / "stubs" / "ssh"
    stub.write_text(STUB.format(log=tmp_path / "stubs.log"))
    stub.chmod(0o755)
    sandbox.output("ssh -A root@198.18.0.1 kro-start")
    assert [each.split() for each in sandbox.stub_calls] == [
        ["ssh", "-A", "root@198.18.0.1", "kro-start"]
    ]


def test_a_secret_of_the_stack_file_is_not_set_as_a_variable_too(tmp_path: Path) -> None:
    sandbox = _sandbox(tmp_path, KROGIVING__JWT_SECRET_KEY="made-up")
    assert sandbox.output("echo $KROGIVING__JWT_SECRET_KEY") == "made-up\n"
    without = Sandbox(tmp_path, sandbox.workspace, without=frozenset({"KROGIVING__JWT_SECRET_KEY"}))
    assert without.output("echo $KROGIVING__JWT_SECRET_KEY") == "\n"
