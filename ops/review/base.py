"""The base of a change: `rendered/` and the stack file at the commit where its branch began."""

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
    """A plan, the secrets of the stack file by key, sealed, and a description of their source."""

    plan: Graph
    secrets: dict[str, Any]
    where: str


def base(stack: str, project: str, revision: str | None) -> Base:
    """Read the merge base of HEAD and a revision, by default main.

    Without git, reads `rendered/` and the stack file of the working tree. Raises UsageError where
    git has no merge base: any other base could hide a change.
    """
    if not shutil.which("git") or not _git("ls-files", "Pulumi.yaml"):
        if revision:
            raise UsageError(f"--base {revision}: this is not a git checkout; omit the option")
        files = (FOLDER / stack).glob("*.yaml")
        texts = {file.stem: file.read_text() for file in sorted(files)}
        where = f"rendered/{stack}, without git"
        return Base(read(stack, texts, project), secrets(stack), where)
    candidates = (revision,) if revision else MAIN
    known = [
        name for name in candidates if _git("rev-parse", "--verify", "-q", f"{name}^{{commit}}")
    ]
    if not known:
        raise UsageError(
            f"git has no {' and no '.join(candidates)} to compare with: fetch it"
            " (`git fetch origin main`; in a workflow `fetch-depth: 0`), or set another by --base"
        )
    commit = _git("merge-base", known[0], "HEAD")
    if not commit:
        raise UsageError(
            f"{known[0]} and HEAD have no common commit here: fetch the whole history"
            " (`git fetch --unshallow`; in a workflow `fetch-depth: 0`)"
        )
    folder = f"rendered/{stack}/"
    paths = _git("ls-tree", "--name-only", commit, folder).splitlines()
    texts = {
        name.removeprefix(folder).removesuffix(".yaml"): _git("show", f"{commit}:./{name}")
        for name in paths
    }
    name = f"Pulumi.{stack}.yaml"
    document = config.parsed(_git("show", f"{commit}:./{name}"), name)
    where = f"{known[0]} at {commit[:9]}"
    return Base(read(stack, texts, project), _secrets(document), where)


def secrets(stack: str) -> dict[str, Any]:
    """Return the sealed secrets of the working tree's stack file by key, only for comparison."""
    return _secrets(config.read(ROOT / f"Pulumi.{stack}.yaml"))


def _secrets(document: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in (document.get("config") or {}).items():
        bare = key.partition(":")[2] or key
        if config.is_encrypted(value):
            result[bare] = value
        elif bare == "seals" and isinstance(value, dict):
            result |= {f"seal of {name}": seal for name, seal in value.items()}
    return result


def _git(*arguments: str) -> str:
    """Return the output of a git command, empty where it fails."""
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(ROOT), *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
