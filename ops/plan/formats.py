"""An offline plan as a tree, JSON or a flowchart. `rendered` has its YAML and its difference."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from ops.plan.changes import keyed
from ops.plan.graph import Graph
from ops.plan.urn import name_of

WIDTH = 100  # characters of the longest list or mapping on one line of a tree


def as_json(planned: Graph) -> str:
    """Return the whole graph in its published form."""
    return json.dumps(planned.as_json(), indent=2) + "\n"


def as_mermaid(planned: Graph) -> str:
    """Return a flowchart of the parts of each product and their dependencies."""
    lines = ["flowchart LR"]
    parts = set(planned.parts().values())
    for system, resources in planned.systems().items():
        lines.append(f"  subgraph {system}")
        lines += [
            f'    {resource.name}["{resource.name.partition("-")[2]}<br/>{resource.kind}"]'
            for resource in resources
            if resource.name in parts
        ]
        lines.append("  end")
    lines += [f"  {start} --> {end}" for start, end in sorted(edges(planned))]
    return "\n".join(lines) + "\n"


def edges(planned: Graph) -> set[tuple[str, str]]:
    """Return (part, part that it depends on, calls or stores data in) by logical name."""
    parts = planned.parts()
    result = set()
    for resource in planned.resources:
        stores = [store.partition("/")[0] for store in resource.inputs.get("stores", ())]
        used = [*resource.inputs.get("calls", ()), *stores]
        ends = [name_of(urn) for urn in resource.dependencies]
        ends += [f"{resource.system}-{name}" for name in used]
        start = parts.get(resource.name)
        result |= {(start, parts[end]) for end in ends if start and parts.get(end, start) != start}
    return result


def as_tree(planned: Graph) -> str:
    """Return every resource with its inputs below its parent, in colour for a terminal."""
    protected = sum(resource.protect for resource in planned.resources)
    cloud = sum(resource.custom for resource in planned.resources)
    root = Tree(
        f"[bold]{planned.stack}[/]: {len(planned.resources)} resources,"
        f" {cloud} in the cloud, {protected} protected"
    )
    branches: dict[str, Tree] = {}
    # Parents come first: a URN has one more `$` than that of its parent.
    for resource in sorted(planned.resources, key=lambda r: (r.urn.count("$"), r.name)):
        shield = " [green]protected[/]" if resource.protect else ""
        branch = branches.get(resource.parent, root).add(
            f"[bold]{escape(resource.name)}[/] {resource.kind}{shield}"
        )
        branches[resource.urn] = branch
        for key, value in resource.inputs.items():
            _add_input(branch, key, value)
    text, terminal = io.StringIO(), sys.stdout.isatty()
    width = None if terminal else 160
    Console(file=text, width=width, force_terminal=terminal, soft_wrap=True).print(root)
    return text.getvalue()


def _add_input(branch: Tree, key: str, value: Any) -> None:
    """Add an input to a branch: on one line where it fits, else as a branch of its own."""
    if value in (None, [], {}):
        return
    if isinstance(value, dict) and set(value) <= {"key", "scope", "type", "value"}:  # a variable
        key, value = value["key"], value["value"]
    if isinstance(value, str) and "\n" in value:
        value = f"{value.partition(chr(10))[0]} ... ({value.count(chr(10))} lines)"
    text = value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, str) or len(text) <= WIDTH:
        branch.add(f"{escape(key)}: [cyan]{escape(text)}[/]")
        return
    twig = branch.add(escape(key))
    for name, item in (value if isinstance(value, dict) else keyed(value)).items():
        _add_input(twig, str(name), item)
