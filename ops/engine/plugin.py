"""The DigitalOcean plugin that answers: the real one, or the rehearsal's stand-in."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import rehearsal
from ops import ROOT
from ops.cli.errors import UsageError

THROW_AWAY = "throw-away"
STATE = ROOT / ".state"
STAND_IN = "the rehearsal stand-in"
WRONG_STATE = (
    f"PATH leads to {STAND_IN}, but the state is not its own: open a new shell, or to rehearse"
    " set everything that `python -m rehearsal env` prints"
)


def rehearsed(environ: Mapping[str, str]) -> bool:
    """Whether this is a rehearsal: the stand-in answers, and its cloud lies beside the state."""
    if not (cloud := environ.get(rehearsal.CLOUD_VARIABLE)):
        return False
    own_state = Path(cloud).resolve().parent.joinpath("state").as_uri()
    return environ.get("PULUMI_BACKEND_URL") == own_state and answering(environ) == STAND_IN


def refuse_wrong_state(environ: Mapping[str, str]) -> None:
    """Raise UsageError where the stand-in answers, but the state is not its own."""
    if answering(environ) == STAND_IN and not rehearsed(environ):
        raise UsageError(f"nothing was changed: {WRONG_STATE}")


def choose(environ: dict[str, str], cloud: Path | None = None) -> tuple[dict[str, str], str]:
    """Choose the plugin: the real one where it is installed or can be, else the stand-in.

    Returns the environment to run pulumi in, and a text that explains the choice. ESTATE_PROVIDER
    set to `rehearsal` chooses the stand-in, whose cloud is the file `cloud`.
    """
    pinned = version("pulumi-digitalocean")
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in environ:
        environ.setdefault("PULUMI_CONFIG_PASSPHRASE", THROW_AWAY)
    asked_for = environ.get("ESTATE_PROVIDER") == "rehearsal"
    if not asked_for and _real_plugin(pinned):
        if not environ.get("DIGITALOCEAN_ACCESS_TOKEN"):
            environ.setdefault("DIGITALOCEAN_TOKEN", THROW_AWAY)
        return environ, answering(environ)
    environ |= rehearsal.environment(cloud or STATE / "preview" / "cloud.json")
    why = f"the DigitalOcean plugin {pinned} is not installed and cannot be downloaded"
    return environ, f"{answering(environ)} ({'as asked for' if asked_for else why})"


def answering(environ: Mapping[str, str]) -> str:
    """Return which plugin the engine will use. One on PATH has precedence over an installed one."""
    program = shutil.which("pulumi-resource-digitalocean", path=environ.get("PATH"))
    if not program:
        return f"the DigitalOcean plugin {version('pulumi-digitalocean')}"
    if Path(program).resolve().parent.parts[-2:] == ("rehearsal", "bin"):  # of any checkout
        return STAND_IN
    return f"the DigitalOcean plugin on PATH, {program}"


@lru_cache  # a refused download takes seconds
def _real_plugin(pinned: str) -> bool:
    listed = subprocess.run(
        ["pulumi", "plugin", "ls", "--json"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    plugins = json.loads(listed.stdout) if listed.returncode == 0 else []
    if any(p["name"] == "digitalocean" and p.get("version") == pinned for p in plugins):
        return True
    install = ["pulumi", "plugin", "install", "resource", "digitalocean", pinned]
    return subprocess.run(install, capture_output=True, check=False).returncode == 0  # noqa: S603
