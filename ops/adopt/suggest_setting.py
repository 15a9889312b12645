"""Which setting keeps a live value as it is: found by trying, in the offline plan."""

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


class Keeper:
    """Tries settings of one stack, whose plan is `planned`.

    No table says which setting leads where: a setting is the one if, with another value, the plan
    has the live one. Each try runs the program once, so that only what can make a difference is
    tried, and nothing twice. `ranges` are the address ranges of the account's networks.
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
        """Return the setting and the value that keep one live input; None where there is none.

        `live` are all inputs of the resource as they are, `change.old` the live value.
        """
        system = f"{self._settings.project}:{resource.partition('-')[0]}"
        spoken = f"{resource}.{change.path}".lower()
        nodes = _nodes((system,), self._document.get(system))
        # What is called alike goes first: it is the likelier one, and each try costs a run.
        for path, value in sorted(nodes, key=lambda node: -_likeness(node[0], spoken)):
            for other in self._tries(path, value, resource, change, live):
                if self._keeps(path, other, resource, change.path, live):
                    shown = yaml.safe_dump(
                        other, default_flow_style=True, sort_keys=False, width=2**16
                    )
                    shown = shown.strip().removesuffix("...").strip()
                    return f"{'.'.join(path)}: {shown}"
        return None

    def _tries(
        self, path: Path, value: Any, resource: str, change: Change, live: Inputs
    ) -> Iterator[Any]:
        """Yield what may be put in the place of a setting, where that can make a difference."""
        if path[-1] == "vpc":
            if change.path in NETWORKS and change.old in self._ranges:
                yield {"id": change.old, "ipRange": self._ranges[change.old]}
        elif isinstance(value, list):
            planned = self._planned[resource]
            there, wanted = _items(live, change.path), _items(planned, change.path)
            if there and value and value in _lists(planned):
                yield there
            if change.new is None and _plain(change.old):  # an item that the code does not know
                yield [*value, *(each for each in there if each not in wanted)]
        elif value is None or isinstance(value, dict):
            # A part that is there or not, and is called like what it switches on.
            if isinstance(change.old, bool) and path[-1] == change.path:
                yield from [None] if value else filter(None, self._elsewhere(path))
        elif str(value) == str(change.new) and isinstance(change.old, str | int):
            with suppress(ValueError):  # a variable's text, where the setting is a number
                yield type(value)(change.old)

    def _elsewhere(self, path: Path) -> Iterator[Any]:
        """Yield what the other stacks' files say there."""
        for document in self._others:
            value: Any = document
            for part in path:
                value = value.get(part) if isinstance(value, dict) else None
            yield value

    def _keeps(self, path: Path, value: Any, resource: str, where: str, live: Inputs) -> bool:
        inputs = self._with(path, value).get(resource)
        if inputs is None:
            return False
        return where not in {change.path for change in changes(live, aligned(live, inputs))}

    def _with(self, path: Path, value: Any) -> Mapping[str, Inputs]:
        """Plan with one setting changed; what the settings' own check refuses plans nothing."""
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


def _likeness(path: Path, spoken: str) -> int:
    return sum(part.lower().rstrip("s") in spoken for part in path[1:])


def _plain(item: Any) -> bool:
    """Tell an item that a text may stand for: a text itself, or a flat thing with a name."""
    flat = isinstance(item, dict) and all(isinstance(each, str) for each in item.values())
    return isinstance(item, str) or (flat and "name" in item)


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in below:
        yield from _lists(each)


def _items(value: Any, path: str) -> list[str]:
    """Name the items of the innermost list on a path; none of one whose items have no names."""
    found: list[Any] = []
    while isinstance(value, dict | list):
        if isinstance(value, list):
            found = list(keyed(value))
            value = dict(zip(map(str, found), value, strict=True))
        # A name may have dots in it.
        name = next((n for n in value if path == n or path.startswith(f"{n}.")), None)
        value, path = (value[name], path[len(name) + 1 :]) if name is not None else (None, "")
    return found if all(isinstance(each, str) for each in found) else []
