"""Every input of the three plans is one that the provider's own schema knows, and of its kind."""

from __future__ import annotations

import copy
from typing import Any

import provider_schema
import pytest
from recorded_stacks import STACKS, graph

APP = "digitalocean:index/app:App"
CHECK = "digitalocean:index/uptimeCheck:UptimeCheck"
ALERT = "digitalocean:index/monitorAlert:MonitorAlert"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return provider_schema.load_or_skip()


@pytest.mark.parametrize("stack", STACKS)
def test_the_provider_knows_every_input_of_the_plan(stack: str, schema: dict[str, Any]) -> None:
    resources = [resource for resource in graph(stack).resources if resource.custom]
    wrong = [
        f"{resource.name}: {mistake}"
        for resource in resources
        for mistake in provider_schema.mistakes(schema, resource.type, resource.inputs)
    ]
    assert len(resources) > 40
    assert wrong == []


def _inputs(token: str, name: str) -> dict[str, Any]:
    (found,) = [r for r in graph("prod").resources if r.name == name and r.type == token]
    return copy.deepcopy(found.inputs)


def test_an_input_that_the_provider_does_not_have_is_a_mistake(schema: dict[str, Any]) -> None:
    inputs = {**_inputs(CHECK, "krotrust-uptime-api-check"), "timeout": 5}
    (mistake,) = provider_schema.mistakes(schema, CHECK, inputs)
    assert mistake.startswith("UptimeCheck.timeout is no input: there are enabled, name")


def test_a_description_is_allowed_only_where_the_provider_has_one(schema: dict[str, Any]) -> None:
    inputs = {**_inputs(CHECK, "krotrust-uptime-api-check"), "description": "d"}
    assert len(list(provider_schema.mistakes(schema, CHECK, inputs))) == 1


def test_a_missing_required_input_is_a_mistake(schema: dict[str, Any]) -> None:
    inputs = _inputs(ALERT, "krotrust-alert-cpu")
    del inputs["description"], inputs["window"]
    assert sorted(provider_schema.mistakes(schema, ALERT, inputs)) == [
        "MonitorAlert.description is required and missing",
        "MonitorAlert.window is required and missing",
    ]


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"httpPort": "3000"}, "services[0].httpPort is '3000', which is no integer"),
        ({"httpPort": True}, "services[0].httpPort is True, which is no integer"),
        ({"httpPort": 0.5}, "services[0].httpPort is 0.5, which is no integer"),
        ({"envs": {"key": "A"}}, "services[0].envs is {'key': 'A'}, which is no array"),
        ({"envs": [{"key": 1}]}, "services[0].envs[0].key is 1, which is no string"),
        ({"github": "repo"}, "services[0].github is 'repo', which is no object"),
    ],
)
def test_a_wrong_kind_deep_in_the_app_is_a_mistake(
    change: dict[str, Any], mistake: str, schema: dict[str, Any]
) -> None:
    inputs = _inputs(APP, "krogiving-backend-app")
    inputs["spec"]["services"][0] |= change
    assert list(provider_schema.mistakes(schema, APP, inputs)) == [f"App.spec.{mistake}"]


def test_an_unknown_input_and_a_missing_one_deep_in_the_app_are_mistakes(
    schema: dict[str, Any],
) -> None:
    inputs = _inputs(APP, "krogiving-backend-app")
    inputs["spec"]["minimumTlsVersion"] = "1.3"
    del inputs["spec"]["services"][0]["name"]
    missing, unknown = sorted(provider_schema.mistakes(schema, APP, inputs), key=len)
    assert missing == "App.spec.services[0].name is required and missing"
    assert unknown.startswith("App.spec.minimumTlsVersion is no input")


def test_a_size_that_is_not_for_sale_is_a_mistake(schema: dict[str, Any]) -> None:
    token = "digitalocean:index/droplet:Droplet"
    inputs = {**_inputs(token, "krotrust-droplet"), "size": "s-3vcpu-5gb"}
    (mistake,) = provider_schema.mistakes(schema, token, inputs)
    assert mistake.startswith("Droplet.size is 's-3vcpu-5gb', which is none of ")


def test_a_type_that_the_provider_does_not_have_is_a_mistake(schema: dict[str, Any]) -> None:
    token = "digitalocean:index/toaster:Toaster"
    assert list(provider_schema.mistakes(schema, token, {})) == [
        f"{token} is no resource of the provider"
    ]
