"""The plan that a change is compared with: rendered/ as it was committed where the change began."""

from __future__ import annotations

import shutil
import subprocess

from ops import ROOT
from ops.config import UsageError
from ops.graph import Graph
from ops.rendered import FOLDER, read

MAIN = ("main", "origin/main")


def base(stack: str, project: str, revision: str | None) -> tuple[Graph, str]:
    """Read the plan of the merge base with a revision, main by default, and say which it is.

    Without git it is rendered/ as it lies there. Raises UsageError where git cannot tell: to
    compare with anything else would show no change where there is one.
    """
    if not shutil.which("git") or _git("rev-parse", "--show-toplevel") != str(ROOT):
        if revision:
            raise UsageError(f"--base {revision}: this is no git checkout; leave it out")
        files = (FOLDER / stack).glob("*.yaml")
        texts = {file.stem: file.read_text() for file in sorted(files)}
        return read(stack, texts, project), f"rendered/{stack}, without git"
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
        name.removeprefix(folder).removesuffix(".yaml"): _git("show", f"{commit}:{name}")
        for name in files_there
    }
    return read(stack, texts, project), f"{known[0]} at {commit[:9]}"


def _git(*arguments: str) -> str:
    """Ask git; an empty text where it refuses."""
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(ROOT), *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
