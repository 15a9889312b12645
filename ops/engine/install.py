"""Installs the pinned pulumi command line into the project, by Pulumi's own Automation API."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from ops import ROOT
from ops.cli.errors import UsageError
from ops.engine.pulumi_cli import Environ
from ops.engine.versions import installed, pinned
from rehearsal import ENGINE

CHILD = (sys.executable, "-m", __name__)
SWITCH = "PULUMI_INSTALL"
ANSWER, LIMIT = 5, 180  # seconds that an address may take to answer, and all of it together


def needed(environ: Environ) -> bool:
    """Return whether there is neither an engine on PATH nor the pinned one in the project."""
    program = shutil.which("pulumi", path=environ.get("PATH"))
    if environ.get(SWITCH, "").lower() in ("no", "0", "false"):
        return False
    if program and ENGINE.resolve() not in Path(program).resolve().parents:
        return False
    return installed(str(ENGINE / "bin" / "pulumi")) != pinned()


def install() -> None:
    """Install the pinned engine, and link it into .venv/bin for whoever activates that.

    Raises UsageError with the reason, in a line, where that fails; what was there stays.
    """
    new = ENGINE.with_name(f"{ENGINE.name}.new")  # what is killed half-way is not found
    shutil.rmtree(new, ignore_errors=True)
    # Neither the API nor the script that it runs has a limit of its own.
    child = subprocess.Popen(  # noqa: S603
        [*CHILD, str(new), pinned()],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = child.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise UsageError(f"not done after {LIMIT} s") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
    if child.returncode:
        raise UsageError((said.strip().splitlines() or ["no reason"])[-1])
    shutil.rmtree(ENGINE, ignore_errors=True)
    new.rename(ENGINE)
    link = ENGINE.parent / "bin" / "pulumi"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("..") / ENGINE.name / "bin" / "pulumi")


def fetch(root: str, version: str) -> None:
    """Download a version of the engine into `root`/bin. Raises what the API and its script do."""
    from pulumi.automation import PulumiCommand
    from semver import VersionInfo

    socket.setdefaulttimeout(ANSWER)
    PulumiCommand.install(root=root, version=VersionInfo.parse(version))


if __name__ == "__main__":
    try:
        fetch(*sys.argv[1:])
    except subprocess.CalledProcessError as error:  # of the script: its own words say more
        sys.exit(error.output.decode(errors="replace"))
    except OSError as error:
        sys.exit(str(error))
