"""TCP connections between machines: those that the inventory declares, and those of operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ops.pencom import assumed
from ops.pencom.inventory import Inventory

ANYONE = "anyone"
OPERATORS = "operators"  # the networks of the allow-list


class Flow(NamedTuple):
    """A connection over TCP from a host (or ANYONE, OPERATORS) to a host or a foreign system."""

    source: str
    target: str
    port: int


def flows(inventory: Inventory) -> dict[Flow, list[str]]:
    """Return every flow between two machines, with the reasons for it.

    Traffic within a host is left out: addresses do not tell its processes apart.
    """
    reasons: dict[Flow, list[str]] = defaultdict(list)
    for source in (_services, _people, _prometheus):
        for flow, reason in source(inventory):
            if flow.source != flow.target:
                reasons[flow].append(reason)
    return dict(reasons)


def _services(inventory: Inventory) -> Iterator[tuple[Flow, str]]:
    for service in inventory.services.values():
        for callee in service.calls:
            yield _to(inventory, service.host, callee), f"{service.name} calls {callee}"
        for use in service.stores:
            store = use.partition("/")[0]
            yield _to(inventory, service.host, store), f"{service.name} uses {use}"
        for system in service.reads:
            yield _to(inventory, service.host, system), f"{service.name} reads {system}"


def _people(inventory: Inventory) -> Iterator[tuple[Flow, str]]:
    """Yield visitors through the web server to the gateways, operators through the ingress host."""
    gateways = [each for each in inventory.services.values() if each.gateway]
    for host in inventory.hosts.values():
        if host.exposure == "internet":
            yield Flow(OPERATORS, host.name, assumed.SSH_PORT), "operators log in"
        else:
            flow = Flow(inventory.ingress.name, host.name, assumed.SSH_PORT)
            yield flow, f"operators log in through {flow.source}"
        if assumed.WEB_SERVER in host.carries:
            for port in assumed.WEB_PORTS:
                yield Flow(ANYONE, host.name, port), f"visitors reach {assumed.WEB_SERVER}"
            for gateway in gateways:
                flow = _to(inventory, host.name, gateway.name)
                yield flow, f"{assumed.WEB_SERVER} proxies to {gateway.name}"


def _prometheus(inventory: Inventory) -> Iterator[tuple[Flow, str]]:
    monitors = [h.name for h in inventory.hosts.values() if h.role == assumed.MONITOR_ROLE]
    for monitor in monitors[:1]:
        for host in inventory.hosts:
            flow = Flow(monitor, host, assumed.NODE_EXPORTER_PORT)
            yield flow, "Prometheus scrapes node-exporter"
        for service in inventory.services:
            yield _to(inventory, monitor, service), f"Prometheus checks the health of {service}"


def _to(inventory: Inventory, source: str, name: str) -> Flow:
    """Return the flow from a host to a service, store or foreign system."""
    return Flow(source, inventory.machine(name), inventory.port(name))
