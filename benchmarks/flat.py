"""Writes a flat program that registers the resources of a plan by bare SDK calls."""

from __future__ import annotations

import re
from typing import Any

from ops.plan.graph import SECRET, Graph, Resource
from ops.plan.urn import name_of

REFERENCE = re.compile(r"<([\w.-]+)\.(\w+)>")
HEAD = "import pulumi\nimport pulumi_digitalocean as do\n\nr = {}\n"


def source(planned: Graph) -> str:
    """Return the program: a line or two for each resource, parents and dependencies first."""
    remaining = {resource.urn: resource for resource in planned.resources}
    lines = [HEAD]
    while remaining:
        ready = [
            resource
            for resource in remaining.values()
            if resource.parent not in remaining
            and not remaining.keys() & set(resource.dependencies)
        ]
        for resource in ready:
            lines.append(_statement(resource))
            del remaining[resource.urn]
    return "\n".join(lines) + "\n"


def _statement(resource: Resource) -> str:
    parent = name_of(resource.parent)
    options = [f"protect={resource.protect}"]
    if not parent.startswith("estate-"):
        options.append(f"parent=r[{parent!r}]")
    if resource.ignore_changes:
        options.append(f"ignore_changes={[_snake(key) for key in resource.ignore_changes]}")
    opts = f"opts=pulumi.ResourceOptions({', '.join(options)})"
    target = f"r[{resource.name!r}]"
    if not resource.custom:
        return (
            f"{target} = pulumi.ComponentResource({resource.type!r}, {resource.name!r},"
            f" {resource.inputs!r}, {opts})\n{target}.register_outputs({{}})"
        )
    inputs = [f"{_snake(key)}={_literal(value, key)}" for key, value in resource.inputs.items()]
    return f"{target} = do.{resource.kind}({resource.name!r}, {', '.join(inputs)}, {opts})"


def _literal(value: Any, key: str = "") -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_snake(k)!r}: {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item, key) for item in value) + "]"
    if value == SECRET:
        return f"pulumi.Output.secret({value!r})"
    if isinstance(value, str) and REFERENCE.search(value):
        parts = REFERENCE.split(value)
        texts = [repr(part) for part in parts[::3]]
        outputs = [
            f"r[{name!r}].{_snake(output)}"
            for name, output in zip(parts[1::3], parts[2::3], strict=True)
        ]
        if parts[::3] == ["", ""]:
            return outputs[0] + (".apply(int)" if key.startswith("dropletId") else "")
        operands = [part for pair in zip(texts, outputs, strict=False) for part in pair]
        return f"pulumi.Output.concat({', '.join([*operands, texts[-1]])})"
    return repr(value)


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()
