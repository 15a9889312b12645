"""What the installed SDK says of a resource type: its inputs down to leaves, and its outputs.

Source: the classes of `pulumi_digitalocean`, imported when a type is first used (0.4 s), read
with `pulumi._types`, the one module of the SDK that can read them.
"""

import functools
import importlib
import inspect
import re
import sys
import typing
from collections import abc
from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi import _types

_LEAVES = {str: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True)
class Shape:
    """The form of a value: `kind` is string, boolean, integer, number, list, map, object or any.

    `item` is the shape in a list or map; `fields` (by Pulumi name) and `required` are an object's.
    """

    kind: str
    item: "Shape | None" = None
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ResourceType:
    """One type; `computed` are the optional inputs that the far end fills in if left out."""

    name: str
    inputs: Shape
    outputs: Mapping[str, Shape]
    computed: frozenset[str]
    secret: frozenset[str]


@functools.cache
def resource_type(token: str) -> ResourceType:
    """Describe the type of a token, which may have its parents' types before a `$`.

    Raises `LookupError` where the installed SDK has no such type.
    """
    name = re.split("[:$]", token)[-1]
    cls = getattr(importlib.import_module("pulumi_digitalocean"), name, None)
    arguments = getattr(sys.modules.get(getattr(cls, "__module__", "")), f"{name}Args", None)
    if cls is None or arguments is None:
        raise LookupError(f"the installed SDK has no resource type {name}")
    inputs = _shape(arguments)
    hints = {
        output: typing.get_args(typing.get_type_hints(getattr(cls, attribute).fget)["return"])[0]
        for attribute, output in _types.resource_py_to_pulumi_names(cls).items()
    }
    always = {output for output, hint in hints.items() if type(None) not in typing.get_args(hint)}
    secret = re.search(r"additional_secret_outputs=\[(.*?)\]", inspect.getsource(cls))
    return ResourceType(
        name=name,
        inputs=inputs,
        outputs={output: _shape(hint) for output, hint in hints.items()},
        computed=frozenset(always & inputs.fields.keys() - inputs.required),
        secret=frozenset(re.findall(r'"(\w+)"', secret[1]) if secret else ()),
    )


def _shape(hint: typing.Any) -> Shape:
    """Read a type hint; of a union (`Input[T]`, `Optional[T]`) the first part counts."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (abc.Sequence, abc.Mapping):
        return Shape("list" if origin is abc.Sequence else "map", item=_shape(arguments[-1]))
    if arguments:
        return _shape(arguments[0])
    if not isinstance(hint, type) or not _types.is_input_type(hint):
        return Shape(_LEAVES.get(hint, "any"))
    parameters = inspect.signature(hint).parameters
    names = _types.input_type_py_to_pulumi_names(hint)
    return Shape(
        "object",
        fields={name: _shape(each) for name, each in _types.input_type_types(hint).items()},
        required=frozenset(
            name
            for each, name in names.items()
            if parameters[each].default is inspect.Parameter.empty
        ),
    )
