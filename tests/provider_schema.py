"""Checks inputs and outputs, as a plan shows them, against the provider's own schema."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import pytest
from example_estate import PROJECT

FILE = PROJECT.parent / "shared" / "digitalocean-schema.json"
REFERENCE = re.compile(r"<[\w.-]+\.\w+>")
KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}
DESCRIBED = ("MonitorAlert", "Project", "Vpc")


@lru_cache
def load() -> dict[str, Any] | None:
    """Return the schema from the file beside the project, else from the plugin, or None."""
    if FILE.exists():
        schema: dict[str, Any] = json.loads(FILE.read_text())
        return schema
    # Only if it is installed: the engine would download a missing plugin.
    if not shutil.which("pulumi") or '"digitalocean"' not in _pulumi("plugin", "ls", "--json"):
        return None
    answer: dict[str, Any] = json.loads(_pulumi("package", "get-schema", "digitalocean"))
    return answer


def load_or_skip() -> dict[str, Any]:
    """Return the schema; skip the test if there is none."""
    schema = load()
    if schema is None:
        pytest.skip(
            f"the provider's schema is not here: neither {FILE} nor a digitalocean plugin that"
            " has it"
        )
    return schema


def _pulumi(*arguments: str) -> str:
    done = subprocess.run(["pulumi", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def mistakes(schema: Mapping[str, Any], token: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield every input of a resource that the schema lacks or that has another type there."""
    kind = token.rpartition(":")[2]
    if token not in schema["resources"]:
        yield f"{token} is no resource of the provider"
        return
    required = schema["resources"][token].get("requiredInputs", ())
    yield from _fields(schema, properties(schema, token), required, inputs, kind)


def wrong_answers(schema: Mapping[str, Any], token: str, state: Mapping[str, Any]) -> Iterator[str]:
    """Yield every output of a resource that the schema lacks or that has another type there."""
    required = schema["resources"][token].get("required", ())
    shapes = properties(schema, token, "properties")
    yield from _fields(schema, shapes, required, state, token.rpartition(":")[2])


def properties(
    schema: Mapping[str, Any], token: str, side: str = "inputProperties"
) -> dict[str, Mapping[str, Any]]:
    """Return the inputs of a resource, or its outputs (`properties`), by name."""
    shapes = dict(schema["resources"][token][side])
    if token.rpartition(":")[2] in DESCRIBED:
        # The file lost every property called `description`, together with the descriptions.
        shapes.setdefault("description", {"type": "string"})
    return shapes


def has(schema: Mapping[str, Any], token: str, path: str) -> bool:
    """Return whether a resource has an input at a dotted path, also in the items of lists."""
    shape: Mapping[str, Any] = {"properties": properties(schema, token)}
    for part in path.split("."):
        shape = shape.get("properties", {}).get(part)
        if shape is None:
            return False
        shape = _resolved(schema, shape)
        shape = _resolved(schema, shape.get("items", shape))
    return True


def _fields(
    schema: Mapping[str, Any],
    shapes: Mapping[str, Any],
    required: Iterable[str],
    value: Mapping[str, Any],
    path: str,
) -> Iterator[str]:
    for name in required:
        if name not in value:
            yield f"{path}.{name} is required and missing"
    for name, item in value.items():
        if name in shapes:
            yield from _value(schema, shapes[name], item, f"{path}.{name}")
        else:
            yield f"{path}.{name} is no input: there are {', '.join(sorted(shapes))}"


def _value(
    schema: Mapping[str, Any], shape: Mapping[str, Any], value: Any, path: str
) -> Iterator[str]:
    resolved = _resolved(schema, shape)
    if not _fits(resolved["type"], value):
        yield f"{path} is {value!r}, which is no {resolved['type']}"
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _value(schema, resolved["items"], item, f"{path}[{place}]")
    elif "properties" in resolved:
        required = resolved.get("required", ())
        yield from _fields(schema, resolved["properties"], required, value, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _value(schema, resolved["additionalProperties"], item, f"{path}.{name}")
    elif "enum" in resolved and not REFERENCE.search(str(value)):
        known = sorted(str(member["value"]) for member in resolved["enum"])
        if value not in known:
            yield f"{path} is {value!r}, which is none of {', '.join(known)}"


def _resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the shape behind a reference; of an open enumeration, the strict one."""
    shape = next((option for option in shape.get("oneOf", ()) if "$ref" in option), shape)
    if "$ref" not in shape:
        return shape
    resolved: Mapping[str, Any] = schema["types"][shape["$ref"].removeprefix("#/types/")]
    return resolved


def _fits(kind: str, value: Any) -> bool:
    if isinstance(value, str) and REFERENCE.fullmatch(value):
        return kind not in ("array", "object")  # what the cloud fills in, of whatever kind
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind])
