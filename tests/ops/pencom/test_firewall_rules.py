"""What the exported firewalls keep closed."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from inventories import inventory_of, planned, prod

from components import inventory as facts
from components.facts.pencom import INVENTORY
from ops.pencom import export
from ops.pencom.inventory import Inventory


def _input(inventory: Inventory, host: str) -> str:
    """Return a host's input chain."""
    rules = export.texts(inventory, "firewall")[f"{host}.nft"]
    return rules.partition("chain input")[2].partition("chain forward")[0]


def _accepted(inventory: Inventory, host: str) -> set[tuple[str, int]]:
    """Return the sources and ports of a host's input chain that are limited to a source."""
    found = re.findall(r"ip saddr { (\S+) } tcp dport (\d+) accept", _input(inventory, host))
    return {(source, int(port)) for source, port in found}


@pytest.mark.parametrize("host", sorted(INVENTORY.hosts))
def test_the_ports_for_the_outside_are_closed_to_every_machine_of_the_inventory(host: str) -> None:
    """DNS, for example, is open to third parties by a later rule."""
    rules = export.texts(prod(), "firewall")[f"{host}.nft"]
    earlier = rules.partition("chain output")[2].partition("udp dport")[0]
    (dropped,) = re.findall(r"^    ip daddr {(.*)} drop$", earlier, re.M)
    networks = [ip_network(each.strip()) for each in dropped.split(",")]
    machines = {name: each.address for name, each in prod().hosts.items()}
    machines |= {name: each.address for name, each in prod().foreign.items()}
    for name, address in machines.items():
        assert any(ip_address(address) in network for network in networks), name


def _without_calls(name: str) -> facts.Inventory:
    """The inventory with one service that no other calls."""
    services = {
        each: replace(service, calls=tuple(callee for callee in service.calls if callee != name))
        for each, service in INVENTORY.services.items()
    }
    return replace(INVENTORY, services=services)


def test_the_web_server_reaches_no_service_but_the_gateways() -> None:
    inventory = inventory_of(planned(_without_calls("audit")))
    audit = inventory.services["audit"]
    assert (inventory.ingress.address, audit.port) not in _accepted(inventory, audit.host)
    called = inventory_of(planned())
    assert (called.ingress.address, audit.port) in _accepted(called, audit.host)


def test_one_host_scrapes_even_if_several_run_services() -> None:
    second = replace(INVENTORY.hosts["vps-3"], role="services")
    inventory = inventory_of(
        planned(replace(INVENTORY, hosts={**INVENTORY.hosts, "vps-3": second}))
    )
    for host in inventory.hosts:
        sources = {source for source, _ in _accepted(inventory, host)}
        assert inventory.hosts["vps-3"].address not in sources, host


def test_visitors_reach_only_a_host_with_a_web_server() -> None:
    without = tuple(each for each in INVENTORY.hosts["vps-1"].carries if each != "nginx")
    hosts = {**INVENTORY.hosts, "vps-1": replace(INVENTORY.hosts["vps-1"], carries=without)}
    for inventory in (prod(), inventory_of(planned(replace(INVENTORY, hosts=hosts)))):
        open_to_anyone = {
            host: re.findall(r"^    tcp dport (\d+) accept", _input(inventory, host), re.M)
            for host in inventory.hosts
        }
        expected = ["80", "443"] if "nginx" in inventory.hosts["vps-1"].carries else []
        assert open_to_anyone.pop("vps-1") == expected
        assert not any(open_to_anyone.values())
