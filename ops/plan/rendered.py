"""rendered/: the committed plan of each stack, one YAML a system, and what differs from it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ops import ROOT
from ops.cli.errors import UsageError
from ops.plan import config
from ops.plan.graph import Graph, Resource, build
from ops.plan.identity import name_of

FOLDER = ROOT / "rendered"
REFERENCE = re.compile(r"<([\w.-]+)\.\w+>")
HEAD = "# What the program declares. Written by `make render`; do not edit.\n"


class _Readable(yaml.SafeDumper):
    """Texts of several lines stand as such, so that a changed line is a changed line."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Readable.add_representer(str, _text)


def write_all(folder: Path = FOLDER) -> list[Path]:
    """Write the plan of every stack that has a file, and drop what no stack declares any more."""
    written = []
    for stack in config.stacks():
        for system, text in documents(build(config.load(stack))).items():
            file = folder / stack / f"{system}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            written.append(file)
    for stale in set(folder.glob("*/*.yaml")) - set(written):
        stale.unlink()
    return written


def documents(planned: Graph) -> dict[str, str]:
    """Give the text of each system's file."""
    return {
        system: HEAD
        + yaml.dump(
            {resource.name: _entry(resource) for resource in resources},
            Dumper=_Readable,
            sort_keys=False,
            width=2**16,
            allow_unicode=True,
        )
        for system, resources in planned.systems().items()
    }


def as_text(planned: Graph) -> str:
    """Give all files in one stream."""
    return "---\n".join(documents(planned).values())


def difference(planned: Graph, folder: Path = FOLDER) -> list[str]:
    """Compare a plan with its committed files: one line a change, `+ ~ -`, old and new values.

    Raises UsageError when a committed file cannot be read.
    """
    files = sorted((folder / planned.stack).glob("*.yaml"))
    committed = {
        name: entry
        for file in files
        for name, entry in _entries(str(file), file.read_text()).items()
    }
    now = {resource.name: _entry(resource) for resource in planned.resources}
    lines: list[str] = []
    for name in sorted(committed.keys() | now.keys()):
        if name not in committed:
            lines.append(f"+ {name}  {now[name]['type']}")
        elif name not in now:
            lines.append(f"- {name}  {committed[name]['type']}")
        else:
            found = changes(committed[name], now[name])
            lines += [f"~ {name}  {line}" for change in found for line in change.lines()]
    return lines


def read(stack: str, texts: Mapping[str, str], project: str) -> Graph:
    """Give the graph that committed texts hold, by system: what `documents` wrote, without outputs.

    What a value comes from is taken from its references. Raises UsageError for a broken text.
    """
    systems: dict[str, str] = {}
    entries: dict[str, dict[str, Any]] = {}
    for system, text in texts.items():
        entries |= (found := _entries(f"{stack}/{system}.yaml", text))
        systems |= dict.fromkeys(found, system)

    def kinds(name: str) -> str:
        above = entries[name]["parent"]
        return (f"{kinds(above)}$" if above in entries else "") + str(entries[name]["type"])

    urns = {name: f"urn:pulumi:{stack}::{project}::{kinds(name)}::{name}" for name in entries}
    resources = [
        Resource(
            urn=urns[name],
            type=entry["type"],
            name=name,
            parent=urns.get(entry["parent"], entry["parent"]),
            system=systems[name],
            inputs=entry.get("inputs", {}),
            dependencies=tuple(sorted(urns[each] for each in entry.get("dependencies", ()))),
            uses={
                key: tuple(names)
                for key, value in entry.get("inputs", {}).items()
                if (names := sorted(references(value) & urns.keys()))
            },
            protect=entry.get("protect", False),
            ignore_changes=tuple(entry.get("ignoreChanges", ())),
            custom="protect" in entry,
        )
        for name, entry in entries.items()
    ]
    return Graph(stack, tuple(resources), {})


def references(value: Any) -> set[str]:
    """Name the resources that the cloud's values in an input come from."""
    if isinstance(value, str):
        return set(REFERENCE.findall(value)) if "<" in value else set()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for item in items for name in references(item)}


def _entries(name: str, text: str) -> dict[str, dict[str, Any]]:
    try:
        found: dict[str, dict[str, Any]] = yaml.load(text, Loader=config.Loader) or {}  # noqa: S506
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not YAML; `make render` writes it anew") from error
    return found


def _entry(resource: Resource) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": resource.type, "parent": name_of(resource.parent)}
    if resource.custom:
        entry["protect"] = resource.protect
    if resource.ignore_changes:
        entry["ignoreChanges"] = list(resource.ignore_changes)
    if resource.dependencies:
        entry["dependencies"] = [name_of(urn) for urn in resource.dependencies]
    if resource.inputs:
        entry["inputs"] = resource.inputs
    return entry


class Change(NamedTuple):
    """One value that differs. Of what is on one side only, the other is None."""

    path: str
    old: Any
    new: Any

    def lines(self) -> Iterator[str]:
        """Show it on one line with both values; of a text of several lines, what differs in it."""
        texts = isinstance(self.old, str) and isinstance(self.new, str)
        old, new = (each.splitlines() if texts else [] for each in (self.old, self.new))
        if max(len(old), len(new)) > 1 and old != new:
            # The first two lines are a head; each other begins with a mark and then its text.
            for line in islice(difflib.unified_diff(old, new, lineterm="", n=0), 2, None):
                if not line.startswith("@@"):
                    yield f"{self.path}: {line}"
        else:  # also where the ends of lines alone differ
            yield f"{self.path}: {self.old!r} => {self.new!r}"


def changes(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """Walk two values together. The items of a list go by what they are called."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys(), key=str):
            yield from changes(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list):
        before, after = keyed(old), keyed(new)
        if before == after:  # the same items in another order
            yield Change(path, list(before), list(after))
        yield from changes(before, after, path)
    else:
        yield Change(path, old, new)


def keyed(items: list[Any]) -> dict[Any, Any]:
    """Name a list's items by what they are, so that one taken out does not shift the others."""
    names = [
        item.get("key") or item.get("name") if isinstance(item, dict) else item for item in items
    ]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return dict(zip(names, items, strict=True))
    return dict(enumerate(items))
