"""Apps: a service that deploys on request, a static site that deploys on push."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pulumi_digitalocean as do
import pytest
from recording import declared, recorded

from components.app import ServiceApp, ServiceArgs, SiteArgs, Source, StaticSite

SOURCE = Source(
    name="the-app",
    region="lon",
    repository="owner/code",
    branch="release",
    build="make all",
    domains={"example.test": "example.test", "www.example.test": "example.test"},
    variables={"B": "2", "A": "1"},
)
SERVICE = ServiceArgs(
    source=replace(SOURCE, domains={"api.example.test": "example.test"}),
    run="node it.js",
    port=3456,
    size="apps-s-1vcpu-1gb",
    instances=2,
    health_path="/alive",
    network_id="the-network",
    databases=(),
    secrets={},
    ready=(),
)
ALERTS = [{"rule": "DEPLOYMENT_FAILED"}, {"rule": "DOMAIN_FAILED"}]


def service(**changes: Any) -> dict[str, Any]:
    made = declared(lambda: ServiceApp("s", replace(SERVICE, **changes)))
    spec = made["s-app"].inputs["spec"]
    assert isinstance(spec, dict)
    return spec


def site() -> dict[str, Any]:
    spec = declared(lambda: StaticSite("s", SiteArgs(SOURCE, "out")))["s-app"].inputs["spec"]
    assert isinstance(spec, dict)
    return spec


def test_a_site_is_built_from_a_branch_on_push_and_serves_its_index_for_every_path() -> None:
    assert site()["staticSites"] == [
        {
            "name": "the-app",
            "github": {"repo": "owner/code", "branch": "release", "deployOnPush": True},
            "environmentSlug": "node-js",
            "buildCommand": "make all",
            "outputDir": "out",
            "indexDocument": "index.html",
            "catchallDocument": "index.html",
            "envs": [
                {"key": "A", "value": "1", "scope": "BUILD_TIME"},
                {"key": "B", "value": "2", "scope": "BUILD_TIME"},
            ],
        }
    ]


def test_the_first_domain_is_the_primary_one_and_the_app_writes_them_into_the_zone() -> None:
    assert site()["domainNames"] == [
        {"name": "example.test", "type": "PRIMARY", "zone": "example.test"},
        {"name": "www.example.test", "type": "ALIAS", "zone": "example.test"},
    ]


def test_a_site_is_nothing_but_an_app_with_a_name_a_region_and_alerts() -> None:
    spec = site()
    assert (spec["name"], spec["region"], spec["alerts"]) == ("the-app", "lon", ALERTS)
    assert spec.keys() == {"name", "region", "alerts", "domainNames", "staticSites"}


def test_a_service_runs_as_it_is_told_and_deploys_on_request_only() -> None:
    spec = service()
    (part,) = spec["services"]
    assert part["github"] == {"repo": "owner/code", "branch": "release", "deployOnPush": False}
    assert {key: part[key] for key in part if key not in ("github", "healthCheck", "alerts")} == {
        "name": "the-app",
        "environmentSlug": "node-js",
        "buildCommand": "make all",
        "runCommand": "node it.js",
        "httpPort": 3456,
        "instanceSizeSlug": "apps-s-1vcpu-1gb",
        "instanceCount": 2,
        "envs": [
            {"key": "A", "value": "1", "scope": "RUN_TIME"},
            {"key": "B", "value": "2", "scope": "RUN_TIME"},
        ],
    }
    assert part["healthCheck"]["httpPath"] == "/alive"
    assert spec["vpcs"] == [{"id": "the-network"}]
    assert spec["alerts"] == ALERTS


def test_secrets_stand_at_the_level_of_the_app_in_a_fixed_order() -> None:
    secrets = {"Z": pulumi.Output.secret("z"), "A": pulumi.Output.secret("a")}
    assert service(secrets=secrets)["envs"] == [
        {"key": "A", "value": "[secret]", "scope": "RUN_TIME", "type": "SECRET"},
        {"key": "Z", "value": "[secret]", "scope": "RUN_TIME", "type": "SECRET"},
    ]


def test_databases_are_attached_as_they_are_handed_in() -> None:
    attached = [do.AppSpecDatabaseArgs(name="store", engine="PG", cluster_name="c")]
    assert service(databases=attached)["databases"] == [
        {"name": "store", "engine": "PG", "clusterName": "c"}
    ]


def test_a_service_waits_for_what_must_be_ready_and_for_nothing_else() -> None:
    def program() -> None:
        first = do.Vpc("first", name="first", region="lon1")
        do.Vpc("other", name="other", region="lon1")
        ServiceApp("s", replace(SERVICE, ready=(first,)))

    made = declared(program)
    assert made["s-app"].dependencies == (made["first"].urn,)


@pytest.mark.parametrize(
    "program",
    [lambda: ServiceApp("s", SERVICE), lambda: StaticSite("s", SiteArgs(SOURCE, "out"))],
    ids=["service", "site"],
)
def test_an_app_has_more_than_the_hour_that_a_build_may_take(program: Any) -> None:
    (request,) = [r for r in recorded(program).requests.values() if r.name == "s-app"]
    assert request.customTimeouts.create == "65m"
