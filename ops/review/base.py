"""What a change is compared with: rendered/ and the stack file, committed where it began."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from ops import ROOT
from ops.cli.errors import UsageError
from ops.plan import config
from ops.plan.graph import Graph
from ops.plan.rendered import FOLDER, read

MAIN = ("main", "origin/main")


@dataclass(frozen=True)
class Base:
    """A plan, the stack file's secrets as they stand there, sealed, and where both were found."""

    plan: Graph
    secrets: dict[str, Any]
    where: str


def base(stack: str, project: str, revision: str | None) -> Base:
    """Read the merge base with a revision, main by default.

    Without git it is rendered/ and the file as they lie there. Raises UsageError where git cannot
    tell: to compare with anything else would show no change where there is one.
    """
    if not shutil.which("git") or not _git("ls-files", "Pulumi.yaml"):
        if revision:
            raise UsageError(f"--base {revision}: this is no git checkout; leave it out")
        files = (FOLDER / stack).glob("*.yaml")
        texts = {file.stem: file.read_text() for file in sorted(files)}
        where = f"rendered/{stack}, without git"
        return Base(read(stack, texts, project), secrets(stack), where)
    wanted = (revision,) if revision else MAIN
    known = [name for name in wanted if _git("rev-parse", "--verify", "-q", f"{name}^{{commit}}")]
    if not known:
        raise UsageError(
            f"git knows no {' and no '.join(wanted)} to compare with: fetch it"
            " (`git fetch origin main`; in a workflow `fetch-depth: 0`), or name another by --base"
        )
    commit = _git("merge-base", known[0], "HEAD")
    if not commit:
        raise UsageError(
            f"{known[0]} and HEAD have no common commit here: fetch the whole history"
            " (`git fetch --unshallow`; in a workflow `fetch-depth: 0`)"
        )
    folder = f"rendered/{stack}/"
    files_there = _git("ls-tree", "--name-only", commit, folder).splitlines()
    texts = {
        name.removeprefix(folder).removesuffix(".yaml"): _git("show", f"{commit}:./{name}")
        for name in files_there
    }
    name = f"Pulumi.{stack}.yaml"
    document = config.parsed(_git("show", f"{commit}:./{name}"), name)
    where = f"{known[0]} at {commit[:9]}"
    return Base(read(stack, texts, project), _secrets(document), where)


def secrets(stack: str) -> dict[str, Any]:
    """Give the working tree's secrets of a stack by key, sealed: to compare, never to show."""
    return _secrets(config.read(ROOT / f"Pulumi.{stack}.yaml"))


def _secrets(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in (document.get("config") or {}).items():
        bare = key.partition(":")[2] or key
        if config.is_encrypted(value):
            found[bare] = value
        elif bare == "seals" and isinstance(value, dict):
            found |= {f"seal of {name}": seal for name, seal in value.items()}
    return found


def _git(*arguments: str) -> str:
    """Ask git; an empty text where it refuses."""
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(ROOT), *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
