"""No setting of a recovery replaces or deletes an existing resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from conftest import changed
from recorded_stacks import graph

from ops.diff.plans import Edit, compare
from ops.impact.blast import blast_radius
from ops.impact.dependencies import contents
from ops.impact.edges import dependency_graph
from ops.plan.graph import Graph, record
from ops.review.model import review
from ops.review.violations import violations

RESTORED: dict[str, Any] = {
    "krotrust.database.restored": [{"name": "kro-prod-2", "at": "2026-01-31T02:00:00Z"}],
    "krogiving.postgresql.restored": [{"name": "giv-prod-2", "from": "giv-dr-postgresql"}],
    "krogiving.mongodb.restored": [{"name": "giv-prod-mongodb-2"}],
}
RETIRED: dict[str, Any] = {
    **RESTORED,
    "krotrust.database.retired": ["kro-prod-db-cluster"],
    "krogiving.postgresql.retired": ["giv-prod-postgresql"],
    "krogiving.mongodb.retired": ["giv-prod-mongodb"],
}
STAND_IN = {"krotrust.standIn": "198.18.0.7", "krogiving.standIn": True}
ANSWERS = {"krotrust.answersFor": "krotrust.com", "krogiving.answersFor": "krogiving.com"}
OLD = {
    f"{database}-{part}"
    for database in ("krotrust-database", "krogiving-postgresql", "krogiving-mongodb")
    for part in ("cluster", "db", "user", "trusted-sources")
}
NEW = {
    f"{cluster}-{part}"
    for cluster in (
        "krotrust-database-kro-prod-2",
        "krogiving-postgresql-giv-prod-2",
        "krogiving-mongodb-giv-prod-mongodb-2",
    )
    for part in ("cluster", "db", "user", "trusted-sources")
}
DATABASES = {"krotrust-database", "krogiving-postgresql", "krogiving-mongodb"}
GROUPS = {"krotrust-grouping-members", "krogiving-grouping-members"}
NAMES = ("api", "app", "admin", "app2")
HOSTS = {f"krotrust-zone-a-{host}" for host in NAMES}
APPS = {f"krogiving-{app}-app" for app in ("backend", "frontend", "admin")}


def planned(stack: str, settings: Mapping[str, Any]) -> Graph:
    return record(changed(stack, settings))


def edits(stack: str, settings: Mapping[str, Any]) -> list[Edit]:
    return compare(graph(stack), planned(stack, settings))


def names(changes: list[Edit], op: str) -> set[str]:
    return {edit.resource.name for edit in changes if edit.op == op}


def test_restoring_beside_makes_moves_the_consumers_and_touches_nothing_else() -> None:
    changes = edits("prod", RESTORED)
    assert names(changes, "create") == NEW
    assert names(changes, "update") == {*DATABASES, *GROUPS, "krogiving-backend-app"}
    assert {edit.op for edit in changes} == {"create", "update"}
    assert not any(edit.unprotected for edit in changes)


def test_consumers_are_given_the_restored_one_and_the_old_stays_in_the_project() -> None:
    after = {resource.name: resource for resource in planned("prod", RESTORED).resources}
    service = after["krogiving-backend-app"].inputs["spec"]
    assert {each["name"]: each["clusterName"] for each in service["databases"]} == {
        "postgresql": "giv-prod-2",
        "mongodb": "giv-prod-mongodb-2",
        "valkey": "giv-prod-valkey",
    }
    variables = {each["key"]: each["value"] for each in service["services"][0]["envs"]}
    host = "<krogiving-postgresql-giv-prod-2-cluster.privateHost>"
    assert variables["GIV_POSTGRES_HOST"] == host
    members = after["krotrust-grouping-members"].inputs["resources"]
    for cluster in ("krotrust-database-cluster", "krotrust-database-kro-prod-2-cluster"):
        assert f"<{cluster}.clusterUrn>" in members
    outputs = planned("prod", RESTORED).outputs
    cluster = "krotrust-database-kro-prod-2-cluster"
    assert outputs["krotrustDatabaseHost"] == f"<{cluster}.privateHost>"
    assert outputs["krotrustDatabaseCa"] == f"<getDatabaseCa of {cluster}.id>"


def test_what_a_restored_cluster_holds_is_known_and_what_stood_on_the_old_stands_on_it() -> None:
    before, after = dependency_graph(graph("prod")), dependency_graph(planned("prod", RESTORED))
    for old, new in (
        ("krotrust-database-cluster", "krotrust-database-kro-prod-2-cluster"),
        ("krogiving-postgresql-cluster", "krogiving-postgresql-giv-prod-2-cluster"),
        ("krogiving-mongodb-cluster", "krogiving-mongodb-giv-prod-mongodb-2-cluster"),
    ):
        assert contents(new) == contents(old)
        assert "unknown" not in contents(new)
        lost, moved = blast_radius(before, {old}), blast_radius(after, {new})
        for kind in ("url", "service", "machine"):
            assert [hit.node.key for hit in moved.of(kind)] == [e.node.key for e in lost.of(kind)]
        assert moved.of("url")
        assert [hit.node.key for hit in blast_radius(after, {old}).hits] == [old]


@pytest.mark.parametrize("name", ["kro-prod-2", "krotrust-database-kro-prod-2-user"])
def test_a_reviewer_is_told_what_goes_with_a_restored_cluster(name: str) -> None:
    report = review(planned("prod", RESTORED), graph("prod"), "restored").as_json()
    (line,) = [line for line in report["loud"] if "kro-prod-2-cluster" in line]
    assert "MONEY: orders, kro_balance" in line
    assert name in str(report)


def test_retiring_deletes_the_old_alone_and_only_once_it_is_named_in_removals() -> None:
    before = planned("prod", RESTORED)
    changes = compare(before, planned("prod", RETIRED))
    assert names(changes, "delete") == OLD
    assert {edit.resource.name for edit in changes} == OLD | GROUPS
    assert all(edit.old and edit.old.protect for edit in changes if edit.op == "delete")
    named = planned("prod", {**RESTORED, "removals": sorted(OLD)})
    loosened = compare(before, named)
    assert {edit.resource.name for edit in loosened if edit.unprotected} == OLD
    assert {edit.op for edit in loosened} == {"same"}


def test_the_policy_lets_a_restored_cluster_be_made_and_no_old_one_be_lost() -> None:
    before, after = planned("prod", RESTORED), planned("prod", RETIRED)
    assert violations(before, edits("prod", RESTORED)) == []
    findings = violations(after, compare(before, after))
    assert {(each.rule.name, each.resource) for each in findings} == {
        ("nothing-lost", name) for name in OLD
    }
    assert {each.rule.severity for each in findings} == {"mandatory"}


def test_a_stand_in_moves_records_and_names_and_nothing_else() -> None:
    changes = edits("prod", STAND_IN)
    assert names(changes, "update") == {edit.resource.name for edit in changes}
    assert names(changes, "update") == {*HOSTS, *APPS, "krotrust-zone"}
    for edit in changes:
        changed_inputs = {change.path.partition(".")[0] for change in edit.changes}
        inside = {change.path.split(".")[1] for change in edit.changes if "." in change.path}
        if edit.kind == "App":
            assert (changed_inputs, inside) == ({"spec"}, {"domainNames"})
        else:
            assert changed_inputs == ({"standIn"} if edit.kind == "Zone" else {"value"})


def test_while_another_estate_answers_every_app_keeps_one_standby_name() -> None:
    apps = {r.name: r.inputs["spec"] for r in planned("prod", STAND_IN).resources if _is_app(r)}
    names_of_apps = {name: spec["domainNames"] for name, spec in apps.items()}
    assert names_of_apps == {
        f"krogiving-{app}-app": [{"name": host, "type": "PRIMARY", "zone": "krogiving.com"}]
        for app, host in (
            ("backend", "standby-api.krogiving.com"),
            ("frontend", "standby.krogiving.com"),
            ("admin", "standby-admin.krogiving.com"),
        )
    }


def test_the_stand_in_answers_every_name_that_the_other_lets_go() -> None:
    let_go = {
        domain["name"]
        for resource in graph("prod").resources
        if _is_app(resource)
        for domain in resource.inputs["spec"]["domainNames"]
    }
    answered: dict[str, list[dict[str, str]]] = {}
    for resource in planned("dr", ANSWERS).resources:
        if _is_app(resource):
            for domain in resource.inputs["spec"]["domainNames"]:
                answered.setdefault(domain["zone"], []).append(domain)
    # App Platform writes the records, the apex's too, into the zone that each name says.
    assert {domain["name"] for domain in answered["krogiving.com"]} == let_go
    assert {domain["type"] for domain in answered["krogiving.com"]} == {"ALIAS"}
    own = {domain["name"] for domain in answered["dr.krogiving.com"]}
    assert {name.replace("dr.krogiving.com", "krogiving.com") for name in own} == let_go


def test_the_stand_in_s_pages_and_mails_lead_to_the_public_names() -> None:
    after = {resource.name: resource for resource in planned("dr", ANSWERS).resources}

    def variables(app: str, part: str) -> dict[str, str]:
        (component,) = after[f"krogiving-{app}-app"].inputs["spec"][part]
        return {each["key"]: each["value"] for each in component["envs"]}

    assert variables("backend", "services")["FRONT_END_URL"] == "https://krogiving.com"
    api = "https://api.krogiving.com"
    assert variables("frontend", "staticSites")["REACT_APP_API_BASE_URL"] == api
    assert variables("admin", "staticSites")["VITE_API_BASE_URL"] == api
    (cors,) = [r for r in after.values() if r.type.endswith("CorsConfiguration")]
    (rule,) = cors.inputs["corsRules"]
    sites = {f"https://{host}krogiving.com" for host in ("", "www.", "admin.")}
    assert sites < set(rule["allowedOrigins"])


def test_answering_for_another_replaces_and_deletes_nothing() -> None:
    changes = edits("dr", ANSWERS)
    assert names(changes, "update") == {*APPS, "krogiving-media-cors"}
    (droplet,) = [edit for edit in changes if edit.op != "update"]
    # User data acts on the first boot, and is ignored on an existing droplet.
    assert (droplet.resource.name, droplet.op) == ("krotrust-droplet", "same")
    assert [change.path for change in droplet.ignored] == ["userData"]


def test_a_fresh_stand_in_is_certified_for_the_public_names_first() -> None:
    (droplet,) = [r for r in planned("dr", ANSWERS).resources if r.name == "krotrust-droplet"]
    variables = {
        line.strip().partition("=")[0]: line.strip().partition("=")[2]
        for line in droplet.inputs["userData"].splitlines()
        if line.strip().startswith("KRO_")
    }
    assert variables["KRO_CERTIFICATE_NAME"] == "krotrust.com"
    assert variables["KRO_HEALTH_URL"] == "https://api.krotrust.com/health"
    hosts = [f"{host}.{domain}" for domain in ("krotrust.com", "dr.krotrust.com") for host in NAMES]
    assert variables["KRO_HOSTS"] == f"({' '.join(hosts)})"


@pytest.mark.parametrize(("stack", "settings"), [("prod", STAND_IN), ("dr", ANSWERS)])
def test_the_policy_lets_another_estate_answer(stack: str, settings: dict[str, Any]) -> None:
    findings = violations(planned(stack, settings), edits(stack, settings))
    # Standby names, and names answered for another estate, have no uptime check here.
    assert {each.rule.name for each in findings} == {"watched-urls"}


def _is_app(resource: Any) -> bool:
    return bool(resource.type.endswith(":App"))


def test_what_is_typed_to_move_the_names_is_exported() -> None:
    outputs = graph("dr").outputs
    assert outputs["krotrustAddress"] == "<krotrust-address.ipAddress>"
    assert outputs["krogivingBackendId"] == "<krogiving-backend-app.id>"
    apps = ("backend", "frontend", "admin")
    hosts = {app: f"<krogiving-{app}-app.defaultIngress>" for app in apps}
    assert outputs["krogivingHosts"] == hosts
