"""The apps fall into none of the provider's traps."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from recorded_stacks import every, graph, inputs, parts, raw, referred, specs

from components.facts.krogiving import BACKEND_SECRETS, BUCKET_SECRETS

BINDABLE = re.compile(r"\$\{([\w-]+)\.(\w+)\}")
# What App Platform fills in from an attached database; HOSTNAME and DATABASE_URL are public.
PRIVATE_BINDABLES = {
    "PORT",
    "USERNAME",
    "PASSWORD",
    "DATABASE",
    "CA_CERT",
    "DATABASE_PRIVATE_URL",
}
BACKEND = "krogiving-backend-app"
PUBLIC = {  # the handover names these, but for what is secret
    "MONGO_URI",
    "GIV_POSTGRES_HOST",
    "GIV_POSTGRES_PORT",
    "GIV_POSTGRES_USER",
    "GIV_POSTGRES_PASSWORD",
    "GIV_POSTGRES_DATABASE",
    "GIV_POSTGRES_CA",
    "EXPIRES_IN",
    "REDIS_HOST",
    "REDIS_PORT",
    "TTL",
    "PAYSTACK_PUBLIC_KEY",
    "SPACES_REGION",
    "SPACES_BUCKET_NAME",
    "SPACES_ENDPOINT",
    "SPACES_BUCKET_URL",
    "SENDER_EMAIL",
    "SENDER_NAME",
    "ENVIRONMENT",
    "FRONT_END_URL",
}


def backends() -> dict[str, dict[str, Any]]:
    found = {where: spec for where, spec in specs().items() if where.endswith(f"/{BACKEND}")}
    assert len(found) == 3
    return found


def variables(component: dict[str, Any]) -> dict[str, Any]:
    return {env["key"]: env["value"] for env in component.get("envs", [])}


def test_an_app_names_no_project_since_another_one_would_replace_it() -> None:
    assert [where for where, app in inputs("App").items() if "projectId" in app] == []


def test_an_app_and_its_component_have_a_name_of_at_most_32_characters() -> None:
    for where, spec in specs().items():
        for name in (spec["name"], *(part["name"] for part in parts(spec))):
            assert re.fullmatch(r"[a-z][a-z0-9-]{0,30}[a-z0-9]", name), where


def test_an_app_region_is_spelt_as_app_platform_spells_it() -> None:
    assert {spec["region"] for spec in specs().values()} == {"fra", "ams"}


def test_an_app_lists_its_domains_in_the_form_that_is_not_deprecated() -> None:
    for where, spec in specs().items():
        assert "domains" not in spec, where
        kinds = [domain["type"] for domain in spec["domainNames"]]
        assert kinds == ["PRIMARY", *["ALIAS"] * (len(kinds) - 1)], where


def test_an_app_waits_for_the_zone_that_it_writes_its_records_into() -> None:
    for where, app in every("App").items():
        stack = where.partition("/")[0]
        (zone,) = [r for r in graph(stack).resources if r.name == "krogiving-zone-domain"]
        assert zone.urn in app.dependencies, where
        for domain in app.inputs["spec"]["domainNames"]:
            assert domain["zone"] == zone.inputs["name"], where
            host = domain["name"].removesuffix(zone.inputs["name"])
            assert host == "" or host.endswith("."), (where, domain)


def test_no_variable_is_declared_as_general_and_every_secret_stands_at_the_level_of_the_app() -> (
    None
):
    for where, spec in specs().items():
        for part in parts(spec):
            assert [env for env in part["envs"] if "type" in env] == [], where
        assert {env["type"] for env in spec.get("envs", [])} <= {"SECRET"}, where


def test_no_secret_hides_a_whole_component_from_its_reviewers() -> None:
    for where, spec in specs().items():
        shown = str({key: value for key, value in spec.items() if key != "envs"})
        assert "[secret]" not in shown, where
        assert all(env["value"] == "[secret]" for env in spec.get("envs", [])), where


def test_alerts_have_no_destinations_since_those_are_never_read_back() -> None:
    rules = {"DEPLOYMENT_FAILED", "DEPLOYMENT_LIVE", "DOMAIN_FAILED", "DOMAIN_LIVE"}
    for where, spec in specs().items():
        assert spec["alerts"], where
        for alert in spec["alerts"]:
            assert set(alert) == {"rule"}, where
            assert alert["rule"] in rules, where


def test_component_alerts_watch_what_a_component_has() -> None:
    for where, spec in backends().items():
        (service,) = spec["services"]
        rules = {alert["rule"] for alert in service["alerts"]}
        assert rules == {"CPU_UTILIZATION", "MEM_UTILIZATION", "RESTART_COUNT"}, where
        assert not any("destinations" in alert for alert in service["alerts"]), where


def test_the_backend_deploys_on_request_and_the_sites_on_push() -> None:
    pushed = {
        (where.partition("/")[2], part["github"]["deployOnPush"])
        for where, spec in specs().items()
        for part in parts(spec)
    }
    assert pushed == {
        (BACKEND, False),
        ("krogiving-frontend-app", True),
        ("krogiving-admin-app", True),
    }


def test_no_ingress_is_declared_since_taking_it_out_later_would_be_ignored() -> None:
    assert [where for where, spec in specs().items() if "ingress" in spec] == []


def test_an_app_has_the_hour_that_a_build_may_take() -> None:
    for where, app in every("App").items():
        # Updates wait on the create timeout: an update timeout would not help.
        minutes = int(raw(app, where).customTimeouts.create.removesuffix("m"))
        assert timedelta(minutes=minutes) > timedelta(hours=1), where


def test_an_app_waits_for_the_trusted_sources_of_each_database_it_attaches() -> None:
    for where, app in every("App").items():
        resources = {r.name: r for r in graph(where.partition("/")[0]).resources}
        for attached in app.inputs["spec"].get("databases", []):
            part = f"krogiving-{attached['name']}"
            assert resources[f"{part}-trusted-sources"].urn in app.dependencies, where
            assert resources[f"{part}-cluster"].urn in app.dependencies, where
            cluster = resources[f"{part}-cluster"].inputs
            assert attached["clusterName"] == cluster["name"], where
            assert attached["engine"] == cluster["engine"].upper(), where
            assert attached["version"] == cluster["version"], where
            assert attached["production"] is True, where
            if f"{part}-db" in resources:
                assert attached["dbName"] == resources[f"{part}-db"].inputs["name"], where
                assert attached["dbUser"] == resources[f"{part}-user"].inputs["name"], where


def test_the_backend_attaches_every_cluster_of_its_system_and_joins_their_network() -> None:
    for where, spec in backends().items():
        stack = where.partition("/")[0]
        clusters = {
            given["name"]: given["privateNetworkUuid"]
            for place, given in inputs("DatabaseCluster").items()
            if place.startswith(f"{stack}/krogiving-")
        }
        assert {attached["clusterName"] for attached in spec["databases"]} == set(clusters), where
        assert {vpc["id"] for vpc in spec["vpcs"]} == set(clusters.values()), where


def test_databases_are_reached_by_their_private_hosts_alone() -> None:
    for where, spec in backends().items():
        attached = {database["name"] for database in spec["databases"]}
        bound = set()
        for key, value in variables(spec["services"][0]).items():
            for name, variable in BINDABLE.findall(value):
                bound.add(name)
                assert name in attached, (where, key)
                assert variable in PRIVATE_BINDABLES, (where, key)
            for name in referred(value):
                if name.endswith("-cluster"):
                    bound.add(name.removeprefix("krogiving-").removesuffix("-cluster"))
                    assert value == f"<{name}.privateHost>", (where, key)
        assert bound == attached, where


def test_the_backend_is_given_every_variable_of_the_handover_and_no_other() -> None:
    for where, spec in backends().items():
        (service,) = spec["services"]
        assert set(variables(service)) == PUBLIC, where
        assert set(variables(spec)) == {*BACKEND_SECRETS, *BUCKET_SECRETS}, where
        scopes = {env["scope"] for env in (*service["envs"], *spec["envs"])}
        assert scopes == {"RUN_TIME"}, where


def test_a_site_is_built_with_every_variable_of_the_handover_and_no_other() -> None:
    expected = {
        "krogiving-frontend-app": {
            "REACT_APP_API_BASE_URL",
            "REACT_APP_PAYSTACK_PUBLIC_KEY",
            "REACT_APP_SPLIT_API_KEY",
            "REACT_APP_HIGHLIGHT_PROJECT_ID",
            "REACT_APP_CLOUDINARY_CLOUD_NAME",
            "REACT_APP_CLOUDINARY_UPLOAD_PRESET",
        },
        "krogiving-admin-app": {"VITE_API_BASE_URL"},
    }
    for where, spec in specs().items():
        for site in spec.get("staticSites", []):
            assert set(variables(site)) == expected[where.partition("/")[2]], where
            assert {env["scope"] for env in site["envs"]} == {"BUILD_TIME"}, where


def test_no_variable_stands_twice_in_an_app() -> None:
    for where, spec in specs().items():
        for part in parts(spec):
            keys = [env["key"] for env in (*spec.get("envs", []), *part["envs"])]
            assert len(keys) == len(set(keys)), where


def test_one_backend_instance_migrates_and_has_minutes_before_its_health_counts() -> None:
    for where, spec in backends().items():
        (service,) = spec["services"]
        health = service["healthCheck"]
        assert service["instanceCount"] == 1, where
        assert health["httpPath"] == "/health", where
        patience = health["initialDelaySeconds"] + (
            health["periodSeconds"] * health["failureThreshold"]
        )
        assert patience >= 300, where
