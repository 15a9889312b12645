"""A droplet with all that belongs to it, and several of them in one product."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from recording import declared, exported, recorded

from components.droplet import ANYWHERE, Droplet, DropletArgs, DropletSettings, Inbound, NewKey
from ops.plan.graph import Resource
from ops.review.violations import planned_resources
from policy.rules import violations

CHILDREN = {
    "droplet": "Droplet",
    "droplet-key": "SshKey",
    "firewall": "Firewall",
    "alert-cpu": "MonitorAlert",
    "alert-memory": "MonitorAlert",
    "alert-disk": "MonitorAlert",
}
OFFICE = ["198.51.100.0/24"]


def settings(name: str) -> DropletSettings:
    return DropletSettings(
        name=name,
        image="ubuntu-24-04-x64",
        size="s-1vcpu-2gb",
        tags=("shop", "test"),
        monitoring=True,
        ipv6=False,
        backups=None,
    )


def args(name: str, **changes: Any) -> DropletArgs:
    usual = DropletArgs(
        settings=settings(name),
        region="lon1",
        vpc_id="5a4981aa-9653-4bd1-bef5-d6bff52042e4",
        ssh_key=NewKey(f"{name}-ssh", f"ssh-ed25519 AAAA{name} ops"),
        firewall_name=f"{name}-firewall",
        inbound=[Inbound("22", OFFICE)],
        user_data="#cloud-config\n",
        alert_emails=["ops@shop.test"],
    )
    return replace(usual, **changes)


class Shop(pulumi.ComponentResource):
    """A product with two droplets: what its users reach, and what works off its queue."""

    def __init__(self, web: DropletArgs, worker: dict[str, Any]) -> None:
        super().__init__("estate:product:Shop", "shop")
        child = pulumi.ResourceOptions(parent=self)
        self.web = Droplet("shop-web", web, child)
        self.worker = Droplet(
            "shop-worker", args("worker", **{"ssh_key": self.web.ssh_key, **worker}), child
        )
        self.register_outputs({})


def shop(**worker: Any) -> dict[str, Resource]:
    web = args("web", inbound=[Inbound("443", ANYWHERE), Inbound("22", OFFICE)])
    return declared(lambda: Shop(web, worker))


def of(plan: dict[str, Resource], kind: str) -> dict[str, dict[str, Any]]:
    return {name: r.inputs for name, r in plan.items() if r.type.endswith(f":{kind}") and r.custom}


def test_a_droplet_makes_all_that_belongs_to_it_under_its_own_name() -> None:
    plan = declared(lambda: Droplet("web", args("web")))
    parts = {name.removeprefix("web-"): r.kind for name, r in plan.items() if r.custom}
    assert parts == CHILDREN
    assert {r.parent for r in plan.values() if r.custom} == {plan["web"].urn}
    assert plan["web"].type == "estate:compute:Droplet"
    assert {r.former for r in plan.values()} == {frozenset()}


def test_its_outputs_are_its_address_and_the_fingerprint_of_its_key() -> None:
    def outputs() -> dict[str, Any]:
        droplet = Droplet("web", args("web", reserved_ip=True))
        return {"address": droplet.address, "sshKey": droplet.ssh_key}

    shown = exported(outputs)
    assert shown == {
        "address": "<web-address.ipAddress>",
        "sshKey": "<web-droplet-key.fingerprint>",
    }
    recorder = recorded(outputs)
    (urn,) = (urn for urn in recorder.outputs if urn.endswith("estate:compute:Droplet::web"))
    assert recorder.plain(recorder.outputs[urn]) == shown


def test_two_droplets_of_one_product_share_no_name_and_no_firewall() -> None:
    plan = shop()
    assert {name for name in plan if name.startswith("shop-worker-")} == {
        f"shop-worker-{part}" for part in CHILDREN if part != "droplet-key"
    }
    for kind in ("Droplet", "Firewall"):
        names = [inputs["name"] for inputs in of(plan, kind).values()]
        assert len(set(names)) == 2, kind
    web, worker = (of(plan, "Firewall")[f"shop-{each}-firewall"] for each in ("web", "worker"))
    assert web["dropletIds"] == ["<shop-web-droplet.id>"]
    assert worker["dropletIds"] == ["<shop-worker-droplet.id>"]
    assert [rule["portRange"] for rule in web["inboundRules"]] == ["443", "22"]
    assert [rule["portRange"] for rule in worker["inboundRules"]] == ["22"]


def test_a_second_droplet_may_share_the_key_of_the_first_which_the_account_takes_once() -> None:
    plan = shop()
    assert list(of(plan, "SshKey")) == ["shop-web-droplet-key"]
    droplets = of(plan, "Droplet")
    assert droplets["shop-worker-droplet"]["sshKeys"] == ["<shop-web-droplet-key.fingerprint>"]
    assert droplets["shop-web-droplet"]["sshKeys"] == ["<shop-web-droplet-key.fingerprint>"]


def test_a_second_droplet_may_have_a_key_of_its_own_or_one_that_is_in_the_account() -> None:
    own = shop(ssh_key=NewKey("worker-ssh", "ssh-ed25519 AAAAother ops"))
    keys = of(own, "SshKey")
    assert keys.keys() == {"shop-web-droplet-key", "shop-worker-droplet-key"}
    for field in ("name", "publicKey"):
        assert len({key[field] for key in keys.values()}) == 2, field
    assert of(own, "Droplet")["shop-worker-droplet"]["sshKeys"] == [
        "<shop-worker-droplet-key.fingerprint>"
    ]

    fingerprint = "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa"
    assert of(shop(ssh_key=fingerprint), "Droplet")["shop-worker-droplet"]["sshKeys"] == [
        fingerprint
    ]


def test_alerts_are_each_droplet_s_own_and_no_two_metrics_share_a_name() -> None:
    metrics = {"disk_read": 50, "disk_write": 60, "disk_utilization_percent": 70, "load_5": 4}
    alerts = of(shop(alerts=metrics), "MonitorAlert")
    worker = {
        name: (alert["type"].rpartition("/")[2], alert["value"])
        for name, alert in alerts.items()
        if alert["entities"] == ["<shop-worker-droplet.id>"]
    }
    assert worker == {
        "shop-worker-alert-disk-read": ("disk_read", 50),
        "shop-worker-alert-disk-write": ("disk_write", 60),
        "shop-worker-alert-disk": ("disk_utilization_percent", 70),
        "shop-worker-alert-load-5": ("load_5", 4),
    }
    assert len(alerts) == len(worker) + 3


def test_a_port_may_be_a_range_and_of_udp() -> None:
    rules = of(shop(inbound=[Inbound("8000-8100", OFFICE, "udp")]), "Firewall")
    assert rules["shop-worker-firewall"]["inboundRules"] == [
        {"protocol": "udp", "portRange": "8000-8100", "sourceAddresses": OFFICE}
    ]


@pytest.mark.parametrize(
    ("inbound", "broken"),
    [([Inbound("22", OFFICE)], set()), ([Inbound("22", ANYWHERE)], {"shop-worker-firewall"})],
    ids=["closed", "open"],
)
def test_the_policy_judges_each_droplet_s_own_firewall(
    inbound: list[Inbound], broken: set[str]
) -> None:
    web = args("web")
    graph = recorded(lambda: Shop(web, {"inbound": inbound})).graph()
    broken_rules = violations(planned_resources(graph), "test", [])
    mandatory = {each.resource for each in broken_rules if "firewall" in each.resource}
    assert mandatory == broken


def test_parts_that_are_older_than_the_component_keep_their_names_and_say_where_they_were() -> None:
    def program() -> None:
        product = pulumi.ComponentResource("estate:product:Shop", "shop")
        Droplet(
            "shop-server",
            args("web", reserved_ip=True, prefix="shop", aliases=[pulumi.Alias(parent=product)]),
            pulumi.ResourceOptions(parent=product),
        )

    plan = declared(program)
    parts = {name: r for name, r in plan.items() if r.custom}
    assert parts.keys() == {f"shop-{part}" for part in (*CHILDREN, "address")}
    for name, part in parts.items():
        assert part.parent == plan["shop-server"].urn
        (former,) = part.former
        assert former == f"urn:pulumi:test::estate::estate:product:Shop${part.type}::{name}"
