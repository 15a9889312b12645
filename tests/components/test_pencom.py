"""Pencom: every machine, service and store as a described thing, and no cloud resource at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError
from recording import declared, exported

from components.facts.pencom import INVENTORY, SERVICES
from components.pencom import Pencom, PencomArgs, PencomSettings
from ops.plan.graph import Resource

SETTINGS = {
    "processManager": "pm2",
    "sshAllowList": ["198.18.0.1/32"],
    "hosts": {f"vps-{number}": f"10.9.0.{number}" for number in range(1, 5)},
    "foreign": {"oracle-ecrs": "10.8.0.1"},
    "storePorts": {"postgresql": 5433, "mongodb": 27018},
}


def args(**changes: Any) -> PencomArgs:
    settings = PencomSettings.model_validate_json(json.dumps({**SETTINGS, **changes}))
    return PencomArgs(INVENTORY, settings)


def made(**changes: Any) -> dict[str, Resource]:
    return declared(lambda: Pencom("p", args(**changes)))


def test_everything_is_described_and_nothing_is_in_the_cloud() -> None:
    plan = made()
    things = (INVENTORY.hosts, INVENTORY.services, INVENTORY.stores, INVENTORY.foreign)
    assert set(plan) == {"p", *(f"p-{name}" for kind in things for name in kind)}
    assert not any(resource.custom for resource in plan.values())
    assert {r.parent for r in plan.values()} - {""} == {
        plan["p"].urn,
        "urn:pulumi:test::estate::pulumi:pulumi:Stack::estate-test",
    }


def test_a_host_shows_its_address_its_exposure_what_it_carries_and_who_logs_in() -> None:
    assert made()["p-vps-1"].inputs == {
        "role": "ingress",
        "exposure": "internet",
        "address": "10.9.0.1",
        "carries": ["nginx", "api-gateway", "external-gateway"],
        "sshAllowList": ["198.18.0.1/32"],
    }


def test_an_internal_host_allows_no_login_from_outside() -> None:
    shown = {name for name, resource in made().items() if "sshAllowList" in resource.inputs}
    assert shown == {"p-vps-1"}


def test_a_store_shows_its_host_its_port_and_that_no_backup_is_documented() -> None:
    plan = made()
    assert plan["p-mongodb"].inputs == {
        "host": "vps-3",
        "engine": "MongoDB 6+",
        "port": 27018,
        "databases": ["pencom_notifications", "pencom_core_otp"],
        "backups": "nothing is documented: ask the infrastructure team",
        "startWave": 0,
    }
    assert [plan[f"p-{store}"].inputs["port"] for store in ("postgresql", "redis", "minio")] == [
        5433,
        6379,
        9000,
    ]


def test_a_foreign_system_shows_that_we_only_read_it() -> None:
    assert made()["p-oracle-ecrs"].inputs == {
        "owner": "PenCom",
        "engine": "Oracle ECRS",
        "address": "10.8.0.1",
        "port": 1521,
        "access": "read-only",
    }


PORTS = {
    "api-gateway": {"http": 3000, "tcp": 3001},
    "external-gateway": {"http": 3010},
    "core": {"http": 4000, "tcp": 4001},
    "payments": {"http": 5000, "tcp": 5001},
    "compliance": {"http": 6000, "tcp": 6001},
    "notifications": {"http": 7000, "tcp": 7001},
    "external-integrations": {"http": 8000},
    "audit": {"http": 9000},
}
CALLS = {
    "api-gateway": {
        "core",
        "compliance",
        "payments",
        "notifications",
        "external-integrations",
        "audit",
    },
    "external-gateway": {"external-integrations", "compliance"},
    "core": {"compliance", "audit", "notifications"},
    "compliance": {"core", "payments", "notifications", "audit"},
    "payments": {"core", "audit"},
}
STORES = {
    "core": {"postgresql/pencom_core_db2", "mongodb/pencom_core_otp", "redis"},
    "payments": {"postgresql/pencom_payments"},
    "compliance": {"postgresql/pencom_compliance", "redis", "minio"},
    "notifications": {"mongodb/pencom_notifications"},
    "external-integrations": {"postgresql/pencom_external_integrations"},
    "audit": {"postgresql/pencom_audit"},
    "api-gateway": {"minio"},
    "external-gateway": {"postgresql/pencom_compliance", "minio"},
}


@pytest.mark.parametrize("name", sorted(PORTS))
def test_a_service_is_described_as_the_handover_has_it(name: str) -> None:
    shown = made()[f"p-{name}"].inputs
    gateway = name in ("api-gateway", "external-gateway")
    assert shown["host"] == ("vps-1" if gateway else "vps-2")
    assert shown["ports"] == PORTS[name]
    assert set(shown["calls"]) == CALLS.get(name, set())
    assert set(shown["stores"]) == STORES[name]
    assert shown["reads"] == (["oracle-ecrs"] if name in ("core", "compliance") else [])
    assert shown["healthPath"] == "/health"
    assert shown["gateway"] == gateway
    source = "" if name == "api-gateway" else "src/"
    assert shown["entryPoint"] == f"dist/apps/{name}/{source}main.js"


@pytest.mark.parametrize("manager", ["pm2", "docker"])
def test_what_runs_the_processes_is_a_setting(manager: str) -> None:
    plan = made(processManager=manager)
    assert {plan[f"p-{name}"].inputs["processManager"] for name in SERVICES} == {manager}


@pytest.mark.parametrize(
    "change",
    [{"processManager": "systemd"}, {"hosts": {"vps-1": "10.9.0.300"}}, {"storePorts": {"x": 0}}],
    ids=str,
)
def test_a_setting_that_cannot_be_right_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        args(**change)


def test_a_service_s_wave_is_its_place_in_the_start_order() -> None:
    order = exported(lambda: {"order": Pencom("p", args()).start_order})["order"]
    assert order[0] == ["minio", "mongodb", "postgresql", "redis"]
    plan = made()
    for number, wave in enumerate(order):
        assert {plan[f"p-{name}"].inputs["startWave"] for name in wave} == {number}


def test_no_two_things_of_one_name_hide_each_other() -> None:
    kinds = (INVENTORY.hosts, INVENTORY.services, INVENTORY.stores, INVENTORY.foreign)
    names = [name for kind in kinds for name in kind]
    assert len(names) == len(set(names))
