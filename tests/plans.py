"""Plans of the committed stacks, and their configuration with some settings changed."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import example_estate
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

from components.facts.krogiving import BACKEND_SECRETS
from ops import ROOT
from ops.plan import config, graph, rendered
from stacks import estate
from stacks.discovery import environments

STACKS = tuple(environments())
SECRETS = ("KROTRUST__", "KROGIVING__", "PENCOM__", "ESTATE__")  # how their variables begin
CANARIES = {f"KROGIVING__{name}": f"canary-{name.lower()}" for name in BACKEND_SECRETS}
SEAL_KEY = {"ESTATE__SEAL_KEY": "canary-seal-key"}


_record, _made = graph.record, dict[str, bytes]()


def record(
    settings: config.StackConfig, program: Callable[[], object] | None = None
) -> graph.Graph:
    """Record a plan as `graph.record` does, but only once for equal settings, secrets and facts.

    A recording takes a quarter of a second, and most tests of a command would need it twice.
    """
    if program:
        return _record(settings, program)
    secrets = {name: value for name, value in os.environ.items() if name.startswith(SECRETS)}
    facts = vars(estate)["INVENTORY"]  # which some tests replace
    key = f"{settings} {sorted(secrets.items())} {facts}"
    if key not in _made:
        _made[key] = pickle.dumps(_record(settings))
    made: graph.Graph = pickle.loads(_made[key])  # a new one: what a test does to it is its own
    return made


graph.record = record  # before another module takes the name from there
# The SDK describes the stack of calls to each resource for the engine. Under pytest it is so deep
# that this is half of a plan's time, and the recorder does not keep it.
resource._get_stack_trace = source_pb2.StackTrace


@lru_cache
def plan_of(stack: str) -> graph.Graph:
    """Return the plan of a stack, made once."""
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
    """Change the setting at a path, such as "krotrust.droplet.size"; DELETE removes it."""
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
    """Return a stack's configuration with changed settings: {"krotrust.droplet.size": "..."}."""
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
