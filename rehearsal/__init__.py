"""The rehearsal room: a stand-in `digitalocean` plugin, so the real engine runs with no account.

One JSON file stands for the cloud and every answer is made up. What it refuses and replaces
follows the installed SDK and `table.py`; it proves nothing about what DigitalOcean answers.
This module is cheap to import: it knows no SDK.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLOUD_VARIABLE = "REHEARSAL_CLOUD"
TOKEN_VARIABLES = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")
TOKEN = "rehearsal"  # noqa: S105 - the word that says there is none


def environment(cloud: Path | None = None) -> dict[str, str]:
    """Return what to lay over the environment, so that `pulumi` finds the stand-in and its cloud.

    `cloud` is the JSON file (default: `.state/rehearsal/cloud.json` of the project); the first
    change makes it. Both token variables are set: no real token of the shell reaches the plugin.
    """
    path = [str(ROOT / "rehearsal" / "bin"), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    return {
        "PATH": os.pathsep.join(dict.fromkeys(path)),
        **dict.fromkeys(
            (*TOKEN_VARIABLES, "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"), TOKEN
        ),
        CLOUD_VARIABLE: str((cloud or ROOT / ".state" / "rehearsal" / "cloud.json").resolve()),
        "REHEARSAL_PYTHON": sys.executable,
    }
