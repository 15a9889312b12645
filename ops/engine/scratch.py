"""An empty state in a folder, for previews and imports that leave the real one alone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ops import ROOT
from ops.engine import pulumi_cli
from ops.engine.plugin import THROW_AWAY
from ops.plan import config

ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")


def create(
    stack: str, folder: Path, environ: Mapping[str, str], file: Path | None = None
) -> tuple[dict[str, str], Path]:
    """Create an empty state of a stack in a folder, and a copy of its file beside it.

    Returns the environment that selects it, and the copy. Raises UsageError where that fails.
    """
    (folder / "state").mkdir(parents=True)
    environ = {
        **environ,
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in environ:
        environ.setdefault("PULUMI_CONFIG_PASSPHRASE", THROW_AWAY)
    settings = _private_copy(file or ROOT / f"Pulumi.{stack}.yaml", folder, environ)
    # In that folder, since `stack init` writes a salt into the stack file.
    pulumi_cli.text("stack", "init", stack, "--no-select", "-C", str(folder), environ=environ)
    return environ, settings


def _private_copy(tracked: Path, folder: Path, environ: Mapping[str, str]) -> Path:
    """Copy the stack file, without what the throw-away passphrase cannot decrypt."""
    copy: dict[str, Any] = config.read(tracked)
    real_passphrase = (
        "PULUMI_CONFIG_PASSPHRASE_FILE" in environ
        or environ.get("PULUMI_CONFIG_PASSPHRASE") != THROW_AWAY
    )
    if not (real_passphrase and "encryptionsalt" in copy):
        copy = {key: value for key, value in copy.items() if key not in ENCRYPTION}
        copy["config"] = {
            key: value for key, value in copy["config"].items() if not config.is_encrypted(value)
        }
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    file = folder / tracked.name
    file.write_text(yaml.safe_dump(copy, sort_keys=False))
    return file
