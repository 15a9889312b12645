"""Shell completion: for `estate` alone, of commands, stacks and names, in a real bash."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops import ROOT
from ops.__main__ import app
from ops.plan import config

UNDETECTED = ("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")  # the test names the shell


def completed(*words: str) -> list[str]:
    """What TAB offers in bash after these words."""
    typed = {"COMP_WORDS": " ".join(("estate", *words)), "COMP_CWORD": str(len(words))}
    asked = {**typed, "_ESTATE_COMPLETE": "complete_bash"}
    return sorted(CliRunner().invoke(app, env=asked).stdout.split())


def test_a_command_is_completed_and_no_old_name() -> None:
    assert completed("re") == ["recover", "refresh", "render", "repair", "review"]
    assert completed("men") == []
    assert completed("state", "") == ["bootstrap", "open", "save"]


@pytest.mark.parametrize("command", ["plan", "up", "recover", "order"])
def test_a_stack_is_completed_from_those_of_the_project(command: str) -> None:
    before = [command, "start"] if command == "order" else [command]
    assert completed(*before, "--stack", "") == config.stacks()
    one = config.stacks()[-1]
    assert completed(*before, "-s", one[:2]) == [one]


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two stacks with what the completion reads."""
    entry = "{}:\n  type: {}\n  parent: x\n  inputs:\n    name: other\n"
    cloud = "digitalocean:index"
    for stack, resources in {
        "prod": {
            "web-droplet": f"{cloud}/droplet:Droplet",
            "web-cluster": f"{cloud}/databaseCluster:DatabaseCluster",
            "web-bucket": f"{cloud}/spacesBucket:SpacesBucket",
            "pencom": "estate:product:Pencom",
            "pencom-audit": "estate:pencom:Service",
            "pencom-vps-1": "estate:pencom:Host",
        },
        "dr": {"dr-droplet": f"{cloud}/droplet:Droplet"},
    }.items():
        (tmp_path / "rendered" / stack).mkdir(parents=True)
        texts = [entry.format(name, token) for name, token in resources.items()]
        (tmp_path / "rendered" / stack / "all.yaml").write_text("# a head\n" + "".join(texts))
    (tmp_path / "docs" / "runbook").mkdir(parents=True)
    for page in ("README", "up", "state", "web-droplet"):
        (tmp_path / "docs" / "runbook" / f"{page}.md").touch()
    monkeypatch.setattr("ops.commands._names.ROOT", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("rendered")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("blast", "web-"), ["web-bucket", "web-cluster", "web-droplet"]),
        (("blast", "--stack", "dr", ""), ["dr-droplet"]),
        (("up", "--make-empty", ""), ["web-bucket", "web-cluster"]),
        (("order", "stop", ""), ["audit", "vps-1"]),
        (("recover", ""), ["state", "up", "web-droplet"]),
    ],
)
def test_names_are_those_that_the_command_takes(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


@pytest.mark.parametrize(
    ("shell", "registers"),
    [
        ("bash", "complete -o default -F _estate_completion estate"),
        ("zsh", "compdef _estate_completion estate"),
        ("fish", "complete --command estate "),
    ],
)
def test_a_shell_gets_a_completion_of_estate_alone(
    monkeypatch: pytest.MonkeyPatch, shell: str, registers: str
) -> None:
    monkeypatch.setenv(*UNDETECTED)
    shown = CliRunner().invoke(app, ["--show-completion", shell])
    assert shown.exit_code == 0
    assert registers in shown.stdout
    assert "python" not in shown.stdout


def test_python_m_ops_installs_it_for_estate_and_leaves_python_alone(tmp_path: Path) -> None:
    environ = dict([*os.environ.items(), UNDETECTED, ("HOME", str(tmp_path))])
    install = [sys.executable, "-m", "ops", "--install-completion", "bash"]
    done = subprocess.run(
        install, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (script,) = (tmp_path / ".bash_completions").iterdir()
    assert script.name == "estate.sh"
    registered = [line for line in script.read_text().splitlines() if line.startswith("complete")]
    assert registered == ["complete -o default -F _estate_completion estate"]


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_tab_completes_in_a_real_bash(tmp_path: Path) -> None:
    program = tmp_path / "estate"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ops "$@"\n')
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "TERM": "dumb", "PS1": "> "}
    pid, terminal = pty.fork()
    if not pid:  # the child
        os.chdir(ROOT)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environ)
    try:
        os.write(terminal, b'eval "$(estate --show-completion bash)"; echo rea"dy"\n')
        _seen(terminal, "ready\r\n")
        os.write(terminal, b"estate lost\t")
        _seen(terminal, "estate lost-stores ")
        os.write(terminal, b"\x15complete -p python || echo no com'pletion'\n")
        _seen(terminal, "no completion\r\n")
        os.write(terminal, b"exit\n")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def _seen(terminal: int, text: str) -> None:
    """Wait until the terminal shows a text."""
    seen, end = "", time.monotonic() + 60
    while text not in seen:
        assert time.monotonic() < end, seen
        seen += os.read(terminal, 4096).decode(errors="replace")
