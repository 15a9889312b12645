"""Finds the setting that keeps a live value as it is, by trying settings in the offline plan."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pulumi
import yaml

from ops.plan import config
from ops.plan.changes import Change, aligned, changes, keyed
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, record

Path = tuple[str, ...]
Inputs = Mapping[str, Any]
NETWORKS = ("vpcUuid", "privateNetworkUuid")


class SettingFinder:
    """Tries settings of one stack, whose plan is `planned`.

    No table says which setting sets which input. A setting is the right one if the plan has the
    live value once the setting has another value. Each try runs the program, so only settings that
    can make a difference are tried, and each once. `ranges` are the address ranges of the account's
    networks by id.
    """

    def __init__(self, settings: StackConfig, planned: Graph, ranges: Mapping[str, str]) -> None:
        self._settings = settings
        self._planned = {resource.name: resource.inputs for resource in planned.resources}
        self._ranges = ranges
        self._document = settings.document()
        self._others = [
            config.load(stack).document() for stack in config.stacks() if stack != settings.stack
        ]
        self._tried: dict[str, Mapping[str, Inputs]] = {}

    def setting(self, resource: str, change: Change, live: Inputs) -> str | None:
        """Return the setting and the value that keep one live input; None where no setting does.

        `live` are all live inputs of the resource, `change.old` the live value.
        """
        system = f"{self._settings.project}:{resource.partition('-')[0]}"
        wording = f"{resource}.{change.path}".lower()
        nodes = _nodes((system,), self._document.get(system))
        # A setting with a similar name is the likeliest, and each try costs a run.
        for path, value in sorted(nodes, key=lambda node: -_similarity(node[0], wording)):
            for other in self._candidates(path, value, resource, change, live):
                if self._keeps(path, other, resource, change.path, live):
                    shown = yaml.safe_dump(
                        other, default_flow_style=True, sort_keys=False, width=2**16
                    )
                    shown = shown.strip().removesuffix("...").strip()
                    return f"{'.'.join(path)}: {shown}"
        return None

    def _candidates(
        self, path: Path, value: Any, resource: str, change: Change, live: Inputs
    ) -> Iterator[Any]:
        """Yield other values of a setting that can make a difference."""
        if path[-1] == "vpc":
            if change.path in NETWORKS and change.old in self._ranges:
                yield {"id": change.old, "ipRange": self._ranges[change.old]}
        elif isinstance(value, list):
            planned = self._planned[resource]
            live_items, items = _items(live, change.path), _items(planned, change.path)
            if live_items and value and value in _lists(planned):
                yield live_items
            if change.new is None and _plain(change.old):  # an item that the code lacks
                yield [*value, *(each for each in live_items if each not in items)]
        elif value is None or isinstance(value, dict):
            # An optional part that has the name of the input that it switches on.
            if isinstance(change.old, bool) and path[-1] == change.path:
                yield from [None] if value else filter(None, self._elsewhere(path))
        elif str(value) == str(change.new) and isinstance(change.old, str | int):
            with suppress(ValueError):  # a variable's text, where the setting is a number
                yield type(value)(change.old)

    def _elsewhere(self, path: Path) -> Iterator[Any]:
        """Yield the values of the same setting in the other stacks' files."""
        for document in self._others:
            value: Any = document
            for part in path:
                value = value.get(part) if isinstance(value, dict) else None
            yield value

    def _keeps(self, path: Path, value: Any, resource: str, input_path: str, live: Inputs) -> bool:
        inputs = self._with(path, value).get(resource)
        if inputs is None:
            return False
        return input_path not in {change.path for change in changes(live, aligned(live, inputs))}

    def _with(self, path: Path, value: Any) -> Mapping[str, Inputs]:
        """Return the planned inputs with one setting changed; none where the settings refuse it."""
        document = copy.deepcopy(self._document[path[0]])
        below = document
        for part in path[1:-1]:
            below = below[part]
        below[path[-1]] = value
        text = json.dumps(document)
        if text not in self._tried:
            values = {**self._settings.values, path[0]: text}
            try:
                planned = record(replace(self._settings, values=values))
            except pulumi.RunError:
                self._tried[text] = {}
            else:
                self._tried[text] = {r.name: r.inputs for r in planned.resources}
        return self._tried[text]


def _nodes(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every setting below a path, with its value."""
    if len(path) > 1:
        yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _nodes((*path, key), each)


def _similarity(path: Path, wording: str) -> int:
    return sum(part.lower().rstrip("s") in wording for part in path[1:])


def _plain(item: Any) -> bool:
    """Whether a text can stand for an item: it is a text, or flat and has a name."""
    flat = isinstance(item, dict) and all(isinstance(each, str) for each in item.values())
    return isinstance(item, str) or (flat and "name" in item)


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in below:
        yield from _lists(each)


def _items(value: Any, path: str) -> list[str]:
    """Return the names of the items of the innermost list on a path; none without names."""
    names: list[Any] = []
    while isinstance(value, dict | list):
        if isinstance(value, list):
            names = list(keyed(value))
            value = dict(zip(map(str, names), value, strict=True))
        # A name may have dots in it.
        name = next((n for n in value if path == n or path.startswith(f"{n}.")), None)
        value, path = (value[name], path[len(name) + 1 :]) if name is not None else (None, "")
    return names if all(isinstance(each, str) for each in names) else []
