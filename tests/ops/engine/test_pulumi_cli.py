"""What is asked of pulumi: what the program says, and nothing that the shell adds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import REAL, FakePulumi, Project

from ops.cli.errors import UsageError
from ops.engine import pulumi_cli

# Sends what Ctrl-C does to the command that runs it, and has something to do before it ends.
INTERRUPTED = """\
#!{python}
import os, pathlib, signal, sys
os.kill(os.getppid(), signal.SIGINT)
sys.stdin.readline()
pathlib.Path(__file__).with_name("ended").touch()
"""


def test_a_question_is_asked_as_it_is_written_whatever_the_shell_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(pulumi.folder))
    for name in ("OPTION_IGNORE_PROTECT", "OPTION_NEWER", "ENABLE_STREAMING_JSON_PREVIEW"):
        monkeypatch.setenv(f"PULUMI_{name}", "true")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///somewhere")
    pulumi_cli.text("stack", "export", environ=os.environ)
    environ = pulumi.call("stack", "export")["environ"]
    given = {name for name in environ if name.startswith("PULUMI_")}
    assert given >= {"PULUMI_BACKEND_URL", "PULUMI_SKIP_UPDATE_CHECK"}
    assert not [name for name in given if "OPTION" in name or "STREAMING" in name]


@pytest.mark.parametrize(
    ("said", "hint"), [("no stack named 'dr' found", True), ("disk full", False)]
)
def test_where_there_is_no_state_it_is_told_how_to_make_one(
    said: str, hint: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(pulumi.folder))
    pulumi.answer("stack export", code=255, err=f"error: {said}\n")
    with pytest.raises(UsageError, match=said) as refused:
        pulumi_cli.exported("dr")
    assert ("`pulumi stack init dr` makes it" in str(refused.value)) is hint


@pytest.mark.parametrize("command", [("up", "--yes"), ("drift",), ("preview",)])
def test_at_a_ctrl_c_an_engine_is_waited_for_until_it_has_ended_by_itself(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    engine = tmp_path / "pulumi"
    engine.write_text(INTERRUPTED.format(python=sys.executable))
    engine.chmod(0o755)
    environ = {"PATH": str(tmp_path), "ESTATE_PROVIDER": "rehearsal", **REAL}
    with subprocess.Popen(
        [sys.executable, "-m", "ops", *command, "--stack", "stage"],
        cwd=Project.copied(tmp_path / "project").folder,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        assert process.stderr.readline() == (
            "stopping: the engine finishes what it has begun; please wait\n"
        )
        process.communicate("\n")
    assert process.returncode == 130
    assert (tmp_path / "ended").exists()
