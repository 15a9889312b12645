"""A stack's configuration as the engine passes it to the program, read without the engine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import yaml

from ops import ROOT
from ops.cli.errors import UsageError
from rehearsal import INSTALL_PAGE as INSTALL_PAGE
from stacks.discovery import environments

_BOOL, _DATE = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"
_TIME = ("tag:yaml.org,2002:str", re.compile(r"^\d+(?::\d+)+(?:\.\d*)?$"))  # 23:00 is a text
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the faster one in C where available


class Loader(_SAFE):  # type: ignore[misc]
    """Reads YAML as the engine does: `yes`, `on`, dates and times are texts."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [_TIME, *(each for each in known if each[0] not in (_BOOL, _DATE))]
        for first, known in _SAFE.yaml_implicit_resolvers.items()
    }


Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF")


@dataclass(frozen=True)
class StackConfig:
    """`values` by full key, as the engine writes them; `encrypted` keys have an empty value."""

    project: str
    stack: str
    values: dict[str, str]
    encrypted: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the values by full key, parsed where the engine writes them as JSON."""
        return {key: _parsed_value(value) for key, value in self.values.items()}

    def seals(self) -> dict[str, dict[str, str]]:
        """Return the sealed secrets by key. Raises UsageError where the entry is no mapping."""
        seals = self.document().get(f"{self.project}:seals", {})
        if not isinstance(seals, dict):
            raise UsageError(f"{self.project}:seals in Pulumi.{self.stack}.yaml is not a mapping")
        return seals

    @contextmanager
    def in_environment(self) -> Iterator[None]:
        """Set the two environment variables in which the engine passes a configuration."""
        variables = {
            "PULUMI_CONFIG": json.dumps(self.values),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(self.encrypted),
        }
        with mock.patch.dict(os.environ, variables):
            yield


def stacks() -> list[str]:
    """Return the names of the project's stacks, in alphabetical order."""
    return list(environments())


def load(stack: str, root: Path = ROOT, file: str | Path | None = None) -> StackConfig:
    """Read Pulumi.yaml's defaults and Pulumi.<stack>.yaml, or another file in its place.

    An encrypted entry becomes an empty text: only the engine can decrypt it. Raises UsageError for
    a missing or broken file.
    """
    project = read(root / "Pulumi.yaml")
    settings = root / f"Pulumi.{stack}.yaml" if file is None else Path(file)
    if not settings.is_file():
        if file is not None:
            raise UsageError(f"there is no {file}")
        raise UsageError(f"there is no {settings.name}: known stacks are {', '.join(stacks())}")
    name = project["name"]
    entries = {
        f"{name}:{key}": schema["default"]
        for key, schema in project.get("config", {}).items()
        if "default" in schema
    }
    for key, value in (read(settings).get("config") or {}).items():
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
    """Whether a value of a stack file is encrypted: a mapping of `secure` alone."""
    return isinstance(value, dict) and set(value) == {"secure"}


def _as_engine(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _parsed_value(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def read(file: Path) -> dict[str, Any]:
    """Read a stack file or Pulumi.yaml. Raises UsageError for a broken file."""
    try:
        return parsed(file.read_text("utf-8"), file.name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name} is not YAML in UTF-8: {error}") from error


def parsed(text: str, name: str) -> dict[str, Any]:
    """Parse the text of a stack file called `name`. Raises UsageError for a broken text."""
    try:
        document = yaml.load(text, Loader=Loader) or {}  # noqa: S506  a safe loader
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not YAML in UTF-8: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("config") or {}, dict):
        raise UsageError(f"{name} is not a stack file: it must be a mapping with `config:`")
    return document
