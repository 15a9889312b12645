"""A stack's configuration as the engine would hand it to the program, read without the engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from ops import ROOT

LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C where it was built in


class UsageError(Exception):
    """Something that the person at the keyboard can mend; its text says how."""


@dataclass(frozen=True)
class StackConfig:
    """`values` by full key as the engine writes them; `encrypted` are keys nobody here can open."""

    project: str
    stack: str
    values: dict[str, str]
    encrypted: tuple[str, ...]

    @contextmanager
    def in_environment(self) -> Iterator[None]:
        """Hand it to the program by the same two variables that the engine uses."""
        handed = {
            "PULUMI_CONFIG": json.dumps(self.values),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(self.encrypted),
        }
        with mock.patch.dict(os.environ, handed):
            yield


def stacks(root: Path = ROOT) -> list[str]:
    """Name the stacks that have a file."""
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))


def load(stack: str, root: Path = ROOT) -> StackConfig:
    """Read Pulumi.yaml's defaults and Pulumi.<stack>.yaml. Raises UsageError without that file.

    An encrypted entry comes as an empty text: only the engine can open it.
    """
    project = _read(root / "Pulumi.yaml")
    file = root / f"Pulumi.{stack}.yaml"
    if not file.exists():
        raise UsageError(
            f"there is no {file.name}: known stacks are {', '.join(stacks(root)) or 'none'}"
        )
    name = project["name"]
    entries = {
        f"{name}:{key}": schema["default"]
        for key, schema in project.get("config", {}).items()
        if "default" in schema
    }
    for key, value in (_read(file).get("config") or {}).items():
        entries[key if ":" in key else f"{name}:{key}"] = value
    encrypted = tuple(key for key, value in entries.items() if is_encrypted(value))
    return StackConfig(
        project=name,
        stack=stack,
        values={
            key: "" if key in encrypted else _as_engine(value) for key, value in entries.items()
        },
        encrypted=encrypted,
    )


def is_encrypted(value: object) -> bool:
    """Tell an encrypted entry of a stack file: a mapping of `secure` alone."""
    return isinstance(value, dict) and set(value) == {"secure"}


def _as_engine(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _read(file: Path) -> dict[str, Any]:
    try:
        return yaml.load(file.read_text(), Loader=LOADER) or {}  # noqa: S506  both are safe loaders
    except yaml.YAMLError as error:
        raise UsageError(f"{file.name} is not YAML: {error}") from error
