"""KROGiving: the apps with exactly the variables that they need, their data, their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError
from recording import declared, exported, krogiving

from components.facts.krogiving import BACKEND_SECRETS
from components.krogiving import KroGiving, KroGivingArgs
from components.label import Label
from components.sealed import Seal
from ops.plan.graph import Resource

VPC = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"
CLUSTERS = {"postgresql": "giv-test-pg", "mongodb": "giv-test-mongo", "valkey": "giv-test-valkey"}
PUBLIC = {
    "PAYSTACK_PUBLIC_KEY": "pk_1",
    "REACT_APP_PAYSTACK_PUBLIC_KEY": "pk_1",
    "REACT_APP_SPLIT_API_KEY": "split_1",
    "REACT_APP_HIGHLIGHT_PROJECT_ID": "highlight_1",
    "REACT_APP_CLOUDINARY_CLOUD_NAME": "cloud_1",
    "REACT_APP_CLOUDINARY_UPLOAD_PRESET": "preset_1",
}


def args(seals: Mapping[str, Seal] | None = None, **changes: Any) -> KroGivingArgs:
    return KroGivingArgs(
        label=Label("krogiving", "giv", "test", "staging"),
        settings=krogiving(**changes),
        public=PUBLIC,
        secrets={name: pulumi.Output.secret(f"plain {name}") for name in BACKEND_SECRETS},
        seals=seals or {},
        seal_key=pulumi.Output.secret("key"),
        alert_emails=("ops@giving.test",),
    )


def made(**changes: Any) -> dict[str, Resource]:
    return declared(lambda: KroGiving("kg", args(**changes)))


def spec(app: str, **changes: Any) -> dict[str, Any]:
    value = made(**changes)[f"kg-{app}-app"].inputs["spec"]
    assert isinstance(value, dict)
    return value


def variables(component: Mapping[str, Any]) -> dict[str, Any]:
    return {env["key"]: env["value"] for env in component["envs"]}


def test_the_backend_is_given_every_plain_variable_of_the_handover() -> None:
    (service,) = spec("backend")["services"]
    assert variables(service) == {
        "ENVIRONMENT": "testing",
        "EXPIRES_IN": "2d",
        "TTL": "301",
        "FRONT_END_URL": "https://giving.test",
        "GIV_POSTGRES_HOST": "<kg-postgresql-cluster.privateHost>",
        "GIV_POSTGRES_PORT": "${postgresql.PORT}",
        "GIV_POSTGRES_USER": "${postgresql.USERNAME}",
        "GIV_POSTGRES_PASSWORD": "${postgresql.PASSWORD}",
        "GIV_POSTGRES_DATABASE": "${postgresql.DATABASE}",
        "GIV_POSTGRES_CA": "${postgresql.CA_CERT}",
        "MONGO_URI": "${mongodb.DATABASE_PRIVATE_URL}",
        "REDIS_HOST": "<kg-valkey-cluster.privateHost>",
        "REDIS_PORT": "${valkey.PORT}",
        "PAYSTACK_PUBLIC_KEY": "pk_1",
        "SENDER_EMAIL": "no-reply@giving.test",
        "SENDER_NAME": "Giving",
        "SPACES_REGION": "fra1",
        "SPACES_BUCKET_NAME": "giv-test-media",
        "SPACES_ENDPOINT": "https://<kg-media-files-bucket.endpoint>",
        "SPACES_BUCKET_URL": "https://<kg-media-cdn.endpoint>",
    }


def test_the_backend_is_given_every_secret_of_the_handover_as_a_secret() -> None:
    secrets = spec("backend")["envs"]
    assert {env["key"] for env in secrets} == {
        "JWT_SECRET_KEY",
        "PAYSTACK_SECRET_KEY",
        "SPACES_ACCESS_KEY_ID",
        "SPACES_SECRET_ACCESS_KEY",
        "SENDGRID_API_KEY",
        "TERMII_API_KEY",
        "TELNYX_AUTH_TOKEN",
    }
    assert {(env["value"], env["type"]) for env in secrets} == {("[secret]", "SECRET")}


def test_the_frontend_is_built_with_every_variable_of_the_handover() -> None:
    (site,) = spec("frontend")["staticSites"]
    assert variables(site) == {
        "REACT_APP_API_BASE_URL": "https://api.giving.test",
        "REACT_APP_PAYSTACK_PUBLIC_KEY": "pk_1",
        "REACT_APP_SPLIT_API_KEY": "split_1",
        "REACT_APP_HIGHLIGHT_PROJECT_ID": "highlight_1",
        "REACT_APP_CLOUDINARY_CLOUD_NAME": "cloud_1",
        "REACT_APP_CLOUDINARY_UPLOAD_PRESET": "preset_1",
    }
    assert (site["buildCommand"], site["outputDir"]) == ("npx react-scripts build", "build")


def test_the_admin_panel_is_built_with_the_address_of_the_api_alone() -> None:
    (site,) = spec("admin")["staticSites"]
    assert variables(site) == {"VITE_API_BASE_URL": "https://api.giving.test"}
    assert (site["buildCommand"], site["outputDir"]) == ("npx tsc -b && npx vite build", "dist")


def test_the_backend_builds_and_runs_as_the_handover_says() -> None:
    (service,) = spec("backend")["services"]
    assert service["buildCommand"] == "yarn build"
    assert service["runCommand"] == "node dist/main.js"
    assert service["healthCheck"]["httpPath"] == "/health"


@pytest.mark.parametrize(
    ("app", "domains"),
    [
        ("backend", ["api.giving.test"]),
        ("frontend", ["giving.test", "www.giving.test"]),
        ("admin", ["panel.giving.test"]),
    ],
)
def test_each_app_answers_to_its_own_names(app: str, domains: list[str]) -> None:
    assert [domain["name"] for domain in spec(app)["domainNames"]] == domains


@pytest.mark.parametrize(
    ("region", "spoken"), [("lon1", "lon"), ("ams3", "ams"), ("sfo3", "sfo"), ("blr1", "blr")]
)
def test_a_region_is_said_in_the_words_of_app_platform(region: str, spoken: str) -> None:
    assert {spec(app, region=region)["region"] for app in ("backend", "admin")} == {spoken}


def test_sites_that_the_stack_file_lacks_are_not_made_watched_or_let_in() -> None:
    plan = made(frontend=None, admin=None)
    assert [name for name, r in plan.items() if r.type.endswith(":App")] == ["kg-backend-app"]
    checks = [r.inputs["target"] for r in plan.values() if r.type.endswith(":UptimeCheck")]
    assert checks == ["https://api.giving.test/health"]


def test_every_public_name_is_watched_where_it_answers() -> None:
    urls = {
        "api": "https://api.giving.test/health",
        "site": "https://giving.test",
        "www": "https://www.giving.test",
        "admin": "https://panel.giving.test",
    }
    checks = {r.inputs["target"] for r in made().values() if r.type.endswith(":UptimeCheck")}
    assert checks == set(urls.values())
    assert exported(lambda: {"urls": KroGiving("kg", args()).urls}) == {"urls": urls}


def test_the_databases_trust_the_network_that_the_backend_joins() -> None:
    plan = made()
    for store, name in CLUSTERS.items():
        assert plan[f"kg-{store}-cluster"].inputs["name"] == name
        rules = plan[f"kg-{store}-trusted-sources"].inputs["rules"]
        assert rules == [{"type": "ip_addr", "value": "10.2.0.0/20"}]
        assert plan[f"kg-{store}-trusted-sources"].urn in plan["kg-backend-app"].dependencies
    assert plan["kg-backend-app"].inputs["spec"]["vpcs"] == [{"id": "<kg-vpc.id>"}]


def test_a_network_that_is_there_already_is_joined_and_its_range_trusted() -> None:
    plan = made(vpc={"name": None, "id": VPC, "ipRange": "10.77.0.0/20"})
    assert [name for name, r in plan.items() if r.type.endswith(":Vpc")] == []
    assert plan["kg-backend-app"].inputs["spec"]["vpcs"] == [{"id": VPC}]
    for store in CLUSTERS:
        assert plan[f"kg-{store}-cluster"].inputs["privateNetworkUuid"] == VPC
        rules = plan[f"kg-{store}-trusted-sources"].inputs["rules"]
        assert rules == [{"type": "ip_addr", "value": "10.77.0.0/20"}]


@pytest.mark.parametrize("store", ["postgresql", "mongodb"])
def test_a_restore_reaches_the_new_cluster_it_is_for_and_no_other(store: str) -> None:
    plan = made(**{store: {"restore": {"cluster": "giv-prod"}}})
    restored = {
        name: r.inputs["backupRestore"] for name, r in plan.items() if "backupRestore" in r.inputs
    }
    assert restored == {f"kg-{store}-cluster": {"databaseName": "giv-prod"}}


def test_browsers_may_send_media_from_the_sites_and_not_from_the_api() -> None:
    (rules,) = made()["kg-media-cors"].inputs["corsRules"]
    assert rules["allowedOrigins"] == [
        "https://giving.test",
        "https://www.giving.test",
        "https://panel.giving.test",
    ]


def test_the_sites_start_without_waiting_for_a_database_or_for_the_backend() -> None:
    plan = made()
    for app in ("kg-frontend-app", "kg-admin-app"):
        assert plan[app].dependencies == (plan["kg-zone-domain"].urn,)


def test_records_of_the_stack_file_join_those_of_the_zone() -> None:
    mail = {"type": "MX", "value": "mail.test.", "priority": 10}
    assert set(made(records=[mail])) - set(made()) == {"kg-zone-mx-apex"}


@pytest.mark.parametrize(
    "record",
    [
        {"type": "CNAME", "name": "api", "value": "elsewhere.test."},
        {"type": "A", "name": "@", "value": "192.0.2.1"},
        {"type": "A", "name": "panel", "value": "192.0.2.1"},
    ],
    ids=["api", "site", "admin"],
)
def test_a_record_for_a_name_that_app_platform_writes_is_refused(record: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        krogiving(records=[record])


def test_an_app_answers_other_names_in_the_zone_too() -> None:
    code = krogiving().frontend
    assert code
    more = {**code.model_dump(by_alias=True), "aliases": ["donate.giving.test"]}
    names = spec("frontend", frontend=more)["domainNames"]
    assert [each["name"] for each in names][-1] == "donate.giving.test"
    assert names[-1]["type"] == "ALIAS"
    taken = {"type": "CNAME", "name": "donate", "value": "x.test."}
    with pytest.raises(ValidationError, match="App Platform writes the CNAME record of donate"):
        krogiving(frontend=more, records=[taken])
    with pytest.raises(
        ValidationError, match=r"frontend\.aliases\.0\n.*one that ends with \.giving\.test"
    ):
        krogiving(frontend={**more, "aliases": ["elsewhere.test"]})


def test_an_admin_panel_outside_the_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="elsewhere"):
        krogiving(admin={"host": "panel.elsewhere.test"})


def test_what_is_to_be_sealed_leaves_with_its_fingerprints() -> None:
    def program() -> dict[str, Any]:
        giving = KroGiving("kg", args())
        return {"seals": pulumi.Output.unsecret(giving.seals), "marks": giving.fingerprints}

    shown = exported(program)
    assert (
        set(shown["seals"])
        == set(shown["marks"])
        == {
            *BACKEND_SECRETS,
            "SPACES_ACCESS_KEY_ID",
            "SPACES_SECRET_ACCESS_KEY",
        }
    )
    assert {name: seal["fingerprint"] for name, seal in shown["seals"].items()} == shown["marks"]
    assert len(set(shown["marks"].values())) == 7
