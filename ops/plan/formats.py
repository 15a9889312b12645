"""The offline plan: what the program declares, as a tree, YAML, JSON, a picture, a difference."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from ops.plan import config, rendered
from ops.plan.changes import keyed
from ops.plan.graph import Graph, build
from ops.plan.urn import name_of

WIDTH = 100  # characters of an input that still stand on one line of a tree


def run(stack: str, form: str, *, diff: bool, exit_code: bool) -> int:
    """Print the plan or its difference. Returns 0, or 2 for a difference with `exit_code`."""
    planned = build(config.load(stack))
    changes = rendered.difference(planned) if diff or exit_code else []
    if diff:
        print("\n".join(changes) if changes else f"no change: rendered/{stack} is the plan")  # noqa: T201
    elif form == "tree":
        _print_tree(planned)
    else:
        forms = {"yaml": rendered.as_text, "json": as_json, "mermaid": as_mermaid}
        sys.stdout.write(forms[form](planned))
    return 2 if changes and exit_code else 0


def as_json(planned: Graph) -> str:
    """Give the whole graph."""
    return json.dumps(planned.as_json(), indent=2) + "\n"


def as_mermaid(planned: Graph) -> str:
    """Draw each system's parts and what stands on what; a component counts as one part."""
    lines = ["flowchart LR"]
    drawn = set(parts(planned).values())
    for system, resources in planned.systems().items():
        lines.append(f"  subgraph {system}")
        for resource in resources:
            if resource.name in drawn:
                kind = resource.kind
                lines.append(f'    {resource.name}["{resource.name.partition("-")[2]}<br/>{kind}"]')
        lines.append("  end")
    lines += [f"  {start} --> {end}" for start, end in sorted(edges(planned))]
    return "\n".join(lines) + "\n"


def parts(planned: Graph) -> dict[str, str]:
    """Give of each resource inside a system the part that it belongs to, both by logical name."""
    by_urn = {resource.urn: resource for resource in planned.resources}
    found = {}
    for resource in planned.resources:
        part = resource
        while (parent := by_urn.get(part.parent)) and parent.parent in by_urn:
            part = parent
        if part.parent in by_urn:  # else it is the system itself
            found[resource.name] = part.name
    return found


def edges(planned: Graph) -> set[tuple[str, str]]:
    """Give which part depends on, calls or stores in which."""
    part = parts(planned)
    found = set()
    for resource in planned.resources:
        named = [*resource.inputs.get("calls", ()), *_servers(resource.inputs.get("stores", ()))]
        ends = [name_of(urn) for urn in resource.dependencies]
        ends += [f"{resource.system}-{name}" for name in named]
        start = part.get(resource.name)
        found |= {(start, part[end]) for end in ends if start and part.get(end, start) != start}
    return found


def _servers(stores: list[str]) -> list[str]:
    return [store.partition("/")[0] for store in stores]


def _print_tree(planned: Graph) -> None:
    protected = sum(resource.protect for resource in planned.resources)
    cloud = sum(resource.custom for resource in planned.resources)
    root = Tree(
        f"[bold]{planned.stack}[/]: {len(planned.resources)} resources,"
        f" {cloud} in the cloud, {protected} protected"
    )
    branches: dict[str, Tree] = {}
    # A parent's URN is a part of no child's sort key, so place parents first.
    for resource in sorted(planned.resources, key=lambda r: (r.urn.count("$"), r.name)):
        kind = resource.kind
        shield = " [green]protected[/]" if resource.protect else ""
        branch = branches.get(resource.parent, root).add(
            f"[bold]{escape(resource.name)}[/] {kind}{shield}"
        )
        branches[resource.urn] = branch
        for key, value in resource.inputs.items():
            _grow(branch, key, value)
    Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True).print(root)


def _grow(branch: Tree, key: str, value: Any) -> None:
    """Add an input to its branch: on one line where it fits, else as a branch of its own."""
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
    items = value.items() if isinstance(value, dict) else keyed(value).items()
    for name, item in items:
        _grow(twig, str(name), item)
