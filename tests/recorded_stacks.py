"""The three committed plans and the raw requests behind them, as the contract tests ask."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import rpc

from ops import ROOT
from ops.plan import config
from ops.plan.graph import Graph, Recorder, Resource
from stacks.discovery import environments

STACKS = tuple(environments())
CLOUD = "digitalocean:index/"


class Listener(Recorder):
    """A recorder that also notes every name as often as it is registered."""

    def __init__(self, settings: config.StackConfig) -> None:
        super().__init__(settings)
        self.heard: list[str] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the protocol's name
        self.heard.append(request.name)
        return super().RegisterResource(request)


def run(settings: config.StackConfig) -> Listener:
    """Everything that a stack's program says to the engine."""
    listener = Listener(settings)
    listener.run(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"))
    return listener


@lru_cache
def recorded(stack: str) -> Listener:
    return run(config.load(stack))


@lru_cache
def graph(stack: str) -> Graph:
    return recorded(stack).graph()


def cloud() -> Iterator[tuple[str, Resource]]:
    """Every cloud resource of every stack, with `stack/name` to point at it."""
    for stack in STACKS:
        for resource in graph(stack).resources:
            if resource.custom:
                yield f"{stack}/{resource.name}", resource


def every(*kinds: str) -> dict[str, Resource]:
    """All resources of these kinds by `stack/name`; a kind that no plan has fails the test."""
    found = {where: resource for where, resource in cloud() if resource.kind in kinds}
    missing = set(kinds) - {resource.kind for resource in found.values()}
    assert not missing, f"no stack declares a {missing}: the test would prove nothing"
    return found


def inputs(*kinds: str) -> dict[str, dict[str, Any]]:
    """The inputs of all resources of these kinds, by `stack/name`."""
    return {where: resource.inputs for where, resource in every(*kinds).items()}


def specs() -> dict[str, dict[str, Any]]:
    """Every app's spec, by `stack/name`."""
    return {where: given["spec"] for where, given in inputs("App").items()}


def parts(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The components of an app: its services and static sites."""
    return [*spec.get("services", []), *spec.get("staticSites", [])]


def raw(resource: Resource, where: str) -> Any:
    """The request by which the resource was registered."""
    return recorded(where.partition("/")[0]).requests[resource.urn]


def stack_outputs() -> dict[str, dict[str, Any]]:
    return {stack: graph(stack).outputs for stack in STACKS}


def referred(value: Any) -> set[str]:
    """Names of the resources that a value refers to (`<krotrust-droplet.id>`)."""
    return set(re.findall(r"<([\w.-]+)\.\w+>", str(value)))


def wrapped(value: Any) -> bool:
    """Whether a protocol value is a secret as the engine understands it."""
    return isinstance(value, struct_pb2.Struct) and (
        rpc._special_sig_key in value
        and value[rpc._special_sig_key] == rpc._special_secret_sig
        and "value" in value
    )


def bare_texts(value: Any) -> Iterator[str]:
    """Yield every text of a protocol value (its keys too) that stands outside a secret."""
    if wrapped(value):
        return
    if isinstance(value, struct_pb2.Struct):
        for key in value:
            yield key
            yield from bare_texts(value[key])
    elif isinstance(value, struct_pb2.ListValue):
        for item in value:
            yield from bare_texts(item)
    elif isinstance(value, str):
        yield value
