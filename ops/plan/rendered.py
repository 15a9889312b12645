"""`rendered/`: the committed plan of each stack, one YAML file per system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ops import ROOT
from ops.cli.errors import UsageError
from ops.plan import config
from ops.plan.changes import changes
from ops.plan.graph import Graph, Resource, build
from ops.plan.references import references
from ops.plan.urn import name_of

FOLDER = ROOT / "rendered"
HEAD = "# What the program declares. Written by `make render`; do not edit.\n"


class _Readable(yaml.SafeDumper):
    """Writes a text of several lines as a block, so that a diff shows the changed lines."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Readable.add_representer(str, _text)


def write_all(folder: Path = FOLDER) -> list[Path]:
    """Write the plan of every stack, and delete files of former stacks and systems."""
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
    """Return the text of each file, by system."""
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
    """Return all files as one YAML stream."""
    return "---\n".join(documents(planned).values())


def difference(planned: Graph, folder: Path = FOLDER) -> list[str]:
    """Compare a plan with its committed files. Returns a line per change: `+`, `~` or `-`, values.

    Raises UsageError for a broken file.
    """
    files = sorted((folder / planned.stack).glob("*.yaml"))
    committed: dict[str, dict[str, Any]] = {}
    for file in files:
        committed |= _entries(str(file), file.read_text())
    now = {resource.name: _entry(resource) for resource in planned.resources}
    lines: list[str] = []
    for name in sorted(committed.keys() | now.keys()):
        old, new = committed.get(name), now.get(name)
        if old and new:
            edits = changes(old, new)
            lines += [f"~ {name}  {line}" for edit in edits for line in edit.lines()]
        else:
            lines += [f"- {name}  {old['type']}"] if old else []
            lines += [f"+ {name}  {new['type']}"] if new else []
    return lines


def read(stack: str, texts: Mapping[str, str], project: str) -> Graph:
    """Read the texts of `documents`, by system, back as a graph without outputs.

    `uses` is derived from references. Raises UsageError for a broken text.
    """
    systems: dict[str, str] = {}
    entries: dict[str, dict[str, Any]] = {}
    for system, text in texts.items():
        own = _entries(f"{stack}/{system}.yaml", text)
        entries |= own
        systems |= dict.fromkeys(own, system)

    def types(name: str) -> str:
        parent = entries[name]["parent"]
        return (f"{types(parent)}$" if parent in entries else "") + str(entries[name]["type"])

    urns = {name: f"urn:pulumi:{stack}::{project}::{types(name)}::{name}" for name in entries}
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


def _entries(name: str, text: str) -> dict[str, dict[str, Any]]:
    try:
        entries: dict[str, dict[str, Any]] = yaml.load(text, Loader=config.Loader) or {}  # noqa: S506
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not YAML: `make render` writes it again") from error
    return entries


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
