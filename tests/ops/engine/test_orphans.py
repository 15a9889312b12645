"""Which plugin processes are ended as orphans, and which are let be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from ops import ROOT
from ops.engine import orphans

PROVIDER, LANGUAGE = "pulumi-resource-digitalocean", "pulumi-language-python"
WAITS = "echo $$; read line"  # tells its pid, and ends with its input
STUBBORN = f"trap '' TERM; {WAITS}"
BELOW = f"bash -c 'exec -a {PROVIDER} sh -c \"{WAITS}\"'; true"  # a shell with a plugin below it
ENGINE = '#!/bin/bash\n(exec -a "$1" sh -c "$2")\ntrue\n'
Start = Callable[..., tuple[subprocess.Popen[str], int]]


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    return tmp_path.as_uri()


@pytest.fixture
def start(tmp_path: Path, backend: str) -> Iterator[Start]:
    """Start a harmless process under some name; gives it, and the pid of what waits in it."""
    with ExitStack() as stack:

        def begin(
            name: str = PROVIDER,
            text: str = WAITS,
            environ: Mapping[str, str] | None = None,
            above: str = "",
            cwd: Path = ROOT,
        ) -> tuple[subprocess.Popen[str], int]:
            command, program = [name, "-c", text], "/bin/sh"
            if above:
                (tmp_path / above).write_text(ENGINE)
                (tmp_path / above).chmod(0o755)
                command, program = [above, name, text], str(tmp_path / above)
            process = stack.enter_context(
                subprocess.Popen(
                    command,
                    executable=program,
                    env={
                        "PATH": os.defpath,
                        "PULUMI_BACKEND_URL": backend,
                        **({"PULUMI_PROJECT": "estate"} if environ is None else environ),
                    },
                    cwd=cwd,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            assert process.stdout
            return process, int(process.stdout.readline())

        yield begin


def test_an_orphaned_provider_and_language_plugin_are_ended(start: Start) -> None:
    _, first = start()
    _, second = start(LANGUAGE, environ={})
    assert orphans.end("estate") == sorted([first, second])
    assert not psutil.pid_exists(first)
    assert not psutil.pid_exists(second)
    assert orphans.end("estate") == []


def test_a_program_that_hangs_without_its_engine_is_ended(tmp_path: Path, backend: str) -> None:
    script = tmp_path / "pulumi-language-python-exec"
    script.write_text("import sys\nprint('here', flush=True)\nsys.stdin.read()\n")
    environ = {"PATH": os.defpath, "PULUMI_BACKEND_URL": backend}
    pipe = subprocess.PIPE
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, env=environ, cwd=ROOT, stdin=pipe, stdout=pipe) as process:
        assert process.stdout
        assert process.stdout.readline() == b"here\n"
        assert orphans.end("estate") == [process.pid]
    assert not psutil.pid_exists(process.pid)


@pytest.mark.parametrize(
    "other",
    [
        {"environ": {"PULUMI_PROJECT": "another"}},
        {"environ": {"PULUMI_PROJECT": "estate", "PULUMI_BACKEND_URL": "file:///another"}},
        {"name": LANGUAGE, "environ": {}, "cwd": Path("/")},
        {"name": f"less {PROVIDER}"},
        {"above": "pulumi"},
        {"above": ".pulumi-wrapped"},
        {"above": "pulumi", "name": "sh", "text": BELOW},
    ],
    ids=[
        "another project",
        "another state",
        "another folder",
        "a reader of its file",
        "a living engine's",
        "that of one by another name",
        "a living engine's, further below",
    ],
)
def test_a_process_of_somebody_else_is_let_be(other: dict[str, object], start: Start) -> None:
    process, _ = start(**other)
    assert orphans.end("estate") == []
    assert process.poll() is None


@pytest.mark.parametrize("above", ["sh-of-a-person", LANGUAGE])
def test_a_plugin_under_any_other_process_is_an_orphan(above: str, start: Start) -> None:
    _, pid = start(above=above)
    assert orphans.end("estate") == [pid]


def test_one_that_does_not_end_by_itself_is_killed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "PATIENCE", 0)
    _, pid = start(text=STUBBORN)
    assert orphans.end("estate") == [pid]
    assert not psutil.pid_exists(pid)


def test_an_engine_is_alive_while_it_runs_and_a_pid_of_another_program_is_none(
    start: Start,
) -> None:
    process, pid = start(above="pulumi")
    assert orphans.alive(process.pid)
    assert not orphans.alive(pid)
    assert not orphans.alive(os.getpid())
    process.kill()
    # Nobody has asked for its end yet: the number is still taken.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not orphans.alive(process.pid)
    process.wait()
    assert not orphans.alive(process.pid)
