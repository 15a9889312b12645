"""What the make targets do to the checkout that they run in."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

import pytest

from ops import ROOT


@pytest.mark.engine
def test_make_preview_leaves_the_tree_as_it_was() -> None:
    def tree() -> dict[str, str]:
        tracked = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        files = [ROOT / name for name in tracked.stdout.split("\0") if name]
        return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.is_file()}

    before = tree()
    done = subprocess.run(
        [shutil.which("make") or "make", "preview", "STACK=stage"],
        cwd=ROOT,
        # As a person types it, and not as a part of the make that runs these tests.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("provider: ")
    assert "to create" in done.stdout
    assert tree() == before
