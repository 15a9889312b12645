"""Plans of the committed stacks, and their configuration with some settings changed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import example_estate

from components.facts.krogiving import BACKEND_SECRETS
from ops import ROOT
from ops.plan import config, rendered
from ops.plan.graph import Graph, record

STACKS = tuple(config.stacks())
SECRETS = ("KROTRUST__", "KROGIVING__", "PENCOM__", "ESTATE__")  # how their variables begin
CANARIES = {f"KROGIVING__{name}": f"canary-{name.lower()}" for name in BACKEND_SECRETS}
SEAL_KEY = {"ESTATE__SEAL_KEY": "canary-seal-key"}


@lru_cache
def plan_of(stack: str) -> Graph:
    """Plan of a committed stack, made once."""
    return record(config.load(stack))


@lru_cache
def rendered_folder() -> Path:
    """Return rendered/ of the example, written by this process: it holds the plans of its code."""
    assert example_estate.FOLDER == ROOT, "production's is committed"
    for stack in STACKS:
        for system, text in rendered.documents(plan_of(stack)).items():
            file = rendered.FOLDER / stack / f"{system}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            own = file.with_suffix(f".{os.getpid()}")
            own.write_text(text)
            own.replace(file)  # another process may read it
    return rendered.FOLDER


DELETE = object()


def put(settings: dict[str, Any], path: str, value: Any) -> None:
    """Change the setting at a path: "krotrust.droplet.size"; DELETE takes it out."""
    *parents, last = path.split(".")
    for part in parents:
        settings = settings[int(part) if isinstance(settings, list) else part]
    if value is DELETE:
        del settings[last]
    else:
        settings[last] = value


def changed(
    stack: str, changes: Mapping[str, Any], encrypted: tuple[str, ...] = ()
) -> config.StackConfig:
    """A stack's configuration with some settings changed: {"krotrust.droplet.size": "..."}."""
    committed = config.load(stack)
    prefix = f"{committed.project}:"
    settings = {key.removeprefix(prefix): each for key, each in committed.document().items()}
    for path, value in changes.items():
        put(settings, path, value)
    return replace(
        committed,
        values={
            prefix + key: value if isinstance(value, str) else json.dumps(value)
            for key, value in settings.items()
        },
        encrypted=tuple(prefix + key for key in encrypted),
    )
