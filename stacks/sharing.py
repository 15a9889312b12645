"""Finds values in the stack files that two stacks of one account may not share.

The account takes an app name, a cluster name or a VPC range once. A stack file that was copied and
not changed everywhere would fail halfway through an `up`, or answer another stack's public names.
The types of the settings say what is unique (components.types.Unique). Names that the program
derives include the stack's name, so they cannot meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from ipaddress import ip_network
from itertools import combinations, product
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from components.types import PUBLIC_NAME, PublicNames, Unique
from stacks.discovery import environments, stack_file

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableError(Exception):
    """Another stack's file, which the text names, cannot be compared with: it is not valid."""


class Claim(NamedTuple):
    """One unique value: its kind, the stack file and key where it is, the object around it."""

    kind: Unique
    value: str
    file: str
    key: str
    around: Mapping[str, Any]


def clashes(
    model: type[BaseModel],
    settings: Mapping[str, Any],
    invalid: Set[str],
    stack: str,
    prefix: str,
) -> Iterator[tuple[Claim, Claim]]:
    """Yield (claim of this stack, the same claim elsewhere), once for two keys.

    `settings` are this stack's as they were read, `invalid` the keys among them that are wrong by
    themselves. Those of other stacks are read from their files, where `prefix` begins each key.
    Raises UnreadableError for such a file that is not valid.
    """
    own = [claim for claim in _claims(model, settings, stack) if claim.key not in invalid]
    pairs = [(later, earlier) for earlier, later in combinations(own, 2)]
    for other in environments():
        if other != stack:
            pairs += product(own, _claims(model, _read(other, prefix), other))
    reported = set()
    for mine, theirs in pairs:
        keys = (mine.key, theirs.file, theirs.key)
        if keys not in reported and _clash(mine, theirs):
            reported.add(keys)
            yield mine, theirs


def _read(stack: str, prefix: str) -> dict[str, Any]:
    file = stack_file(stack)
    try:
        document = yaml.load(file.read_text("utf-8"), Loader=_LOADER) or {}  # noqa: S506  a safe one
        entries = dict(document.get("config") or {})
    except (yaml.YAMLError, AttributeError, ValueError, TypeError) as error:
        raise UnreadableError(file.name) from error
    return {str(key).removeprefix(prefix): value for key, value in entries.items()}


def _claims(model: type[BaseModel], settings: Mapping[str, Any], stack: str) -> list[Claim]:
    file = stack_file(stack).name
    return [
        Claim(kind, value, file, key, around)
        for kind, value, key, around in _walk(model, settings, "", settings)
    ]


def _walk(
    annotation: Any, value: Any, key: str, around: Mapping[str, Any], metadata: Sequence[Any] = ()
) -> Iterator[tuple[Unique, str, str, Mapping[str, Any]]]:
    """Walk a type and a raw value together; a value that does not fit its type is passed over."""
    if isinstance(value, str):
        yield from ((mark, value, key, around) for mark in metadata if isinstance(mark, Unique))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _walk(arguments[0], value, key, around, arguments[1:])
    elif origin in (Union, UnionType):
        for each in arguments:
            yield from _walk(each, value, key, around)
    elif origin is tuple and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _walk(arguments[0], item, f"{key}.{place}", around)
    elif isinstance(value, Mapping) and origin:
        for name, item in value.items():
            yield from _walk(arguments[1], item, f"{key}.{name}", value)
    elif isinstance(value, Mapping) and issubclass(annotation, BaseModel):
        yield from _walk_object(annotation, value, f"{key}." if key else "")


def _walk_object(
    model: type[BaseModel], value: Mapping[str, Any], prefix: str
) -> Iterator[tuple[Unique, str, str, Mapping[str, Any]]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        yield from _walk(field.annotation, value.get(key), prefix + key, value, field.metadata)
    domain = value.get("domain")
    if issubclass(model, PublicNames) and isinstance(domain, str):
        for host in model.HOSTS:
            yield PUBLIC_NAME, f"{host}.{domain}", f"{prefix}domain", value


def _clash(mine: Claim, theirs: Claim) -> bool:
    if mine.kind != theirs.kind:
        return False
    if mine.file == theirs.file and not mine.kind.within:
        return False
    identity = mine.around.get("id")
    if mine.file == theirs.file and identity and identity == theirs.around.get("id"):
        return False  # two products of one stack may join one VPC that exists
    if mine.kind.same == "range":
        return _overlap(mine.value, theirs.value)
    if mine.kind.same == "key":  # a public key's last part is a comment
        return mine.value.split()[:2] == theirs.value.split()[:2]
    return mine.value == theirs.value


def _overlap(one: str, other: str) -> bool:
    try:
        return ip_network(one).overlaps(ip_network(other))
    except (ValueError, TypeError):  # no network, which is refused by itself; or two versions
        return False
