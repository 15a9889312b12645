"""The plans of all stacks and the raw requests behind them, for the contract tests."""

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
    """A recorder that also lists every registered name, repeated names too."""

    def __init__(self, settings: config.StackConfig) -> None:
        super().__init__(settings)
        self.registered_names: list[str] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the protocol's name
        self.registered_names.append(request.name)
        return super().RegisterResource(request)


def run(settings: config.StackConfig) -> Listener:
    """Run a stack's program and return everything that it sends to the engine."""
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
    """Yield (`stack/name`, resource) of every cloud resource of every stack."""
    for stack in STACKS:
        for resource in graph(stack).resources:
            if resource.custom:
                yield f"{stack}/{resource.name}", resource


def every(*kinds: str) -> dict[str, Resource]:
    """Return all resources of these kinds by `stack/name`; fail for a kind that no plan has."""
    resources = {label: resource for label, resource in cloud() if resource.kind in kinds}
    missing = set(kinds) - {resource.kind for resource in resources.values()}
    assert not missing, f"no stack declares a {missing}: the test would prove nothing"
    return resources


def inputs(*kinds: str) -> dict[str, dict[str, Any]]:
    """Return the inputs of all resources of these kinds, by `stack/name`."""
    return {label: resource.inputs for label, resource in every(*kinds).items()}


def specs() -> dict[str, dict[str, Any]]:
    """Return every app's spec, by `stack/name`."""
    return {label: app_inputs["spec"] for label, app_inputs in inputs("App").items()}


def parts(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the components of an app: its services and static sites."""
    return [*spec.get("services", []), *spec.get("staticSites", [])]


def raw(resource: Resource, label: str) -> Any:
    """Return the request that registered a resource."""
    return recorded(label.partition("/")[0]).requests[resource.urn]


def stack_outputs() -> dict[str, dict[str, Any]]:
    return {stack: graph(stack).outputs for stack in STACKS}


def referred(value: Any) -> set[str]:
    """Return the names of the resources that a value refers to (`<krotrust-droplet.id>`)."""
    return set(re.findall(r"<([\w.-]+)\.\w+>", str(value)))


def wrapped(value: Any) -> bool:
    """Return whether a protocol value is a secret for the engine."""
    return isinstance(value, struct_pb2.Struct) and (
        rpc._special_sig_key in value
        and value[rpc._special_sig_key] == rpc._special_secret_sig
        and "value" in value
    )


def bare_texts(value: Any) -> Iterator[str]:
    """Yield every text of a protocol value (its keys too) that is not part of a secret."""
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
