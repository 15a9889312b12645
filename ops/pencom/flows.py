"""Who may connect to whom: what the inventory declares, and what runs its hosts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ops.pencom import assumed
from ops.pencom.inventory import Estate

ANYONE = "anyone"
OPERATORS = "operators"  # the networks of the allow-list


class Flow(NamedTuple):
    """A connection over TCP from a host (or ANYONE, OPERATORS) to a host or a foreign system."""

    source: str
    target: str
    port: int


def flows(estate: Estate) -> dict[Flow, list[str]]:
    """Give every flow between two machines, and what it is for.

    What stays on one host is none: its processes cannot be told apart by address.
    """
    found: dict[Flow, list[str]] = defaultdict(list)
    for flow, why in (*_declared(estate), *_people(estate), *_watched(estate)):
        if flow.source != flow.target:
            found[flow].append(why)
    return dict(found)


def _declared(estate: Estate) -> Iterator[tuple[Flow, str]]:
    """Follow what the services say of themselves: calls, stores, and what they read."""
    for service in estate.services.values():
        for callee in service.calls:
            target = estate.services[callee]
            flow = Flow(service.host, target.host, target.port)
            yield flow, f"{service.name} calls {callee}"
        for use in service.stores:
            store = estate.stores[use.partition("/")[0]]
            yield Flow(service.host, store.host, store.port), f"{service.name} uses {use}"
        for system in service.reads:
            flow = Flow(service.host, system, estate.port(system))
            yield flow, f"{service.name} reads {system}"


def _people(estate: Estate) -> Iterator[tuple[Flow, str]]:
    """Let visitors through the web server to the gateways, operators through the ingress host."""
    for host in estate.hosts.values():
        if host.exposure == "internet":
            yield Flow(OPERATORS, host.name, assumed.SSH_PORT), "operators log in"
        else:
            flow = Flow(estate.ingress.name, host.name, assumed.SSH_PORT)
            yield flow, "operators log in from there"
        if assumed.WEB_SERVER in host.carries:
            for port in assumed.WEB_PORTS:
                yield Flow(ANYONE, host.name, port), f"people reach {assumed.WEB_SERVER}"
            for gateway in (each for each in estate.services.values() if each.gateway):
                flow = Flow(host.name, gateway.host, gateway.port)
                yield flow, f"{assumed.WEB_SERVER} fronts {gateway.name}"


def _watched(estate: Estate) -> Iterator[tuple[Flow, str]]:
    """Let Prometheus ask every host and every service."""
    if estate.monitor:
        source = estate.monitor.name
        for host in estate.hosts.values():
            flow = Flow(source, host.name, assumed.NODE_EXPORTER_PORT)
            yield flow, "Prometheus scrapes node-exporter"
        for service in estate.services.values():
            flow = Flow(source, service.host, service.port)
            yield flow, f"{service.name}'s health is watched"
