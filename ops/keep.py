"""Which setting keeps a live value as it is: found by trying, in the offline plan."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pulumi
import yaml

from ops import config
from ops.config import StackConfig
from ops.graph import record
from ops.rendered import Change, changes

Node = tuple[tuple[str, ...], Any]  # the path of a setting, and its value
NETWORKS = ("vpcUuid", "privateNetworkUuid")


class Keeper:
    """Tries settings of one stack. `ranges` are the address ranges of the account's networks.

    No table says which setting leads where: a setting is the one if, with another value, the plan
    has the live one. Each try runs the program once.
    """

    def __init__(self, settings: StackConfig, ranges: Mapping[str, str]) -> None:
        self._settings = settings
        self._ranges = ranges
        self._document = _document(settings)
        self._others = [
            _document(config.load(stack)) for stack in config.stacks() if stack != settings.stack
        ]

    def setting(self, resource: str, change: Change, live: Mapping[str, Any]) -> str | None:
        """Return the setting and the value that keep one live input; None where there is none.

        `live` are all inputs of the resource as they are, `change.old` the live value.
        """
        system = f"{self._settings.project}:{resource.partition('-')[0]}"
        for path, value in _nodes((system,), self._document.get(system)):
            for other in self._tries(path, value, change, live):
                if self._keeps(path, other, resource, change.path, live):
                    shown = yaml.safe_dump(other, default_flow_style=True, width=2**16)
                    shown = shown.strip().removesuffix("...").strip()
                    return f"{'.'.join(path)}: {shown}"
        return None

    def _tries(
        self, path: tuple[str, ...], value: Any, change: Change, live: Mapping[str, Any]
    ) -> Iterator[Any]:
        """Yield what may be put in the place of a setting, where that can make a difference."""
        top = change.path.partition(".")[0]
        if path[-1] == "vpc":
            if top in NETWORKS and change.old in self._ranges:
                yield {"id": change.old, "ipRange": self._ranges[change.old]}
        elif isinstance(value, list):
            if value == change.new or change.new in value or change.old in (live.get(top) or ()):
                yield live.get(top) or []
        elif value is None or isinstance(value, dict):
            if isinstance(change.old, bool):
                yield from [None] if value else filter(None, self._elsewhere(path))
        elif str(value) == str(change.new):
            yield type(value)(change.old) if isinstance(change.old, str | int) else change.old

    def _elsewhere(self, path: tuple[str, ...]) -> Iterator[Any]:
        """Yield what the other stacks' files say there."""
        for document in self._others:
            value: Any = document
            for part in path:
                value = value.get(part) if isinstance(value, dict) else None
            yield value

    def _keeps(
        self, path: tuple[str, ...], value: Any, resource: str, where: str, live: Mapping[str, Any]
    ) -> bool:
        document = copy.deepcopy(self._document[path[0]])
        below = document
        for part in path[1:-1]:
            below = below[part]
        below[path[-1]] = value
        values = {**self._settings.values, path[0]: json.dumps(document)}
        try:
            planned = record(replace(self._settings, values=values))
        except pulumi.RunError:  # the settings' own check refuses it
            return False
        inputs = next((r.inputs for r in planned.resources if r.name == resource), None)
        if inputs is None:
            return False
        return where not in {change.path for change in changes(dict(live), inputs)}


def _document(settings: StackConfig) -> dict[str, Any]:
    document = {}
    for key, value in settings.values.items():
        try:
            document[key] = json.loads(value)
        except ValueError:
            document[key] = value
    return document


def _nodes(path: tuple[str, ...], value: Any) -> Iterator[Node]:
    if len(path) > 1:
        yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _nodes((*path, key), each)
