"""A stand-in `digitalocean` plugin: the real engine deploys to a simulated cloud, with no account.

The cloud is one JSON file, and every answer is made up. What it refuses and replaces follows the
installed SDK and `table.py`; it proves nothing about what DigitalOcean answers.
This module is cheap to import: it imports no SDK.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.resolve()  # as in ops: this folder may be a link
ENGINE = ROOT / ".venv" / "pulumi"  # where `make setup` installs the pulumi command line
CLOUD_VARIABLE = "REHEARSAL_CLOUD"
SPEED_VARIABLE = "REHEARSAL_SPEED"
FAULTS_VARIABLE = "REHEARSAL_FAULTS"
TOKEN_VARIABLES = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")
OPTION_PREFIX = "PULUMI_OPTION_"  # prefix of variables that set an option of every pulumi command
INSTALL_PAGE = "https://www.pulumi.com/docs/install/"  # of the pulumi command line
TOKEN = "rehearsal"  # noqa: S105 - the only token that the stand-in accepts


def environment(cloud: Path | None = None, speed: float = 0) -> dict[str, str]:
    """Return the variables that make `pulumi` use the stand-in and its cloud.

    `cloud` is the JSON file (default: `.state/rehearsal/cloud.json` of the project), created by the
    first change. Its ready times are divided by `speed`; 0 waits for nothing. Both token variables
    are set, so that no real token of the shell reaches the plugin. The state is set to the folder
    `state` beside the cloud, since a refresh of a real state would find every resource missing.
    """
    file = (cloud or ROOT / ".state" / "rehearsal" / "cloud.json").resolve()
    path = [str(ROOT / "rehearsal" / "bin"), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    secrets = (*TOKEN_VARIABLES, "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
    return {
        "PATH": os.pathsep.join(dict.fromkeys(path)),
        **dict.fromkeys(secrets, TOKEN),
        CLOUD_VARIABLE: str(file),
        "PULUMI_BACKEND_URL": (file.parent / "state").as_uri(),
        SPEED_VARIABLE: f"{speed:g}",
        "REHEARSAL_PYTHON": sys.executable,
    }


def engine_on_path() -> None:
    """Let this process and its children find the engine of `make setup`, behind one on PATH."""
    path = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join((path, str(ENGINE / "bin")))


@contextmanager
def leave_interrupt_to_engine() -> Iterator[list[int]]:
    """Leave Ctrl-C to the engine, which gets it too and ends by itself with its state in order.

    Without this, Python kills the engine a moment later. Yields a list that gets the signal's
    number at each Ctrl-C.
    """
    pressed: list[int] = []

    def wait(number: int, _: object) -> None:
        print("stopping: the engine finishes what it has begun; please wait", file=sys.stderr)  # noqa: T201
        pressed.append(number)

    before = signal.signal(signal.SIGINT, wait)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
