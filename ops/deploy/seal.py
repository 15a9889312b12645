"""Stores the sealed secrets of the last `up` in the stack file.

The next `up` sends them back unchanged and needs no plain secret.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer

from components.facts.secrets import SEALED
from ops.cli.errors import UsageError
from ops.engine import pulumi_cli
from ops.engine.pulumi_cli import Environ
from ops.plan import config

OUTPUTS = {"krogivingSeals": "KROGIVING__"}  # stack output -> prefix of its secrets' keys


def store(stack: str, config_file: str | None = None) -> None:
    """Read the seals from the stack's outputs and write them into its file.

    Raises UsageError, writing nothing, when the engine refuses or an answer is not sealed.
    """
    pulumi_cli.settings(stack, config_file)  # pulumi would create a file of a mistyped name
    seals = _last(stack)
    if not seals:
        raise UsageError(f"{stack} has no sealed secrets: run an `up` first")
    if problems := [
        f"  {key}: {problem}" for key, seal in seals.items() if (problem := _problem(seal))
    ]:
        raise UsageError("nothing was stored:\n" + "\n".join(problems))
    arguments = [
        part
        for key, seal in sorted(seals.items())
        for field in ("sealed", "fingerprint")
        for part in ("--plaintext", f"seals.{key}.{field}={seal[field]}")
    ]
    pulumi_cli.text(
        "config", "set-all", "--path", *arguments, *pulumi_cli.target(stack, config_file)
    )
    target = config_file or f"Pulumi.{stack}.yaml"
    typer.echo(f"{target} has {len(seals)} sealed secrets now: commit it")


def unstored(
    stack: str, config_file: str | None = None, environ: Environ = os.environ
) -> list[str]:
    """Return the keys of secrets that the last `up` sent and whose seals the stack file lacks.

    The next `up` would send the older ones back. Empty before the first `up`, and where the file
    has no seal at all: an app that is rebuilt cannot open the seals of the one before. A secret
    that cannot be stored is left out, so that an interrupted `up` does not block the next one.
    """
    stored = config.load(stack, file=Path(config_file) if config_file else None).seals()
    if not stored:
        return []
    return sorted(
        key
        for key, seal in _last(stack, environ).items()
        if not _problem(seal) and stored.get(key) != seal
    )


def _last(stack: str, environ: Environ = os.environ) -> dict[str, dict[str, Any]]:
    outputs = pulumi_cli.answer(
        "stack", "output", "--stack", stack, "--show-secrets", environ=environ
    )
    return {
        prefix + name: seal
        for output, prefix in OUTPUTS.items()
        for name, seal in (outputs.get(output) or {}).items()
    }


def _problem(seal: dict[str, Any]) -> str | None:
    if not str(seal["sealed"]).startswith(SEALED):
        return "DigitalOcean has not sealed it: `pulumi refresh`, then seal again"
    if not seal["fingerprint"]:
        return "it has no fingerprint: ESTATE__SEAL_KEY was missing in the last `up`"
    return None
