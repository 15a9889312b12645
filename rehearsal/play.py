"""A copy of the project in which every command of a recovery can be typed as it stands.

Beside it lie the cloud, the state and the programs that stand for what no rehearsal can reach.
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
from rehearsal.network import playing
from rehearsal.prepare import PLAUSIBLE, CannotRehearse, Stage, ask, installed, prepare

STACK = "prod"
NOT_COPIED = (".git", ".venv", ".state", ".*_cache", ".hypothesis", "__pycache__", "tests")
# A person's, on hosts or at services that no rehearsal reaches: what they are asked is kept.
ELSEWHERE = ("ssh", "scp", "gh", "dig")
STUB = '#!/bin/sh\nprintf "%s " "$(basename "$0")" "$@" >> {log}\necho >> {log}\n'


@dataclass(frozen=True)
class Play:
    """The folder of a rehearsed recovery. `without` are variables that its shell does not have."""

    folder: Path
    stage: Stage
    network: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    @property
    def project(self) -> Path:
        """Where commands are typed."""
        return self.folder / "project"

    @property
    def asked(self) -> list[str]:
        """What was asked of other hosts and services."""
        file = self.folder / "elsewhere.log"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def environment(self, speed: float = 0) -> dict[str, str]:
        """Return what a shell there has set."""
        every = self.stage.environment(speed)
        mine = {name: value for name, value in every.items() if name not in self.without}
        own = (
            self.folder / "elsewhere",
            self.project / "rehearsal" / "bin",
            Path(sys.prefix, "bin"),
        )
        theirs = [each for each in mine["PATH"].split(os.pathsep) if not _stand_in(each)]
        return {
            **mine,
            **self.network,
            "PATH": os.pathsep.join([*map(str, own), *theirs]),
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "rehearsal"),
            **dict.fromkeys(
                ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "rehearsal@rehearsal.test"
            ),
        }

    def type(
        self, command: str, speed: float = 0, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Type a command there, with `given` as what is typed into it."""
        return subprocess.run(  # noqa: S603
            ["bash", "-c", command],  # noqa: S607
            cwd=self.project,
            env=self.environment(speed),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, command: str, *codes: int, speed: float = 0, given: str = "") -> str:
        """Type a command and return what it prints. Raises `CannotRehearse` where it fails."""
        done = self.type(command, speed, given)
        if done.returncode not in (codes or (0,)):
            raise CannotRehearse(
                f"exit code {done.returncode} of: {command}\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def export(self, stack: str = STACK) -> dict[str, Any]:
        """Return the state."""
        found: dict[str, Any] = json.loads(self.must(f"pulumi stack export --stack {stack}"))
        return found


def _stand_in(folder: str) -> bool:
    return Path(folder).name == "bin" and Path(folder).parent.name == "rehearsal"


def begin(folder: Path, speed: float) -> Play:
    """Copy the project into an empty folder and bring production up there, until it is settled.

    Raises `CannotRehearse` without an engine, or with what a command printed that failed.
    """
    installed()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    catalogue = ask("secrets", "--stack", STACK)
    play = Play(folder, prepare(STACK, folder / "cloud", catalogue))
    shutil.copytree(ROOT, play.project, ignore=shutil.ignore_patterns(*NOT_COPIED))
    shutil.copy(play.stage.file, play.project)
    beside = prepare("dr", folder / "dr", catalogue).file  # of the stack that stands in
    key = PLAUSIBLE["publicKey"]
    text = beside.read_text(encoding="utf-8")  # an account takes a public key once
    (play.project / beside.name).write_text(text.replace(key, f"{key[:-4]}else"), encoding="utf-8")
    stubs = folder / "elsewhere"
    stubs.mkdir()
    for name in ELSEWHERE:
        (stubs / name).write_text(STUB.format(log=shlex.quote(str(folder / "elsewhere.log"))))
        (stubs / name).chmod(0o755)
    play.must(f"pulumi stack init {STACK} --no-select")
    for _ in range(2):  # the second sends what the first had sealed
        play.must(f"python -m ops up --stack {STACK} --yes", speed=speed)
    play.must("git init --quiet && git add --all && git commit --quiet --message before")
    return play


def again(folder: Path, before: Play) -> Play:
    """Copy a settled one, so that another recovery can begin from it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before.folder, folder, symlinks=True)
    moved = before.stage.folder.relative_to(before.folder)
    stage = Stage(STACK, folder / moved, before.stage.secrets, before.stage.known)
    for stub in (folder / "elsewhere").iterdir():
        stub.write_text(STUB.format(log=shlex.quote(str(folder / "elsewhere.log"))))
    return Play(folder, stage)


@contextmanager
def reachable(play: Play) -> Iterator[Play]:
    """Play the network of its cloud meanwhile."""
    with playing(play.stage.cloud) as network:
        yield Play(play.folder, play.stage, network)
