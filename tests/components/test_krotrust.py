"""KROTrust: the droplet as it runs, its address, its firewall, its database, its names."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from recording import declared, exported, krotrust

from components.krotrust import KroTrust, KroTrustArgs
from components.label import Label
from ops.plan.graph import Resource

VPC = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA them"
HOSTS = ("api", "app", "admin", "app2")


def args(**changes: Any) -> KroTrustArgs:
    return KroTrustArgs(
        label=Label("krotrust", "kro", "test", "staging"),
        settings=krotrust(**changes),
        ssh_public_key=PUBLIC_KEY,
        alert_emails=("ops@trust.test",),
    )


def made(**changes: Any) -> dict[str, Resource]:
    return declared(lambda: KroTrust("kt", args(**changes)))


def test_the_droplet_that_runs_today_can_be_described_exactly() -> None:
    live_droplet = {
        "name": "ubuntu-s-4vcpu-8gb-fra1-01",
        "image": "129211873",
        "size": "s-4vcpu-8gb",
        "tags": ["production", "Docker:1"],
        "monitoring": False,
        "ipv6": True,
        "backups": {"plan": "weekly", "weekday": "sunday", "hour": 20},
    }
    vpc = {"name": None, "id": VPC, "ipRange": "10.135.0.0/16"}
    plan = made(region="fra1", vpc=vpc, droplet=live_droplet)
    shown = dict(plan["kt-droplet"].inputs)
    assert shown.pop("userData").startswith("#cloud-config")
    assert shown == {
        "name": "ubuntu-s-4vcpu-8gb-fra1-01",
        "region": "fra1",
        "image": "129211873",
        "size": "s-4vcpu-8gb",
        "vpcUuid": VPC,
        "sshKeys": ["<kt-droplet-key.fingerprint>"],
        "tags": ["production", "Docker:1"],
        "monitoring": False,
        "ipv6": True,
        "gracefulShutdown": True,
        "backups": True,
        "backupPolicy": {"plan": "weekly", "weekday": "SUN", "hour": 20},
    }
    assert plan["kt-droplet"].ignore_changes == ("userData", "sshKeys", "image")


def test_a_network_that_is_there_already_is_used_and_none_is_made() -> None:
    plan = made(vpc={"name": None, "id": VPC, "ipRange": "10.135.0.0/16"})
    assert [name for name, r in plan.items() if r.type.endswith(":Vpc")] == []
    assert plan["kt-droplet"].inputs["vpcUuid"] == VPC
    assert plan["kt-database-cluster"].inputs["privateNetworkUuid"] == VPC


def test_a_network_of_its_own_is_made_where_the_stack_file_names_one() -> None:
    plan = made()
    assert plan["kt-vpc"].inputs == {
        "name": "kro-test",
        "region": "lon1",
        "ipRange": "10.1.0.0/20",
    }
    assert plan["kt-droplet"].inputs["vpcUuid"] == "<kt-vpc.id>"


@pytest.mark.parametrize(
    ("backups", "declared_as"),
    [
        (None, {"backups": False}),
        (
            {"plan": "daily", "hour": 4},
            {"backups": True, "backupPolicy": {"plan": "daily", "hour": 4}},
        ),
        (
            {"plan": "weekly", "hour": 0, "weekday": "wednesday"},
            {"backups": True, "backupPolicy": {"plan": "weekly", "hour": 0, "weekday": "WED"}},
        ),
    ],
)
def test_backups_are_declared_as_the_stack_file_says(
    backups: dict[str, Any] | None, declared_as: dict[str, Any]
) -> None:
    droplet = made(droplet={"backups": backups})["kt-droplet"].inputs
    assert {key: droplet[key] for key in droplet if key.startswith("backup")} == declared_as


@pytest.mark.parametrize(
    "backups",
    [{"plan": "weekly", "hour": 4}, {"plan": "daily", "hour": 4, "weekday": "sunday"}],
    ids=["weekly without a day", "daily with a day"],
)
def test_a_weekday_belongs_to_a_weekly_plan_and_to_no_other(backups: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        krotrust(droplet={"backups": backups})


@pytest.mark.parametrize(
    ("reserved", "address"),
    [(False, "<kt-droplet.ipv4Address>"), (True, "<kt-address.ipAddress>")],
)
def test_every_public_name_points_at_the_address_that_the_stack_file_chooses(
    reserved: bool, address: str
) -> None:
    plan = made(reservedIp=reserved)
    records = {
        r.inputs["name"]: r.inputs["value"] for r in plan.values() if r.inputs.get("type") == "A"
    }
    assert records == dict.fromkeys(HOSTS, address)
    assert ("kt-address" in plan) == reserved
    shown = exported(lambda: {"address": KroTrust("kt", args(reservedIp=reserved)).address})
    assert shown == {"address": address}


def test_a_reserved_address_is_held_by_the_droplet_itself() -> None:
    address = made(reservedIp=True)["kt-address"]
    assert address.inputs == {"region": "lon1", "dropletId": "<kt-droplet.id>"}


def test_a_moved_address_waits_for_no_record_and_the_droplet_for_no_address() -> None:
    plan = made(reservedIp=True)
    assert plan["kt-address"].urn not in plan["kt-droplet"].dependencies
    assert plan["kt-droplet"].urn not in plan["kt-database-cluster"].dependencies


def test_the_web_is_open_and_the_shell_only_to_the_networks_of_the_stack_file() -> None:
    allowed = ["198.51.100.0/24", "2001:db8:1::/48"]
    firewall = made(ssh={"allowList": allowed})["kt-firewall"].inputs
    assert firewall["name"] == "kro-test-web"
    assert firewall["dropletIds"] == ["<kt-droplet.id>"]
    opened = {rule["portRange"]: rule["sourceAddresses"] for rule in firewall["inboundRules"]}
    everywhere = ["0.0.0.0/0", "::/0"]
    assert opened == {"80": everywhere, "443": everywhere, "22": allowed}
    assert {rule["protocol"] for rule in firewall["inboundRules"]} == {"tcp"}


def test_the_shell_takes_the_key_of_the_stack_file_under_a_name_of_its_own() -> None:
    plan = made()
    assert plan["kt-droplet-key"].inputs == {"name": "kro-test-ssh", "publicKey": PUBLIC_KEY}


def test_the_database_trusts_the_droplet_alone() -> None:
    rules = made()["kt-database-trusted-sources"].inputs["rules"]
    assert rules == [{"type": "droplet", "value": "<kt-droplet.id>"}]


def test_a_restore_reaches_the_new_cluster() -> None:
    at = "2026-01-31T02:00:00Z"
    plan = made(database={"restore": {"cluster": "kro-prod-db", "at": at}})
    assert plan["kt-database-cluster"].inputs["backupRestore"] == {
        "databaseName": "kro-prod-db",
        "backupCreatedAt": at,
    }


def test_records_of_the_stack_file_join_those_of_the_product() -> None:
    mail = {"type": "MX", "value": "mail.test.", "priority": 10}
    plan = made(records=[mail])
    assert plan["kt-zone-mx-apex"].inputs == {
        "domain": "trust.test",
        "name": "@",
        "ttl": 1800,
        **mail,
    }
    assert set(plan) - set(made()) == {"kt-zone-mx-apex"}


def test_every_public_name_is_watched_where_it_answers() -> None:
    urls = {f"https://{host}.trust.test{'/health' if host == 'api' else '/'}" for host in HOSTS}
    checks = {r.inputs["target"] for r in made().values() if r.type.endswith(":UptimeCheck")}
    assert checks == urls
    assert set(exported(lambda: {"urls": KroTrust("kt", args()).urls})["urls"].values()) == urls


def test_an_alert_is_sent_before_the_droplet_runs_out_of_anything() -> None:
    alerts = [r.inputs for r in made().values() if r.type.endswith(":MonitorAlert")]
    assert {(a["type"].rpartition("/")[2], a["value"]) for a in alerts} == {
        ("cpu", 90),
        ("memory_utilization_percent", 90),
        ("disk_utilization_percent", 80),
    }
    for alert in alerts:
        assert alert["alerts"] == {"emails": ["ops@trust.test"]}
        assert alert["entities"] == ["<kt-droplet.id>"]
        assert (alert["compare"], alert["enabled"]) == ("GreaterThan", True)


def test_the_first_boot_knows_the_names_and_the_folder_of_its_environment() -> None:
    files = yaml.safe_load(made()["kt-droplet"].inputs["userData"])["write_files"]
    (settings,) = [f["content"] for f in files if f["path"] == "/etc/kro/kro.env"]
    for known in ("api.trust.test", "app2.trust.test", "ops@trust.test", "kro-devops/stage"):
        assert known in settings
    assert "--stack test krotrustDatabaseCa" in settings


def test_the_database_s_certificate_comes_from_the_cluster_and_is_public() -> None:
    shown = exported(lambda: {"ca": KroTrust("kt", args()).database_ca})
    assert shown == {"ca": "<getDatabaseCa of kt-database-cluster.id>"}
