"""What every component keeps to, whatever it makes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, get_type_hints
from unittest import mock

import pulumi
import pytest
from pydantic import BaseModel
from recorded_stacks import STACKS, graph, recorded, run

import components
from components.inventory import ForeignSystem, Host, Service, Store
from components.pencom import Inventoried
from ops.plan import config
from stacks.discovery import environments

# The one component that takes no argument object: what it describes is a frozen one already.
DESCRIBED = {Inventoried: (Host, Service, Store, ForeignSystem)}
# The children of this one existed before it did, and kept their names.
OLDER_CHILDREN = {"krotrust-server": "krotrust"}


def modules() -> Iterator[Any]:
    for module in pkgutil.walk_packages(components.__path__, "components."):
        yield importlib.import_module(module.name)


def classes() -> set[type[pulumi.ComponentResource]]:
    """Every component that a module of components/ defines."""
    return {
        member
        for module in modules()
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, pulumi.ComponentResource)
        and member.__module__ == module.__name__
    }


@lru_cache
def constructed() -> frozenset[tuple[type, str]]:
    """Every class of component that a stack makes, with the type token that it registers."""
    seen = set()
    original = pulumi.ComponentResource.__init__

    def note(self: Any, t: str, *arguments: Any, **keywords: Any) -> None:
        seen.add((type(self), t))
        original(self, t, *arguments, **keywords)

    with mock.patch.object(pulumi.ComponentResource, "__init__", note):
        for stack in STACKS:
            run(config.load(stack))
    return frozenset(seen)


def test_every_component_is_used_by_a_stack() -> None:
    found = classes()
    assert len(found) >= 12
    assert found == {kind for kind, _ in constructed() if kind in found}


def test_a_type_token_names_project_module_and_kind_and_belongs_to_one_class() -> None:
    ours = {(kind, token) for kind, token in constructed() if kind in classes()}
    tokens = [token for _, token in ours]
    for kind, token in ours:
        assert re.fullmatch(r"estate:[a-z]+:[A-Z]\w+", token), (kind, token)
        if kind not in DESCRIBED:
            assert kind.__name__.startswith(token.rpartition(":")[2]), (kind, token)
    assert len(tokens) == len(set(tokens))
    described = {token.rpartition(":")[2] for kind, token in ours if kind is Inventoried}
    assert described == {kind.__name__ for kind in DESCRIBED[Inventoried]}


@pytest.mark.parametrize("stack", STACKS)
def test_children_are_parented_to_their_component_and_named_after_it(stack: str) -> None:
    resources = {resource.urn: resource for resource in graph(stack).resources}
    for resource in resources.values():
        if resource.parent not in resources:
            assert resource.parent.endswith(f"::estate-{stack}"), resource.name
            assert resource.type.startswith("estate:product:"), resource.name
            assert resource.name == resource.kind.lower(), resource.name
            continue
        parent = resources[resource.parent]
        assert not parent.custom, resource.name
        prefix = OLDER_CHILDREN.get(parent.name, parent.name)
        assert resource.name.startswith(f"{prefix}-"), resource.name


@pytest.mark.parametrize("stack", STACKS)
def test_no_logical_name_is_registered_twice(stack: str) -> None:
    heard = recorded(stack).registered_names
    assert len(heard) > 60
    assert sorted(heard) == sorted(set(heard))


@pytest.mark.parametrize("stack", STACKS)
def test_the_same_settings_give_the_same_plan(stack: str) -> None:
    again = run(config.load(stack)).graph()
    assert again.as_json() == graph(stack).as_json()


@pytest.mark.parametrize("stack", STACKS)
def test_every_component_registers_its_outputs(stack: str) -> None:
    silent = [
        resource.name
        for resource in graph(stack).resources
        if not resource.custom and resource.urn not in recorded(stack).outputs
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("stack", "guarded"), [(stack, each.guarded) for stack, each in environments().items()]
)
def test_a_guarded_environment_protects_all_of_the_cloud_and_no_component(
    stack: str, guarded: bool
) -> None:
    resources = graph(stack).resources
    assert {r.protect for r in resources if r.custom} == {guarded}
    assert {r.protect for r in resources if not r.custom} == {False}


def _is_frozen(kind: type) -> bool:
    if issubclass(kind, BaseModel):
        return kind.model_config.get("frozen") is True
    return is_dataclass(kind) and vars(kind)["__dataclass_params__"].frozen is True


@pytest.mark.parametrize("component", sorted(classes() - set(DESCRIBED), key=str))
def test_a_component_takes_a_name_one_frozen_argument_object_and_options(
    component: type[pulumi.ComponentResource],
) -> None:
    assert list(inspect.signature(component).parameters) == ["name", "args", "opts"]
    assert _is_frozen(get_type_hints(component.__init__)["args"])


def test_whatever_a_component_describes_is_frozen() -> None:
    assert all(_is_frozen(kind) for kinds in DESCRIBED.values() for kind in kinds)


def test_every_class_of_plain_data_in_components_is_frozen() -> None:
    data = {
        member
        for module in modules()
        for member in vars(module).values()
        if inspect.isclass(member)
        and member.__module__ == module.__name__
        and (is_dataclass(member) or issubclass(member, BaseModel))
    }
    assert len(data) > 20
    assert [kind for kind in data if not _is_frozen(kind)] == []
