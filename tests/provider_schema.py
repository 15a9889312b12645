"""Checks inputs as a plan shows them, and answers, against the provider's own schema."""

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
    """The schema from the file beside the project, else from the plugin; None without either."""
    if FILE.exists():
        schema: dict[str, Any] = json.loads(FILE.read_text())
        return schema
    # Only where it is installed: asked for a plugin that is not, the engine would fetch it.
    if not shutil.which("pulumi") or '"digitalocean"' not in _pulumi("plugin", "ls", "--json"):
        return None
    told: dict[str, Any] = json.loads(_pulumi("package", "get-schema", "digitalocean"))
    return told


def wanted() -> dict[str, Any]:
    """The schema; skips the test where there is none."""
    found = load()
    if found is None:
        pytest.skip(
            f"the provider's schema is not here: neither {FILE} nor a digitalocean plugin that"
            " tells it"
        )
    return found


def _pulumi(*arguments: str) -> str:
    done = subprocess.run(["pulumi", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def mistakes(schema: Mapping[str, Any], token: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield every input of a resource that the schema does not have, or has otherwise."""
    kind = token.rpartition(":")[2]
    if token not in schema["resources"]:
        yield f"{token} is no resource of the provider"
        return
    required = schema["resources"][token].get("requiredInputs", ())
    yield from _fields(schema, properties(schema, token), required, inputs, kind)


def wrong_answers(schema: Mapping[str, Any], token: str, state: Mapping[str, Any]) -> Iterator[str]:
    """Yield every output of a resource that the schema does not have, or has otherwise."""
    required = schema["resources"][token].get("required", ())
    shapes = properties(schema, token, "properties")
    yield from _fields(schema, shapes, required, state, token.rpartition(":")[2])


def properties(
    schema: Mapping[str, Any], token: str, side: str = "inputProperties"
) -> dict[str, Mapping[str, Any]]:
    """The inputs of a resource, or its outputs (`properties`), by name."""
    found = dict(schema["resources"][token][side])
    if token.rpartition(":")[2] in DESCRIBED:
        # The file lost every property called `description`, together with the descriptions.
        found.setdefault("description", {"type": "string"})
    return found


def has(schema: Mapping[str, Any], token: str, path: str) -> bool:
    """Whether a resource has an input at a dotted path; lists on the way are looked into."""
    here: Mapping[str, Any] = {"properties": properties(schema, token)}
    for part in path.split("."):
        here = here.get("properties", {}).get(part)
        if here is None:
            return False
        here = _resolved(schema, here)
        here = _resolved(schema, here.get("items", here))
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
    named = _resolved(schema, shape)
    if not _fits(named["type"], value):
        yield f"{path} is {value!r}, which is no {named['type']}"
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _value(schema, named["items"], item, f"{path}[{place}]")
    elif "properties" in named:
        required = named.get("required", ())
        yield from _fields(schema, named["properties"], required, value, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _value(schema, named["additionalProperties"], item, f"{path}.{name}")
    elif "enum" in named and not REFERENCE.search(str(value)):
        known = sorted(str(member["value"]) for member in named["enum"])
        if value not in known:
            yield f"{path} is {value!r}, which is none of {', '.join(known)}"


def _resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape behind a reference; of an open list of texts, the known ones (stricter than it)."""
    shape = next((option for option in shape.get("oneOf", ()) if "$ref" in option), shape)
    if "$ref" not in shape:
        return shape
    named: Mapping[str, Any] = schema["types"][shape["$ref"].removeprefix("#/types/")]
    return named


def _fits(kind: str, value: Any) -> bool:
    if isinstance(value, str) and REFERENCE.fullmatch(value):
        return kind not in ("array", "object")  # what the cloud fills in, of whatever kind
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind])
