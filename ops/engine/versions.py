"""Versions that decide what a plan says: Python, the SDKs, and the engine, pinned and installed."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import version

from ops import ROOT
from ops.plan import config

PIN = ROOT / ".pulumi.version"  # read by set-up and by the workflows


def pinned() -> str:
    """Return the version of the engine that the project is tested with, as 3.260.0."""
    return PIN.read_text("utf-8").strip()


def installed(program: str) -> str:
    """Return the version of a pulumi command line, or why it has none, in a line."""
    try:
        done = subprocess.run(  # noqa: S603
            [program, "version"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return done.stdout.strip().removeprefix("v")


def versions() -> dict[str, str]:
    """Return each part's version, by its name."""
    program = shutil.which("pulumi")
    engine = f"{installed(program)} ({program})" if program else "none: `make setup` installs it"
    return {
        "project": f"{config.read(ROOT / 'Pulumi.yaml')['name']} ({ROOT})",
        "python": platform.python_version(),
        "pulumi SDK": version("pulumi"),
        "pulumi-digitalocean SDK": version("pulumi-digitalocean"),
        "engine, pinned": pinned(),
        "engine, found": engine,
    }
