"""A copy of the project in which every command of a recovery runs as the runbook prints it.

The cloud, the state and stubs of programs that reach outside the rehearsal are beside the copy.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal import ROOT
from rehearsal.network import simulated_network
from rehearsal.prepare import MADE_UP, RehearsalError, Workspace, ops_json, prepare, require_engine

STACK = "prod"
NOT_COPIED = (".git", ".venv", ".state", ".*_cache", ".hypothesis", "__pycache__", "tests")
# Programs that reach hosts and services outside the rehearsal: stubs log how they are called.
STUBBED = ("ssh", "scp", "gh", "dig")
STUB = '#!/bin/sh\nprintf "%s " "$(basename "$0")" "$@" >> {log}\necho >> {log}\n'


@dataclass(frozen=True)
class Sandbox:
    """The folder of a rehearsed recovery. Its shell lacks the variables in `without`."""

    folder: Path
    workspace: Workspace
    network: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    @property
    def project(self) -> Path:
        """The copy of the project, in which commands run."""
        return self.folder / "project"

    @property
    def stub_calls(self) -> list[str]:
        """The command lines that the stubs logged, oldest first."""
        file = self.folder / "stubs.log"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def environment(self, speed: float = 0) -> dict[str, str]:
        """Return the variables of a shell in the sandbox."""
        every = self.workspace.environment(speed)
        variables = {name: value for name, value in every.items() if name not in self.without}
        first = (
            self.folder / "stubs",
            self.project / "rehearsal" / "bin",
            Path(sys.prefix, "bin"),
        )
        rest = [each for each in variables["PATH"].split(os.pathsep) if not _is_stand_in(each)]
        return {
            **variables,
            **self.network,
            "PATH": os.pathsep.join([*map(str, first), *rest]),
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "rehearsal"),
            **dict.fromkeys(
                ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "rehearsal@rehearsal.test"
            ),
        }

    def run(
        self, command: str, speed: float = 0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the project. Any exit code is returned."""
        return subprocess.run(  # noqa: S603
            ["bash", "-c", command],  # noqa: S607
            cwd=self.project,
            env=self.environment(speed),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def output(self, command: str, *codes: int, speed: float = 0, stdin: str = "") -> str:
        """Run a command and return what it prints.

        Raises `RehearsalError` for an exit code that is not in `codes` (default: 0).
        """
        done = self.run(command, speed, stdin)
        if done.returncode not in (codes or (0,)):
            raise RehearsalError(
                f"exit code {done.returncode} of: {command}\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def export(self, stack: str = STACK) -> dict[str, Any]:
        """Return the state as `pulumi stack export` prints it."""
        state: dict[str, Any] = json.loads(self.output(f"pulumi stack export --stack {stack}"))
        return state


def _is_stand_in(folder: str) -> bool:
    return Path(folder).name == "bin" and Path(folder).parent.name == "rehearsal"


def create(folder: Path, speed: float) -> Sandbox:
    """Copy the project into an empty folder and deploy production there, until nothing changes.

    Raises `RehearsalError` without an engine, or with the output of a command that failed.
    """
    require_engine()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    catalogue = ops_json("secrets", "--stack", STACK)
    sandbox = Sandbox(folder, prepare(STACK, folder / "cloud", catalogue))
    shutil.copytree(ROOT, sandbox.project, ignore=shutil.ignore_patterns(*NOT_COPIED))
    shutil.copy(sandbox.workspace.file, sandbox.project)
    recovery = prepare("dr", folder / "dr", catalogue).file  # of the stack that stands in
    key = MADE_UP["publicKey"]
    text = recovery.read_text(encoding="utf-8").replace(key, f"{key[:-4]}else")
    # With another key, since an account accepts a public key once.
    (sandbox.project / recovery.name).write_text(text, encoding="utf-8")
    (folder / "stubs").mkdir()
    for name in STUBBED:
        (folder / "stubs" / name).touch(mode=0o755)
    _write_stubs(folder)
    sandbox.output(f"pulumi stack init {STACK} --no-select")
    for _ in range(2):  # the second sends the secrets that the first sealed
        sandbox.output(f"python -m ops up --stack {STACK} --yes", speed=speed)
    sandbox.output("git init --quiet && git add --all && git commit --quiet --message before")
    return sandbox


def _write_stubs(folder: Path) -> None:
    for stub in (folder / "stubs").iterdir():
        stub.write_text(STUB.format(log=shlex.quote(str(folder / "stubs.log"))))


def copy(folder: Path, original: Sandbox) -> Sandbox:
    """Copy a deployed sandbox, so that another recovery can start from it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original.folder, folder, symlinks=True)
    _write_stubs(folder)
    workspace = original.workspace
    inside = workspace.folder.relative_to(original.folder)
    return Sandbox(folder, Workspace(STACK, folder / inside, workspace.secrets, workspace.known))


@contextmanager
def with_network(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Yield the sandbox with the network of its cloud, which is served until the context ends."""
    with simulated_network(sandbox.workspace.cloud) as network:
        yield Sandbox(sandbox.folder, sandbox.workspace, network)
