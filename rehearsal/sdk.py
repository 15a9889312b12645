"""Resource types as the installed SDK describes them, which only `pulumi._types` can read."""

import functools
import inspect
import re
import sys
import typing
from collections import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi_digitalocean
from pulumi import _types
from pulumi.runtime.rpc import UNKNOWN

_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number"}
_KINDS |= {list: "list", dict: "object"}


@dataclass(frozen=True)
class ResourceType:
    """One resource type; `computed` are optional inputs that the API fills in if left out."""

    name: str
    arguments: type
    inputs: frozenset[str]
    outputs: Mapping[str, Any]
    computed: frozenset[str]
    secret: frozenset[str]


@functools.cache
def resource_type(token: str) -> ResourceType:
    """Return the type of a token, which may have its parents' types before a `$`.

    Raises `LookupError` if the installed SDK has no such type.
    """
    name = re.split("[:$]", token)[-1]
    cls = getattr(pulumi_digitalocean, name, None)
    arguments = getattr(sys.modules.get(getattr(cls, "__module__", "")), f"{name}Args", None)
    if cls is None or arguments is None:
        raise LookupError(f"the installed SDK has no resource type {name}")
    inputs, required = _fields(arguments)
    hints = {
        output: typing.get_args(typing.get_type_hints(getattr(cls, attribute).fget)["return"])[0]
        for attribute, output in _types.resource_py_to_pulumi_names(cls).items()
    }
    always = {output for output, hint in hints.items() if type(None) not in typing.get_args(hint)}
    secret = re.search(r"additional_secret_outputs=\[(.*?)\]", inspect.getsource(cls))
    return ResourceType(
        name=name,
        arguments=arguments,
        inputs=frozenset(inputs),
        outputs={output: _bare(hint) for output, hint in hints.items()},
        computed=frozenset(always & inputs.keys() - required),
        secret=frozenset(re.findall(r'"(\w+)"', secret[1]) if secret else ()),
    )


def misfits(hint: Any, value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, reason) where a JSON value does not fit a type hint of the SDK, at any depth."""
    hint = _bare(hint)
    below = typing.get_args(hint)[-1:]
    fields, required = _fields(hint) if _types.is_input_type(hint) else ({}, set())
    expected = {abc.Sequence: list, abc.Mapping: dict}.get(typing.get_origin(hint), hint)
    expected = dict if fields else expected
    if value in (None, UNKNOWN) or expected not in _KINDS:
        return
    if type(value) not in (expected, int if expected is float else expected):
        kind = _KINDS[type(value)]
        yield path, f"a value of kind {_KINDS[expected]} is needed, this is of kind {kind}"
        return
    for i, each in enumerate(value if expected is list else ()):
        yield from misfits(below[0], each, f"{path}[{i}]")
    for name, each in value.items() if expected is dict else ():
        if below or name in fields:
            yield from misfits(below[0] if below else fields[name], each, f"{path}.{name}")
        else:
            yield f"{path}.{name}", f"no such input; there are: {', '.join(sorted(fields))}"
    for name in sorted(required - {*value} if expected is dict else ()):
        yield f"{path}.{name}", "this input is required and missing"


def _fields(arguments: type) -> tuple[Mapping[str, Any], set[str]]:
    """Return the hints of an input class by Pulumi name, and which of them are required."""
    parameters = inspect.signature(arguments).parameters
    names = _types.input_type_py_to_pulumi_names(arguments).items()
    empty = inspect.Parameter.empty
    required = {name for python, name in names if parameters[python].default is empty}
    return _types.input_type_types(arguments), required


def _bare(hint: Any) -> Any:
    """Return the hint without unions and wrappers; of a union the first member counts."""
    while typing.get_origin(hint) not in (None, abc.Sequence, abc.Mapping):
        hint = typing.get_args(hint)[0]
    return hint
