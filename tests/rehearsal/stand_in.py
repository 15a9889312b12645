"""The stand-in's methods, asked directly: no engine, no process."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import Computed, PropertyValue

import rehearsal
from rehearsal.plugin import StandIn
from rehearsal.property_values import revive

State = dict[str, PropertyValue]
UNSET = PropertyValue(Computed())
CLUSTER = {
    "name": "db",
    "engine": "pg",
    "version": "16",
    "size": "db-s-1vcpu-1gb",
    "region": "fra1",
    "nodeCount": 1,
}
DROPLET = {"name": "web", "image": "ubuntu-24-04-x64", "size": "s-1vcpu-1gb", "region": "fra1"}
VPC = {"name": "vpc", "region": "fra1", "ipRange": "10.1.0.0/20"}


def rehearse(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = folder / "far" / "cloud.json"
    for name, value in rehearsal.environment(path).items():
        monkeypatch.setenv(name, value)
    return path


def fault(monkeypatch: pytest.MonkeyPatch, *faults: dict[str, Any]) -> None:
    monkeypatch.setenv(rehearsal.FAULTS_VARIABLE, json.dumps(faults))


def props(value: dict[str, Any]) -> State:
    return {
        name: each if isinstance(each, PropertyValue) else revive(each)
        for name, each in value.items()
    }


def urn(kind: str, name: str = "it") -> str:
    token = f"digitalocean:index/{kind[0].lower()}{kind[1:]}:{kind}"
    return f"urn:pulumi:dev::tiny::tiny:index:Group${token}::{name}"


def check(kind: str, inputs: dict[str, Any]) -> dict[str, str]:
    request = rpc.CheckRequest(urn(kind), {}, props(inputs), b"")
    answer = asyncio.run(StandIn().check(request))
    return {each.property: each.reason for each in answer.failures or []}


def create(
    kind: str, inputs: dict[str, Any], name: str = "it", preview: bool = False
) -> rpc.CreateResponse:
    request = rpc.CreateRequest(urn(kind, name), props(inputs), 0, preview)
    return asyncio.run(StandIn().create(request))


def made(kind: str, inputs: dict[str, Any], name: str = "it") -> str:
    """Make something and give its id."""
    return str(create(kind, inputs, name).resource_id)


def diff(kind: str, state: State, inputs: dict[str, Any], *ignored: str) -> rpc.DiffResponse:
    request = rpc.DiffRequest(urn(kind), "1", state, props(inputs), list(ignored))
    return asyncio.run(StandIn().diff(request))


def update(
    kind: str, identity: str, olds: State, news: dict[str, Any], preview: bool = False
) -> State:
    request = rpc.UpdateRequest(urn(kind), identity, olds, props(news), 0, [], preview)
    return dict(asyncio.run(StandIn().update(request)).properties or {})


def delete(kind: str, identity: str) -> None:
    asyncio.run(StandIn().delete(rpc.DeleteRequest(urn(kind), identity, {}, 0)))


def read(
    kind: str, identity: str, state: State | None = None, inputs: State | None = None
) -> rpc.ReadResponse:
    """Refresh what the state knows; with no state, import."""
    request = rpc.ReadRequest(urn(kind), identity, state or {}, inputs or {})
    return asyncio.run(StandIn().read(request))


def app(*envs: tuple[str, str | PropertyValue], **spec: Any) -> dict[str, Any]:
    variables = [
        PropertyValue(props({"key": key, "value": value, "type": "SECRET"})) for key, value in envs
    ]
    service = PropertyValue(props({"name": "web", "envs": PropertyValue(variables)}))
    return {
        "spec": PropertyValue(props({"name": "app", "services": PropertyValue([service]), **spec}))
    }
