"""The types of an on-premises inventory, its checks, and the order in which services start.

Plain data without a Pulumi import, so that checks run before any resource is registered.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from ipaddress import ip_address, ip_network
from typing import Literal

PRIVATE_NETWORKS = tuple(
    ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+\*?")


@dataclass(frozen=True)
class Host:
    """One of our machines. Only the one whose role is `ingress` may face the internet."""

    role: Literal["ingress", "services", "databases", "object-storage"]
    exposure: Literal["internet", "internal"]
    carries: tuple[str, ...]  # names of services, stores and web servers


@dataclass(frozen=True)
class Service:
    """One process. `ports` maps a protocol (`http`, `tcp`) to its number.

    `stores` are `server` or `server/database`; without them it does not boot. `reads` are foreign
    systems; without them it degrades. `calls` may be circular, so the boot order comes from
    `starts_after`, never from calls. Only a `gateway` checks who comes from the internet.
    """

    ports: Mapping[str, int]
    entry_point: str
    calls: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    starts_after: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    gateway: bool = False


@dataclass(frozen=True)
class Store:
    """A data server on one of our hosts; `port` None means that it is a setting."""

    engine: str
    databases: tuple[str, ...] = ()
    port: int | None = None
    backups: str = "nothing is documented: ask the infrastructure team"


@dataclass(frozen=True)
class ForeignSystem:
    """A system of another owner that services read."""

    owner: str
    engine: str
    port: int
    access: Literal["read-only"] = "read-only"


@dataclass(frozen=True)
class Inventory:
    """Hosts, services, stores and foreign systems, each by name."""

    hosts: Mapping[str, Host]
    services: Mapping[str, Service]
    stores: Mapping[str, Store]
    foreign: Mapping[str, ForeignSystem]

    def carriers(self) -> dict[str, str]:
        """Return the host of every service and store, by name."""
        return {thing: host for host, facts in self.hosts.items() for thing in facts.carries}

    def start_order(self) -> tuple[tuple[str, ...], ...]:
        """Return the names in waves: a wave starts once all waves before it run.

        Stores come first, then every service after its stores and what it `starts_after`.
        Stopping is the reverse. Raises graphlib.CycleError when `starts_after` is circular.
        """
        sorter = TopologicalSorter(dict.fromkeys(self.stores, ()))
        for name, service in self.services.items():
            stores = {store.partition("/")[0] for store in service.stores}
            # A service without a store of its own still starts after the data tier as a whole.
            sorter.add(name, *(stores or self.stores), *service.starts_after)
        sorter.prepare()
        waves = []
        while sorter.is_active():
            ready = sorter.get_ready()
            waves.append(tuple(sorted(ready)))
            sorter.done(*ready)
        return tuple(waves)


@dataclass(frozen=True)
class Problem:
    """One mistake, as a sentence. Of a setting also its `key` and the value `found` there."""

    text: str
    key: str = ""
    found: object = "nothing"


def problems(
    inventory: Inventory, addresses: Mapping[str, str], store_ports: Mapping[str, int]
) -> Iterator[Problem]:
    """Yield each mistake in the facts, or in the settings that belong to them.

    `addresses` go by setting (`hosts.vps-1`, `foreign.oracle-ecrs`), `store_ports` by store.
    """
    if shapes := list(_shapes(inventory)):
        yield from shapes  # the other checks need values of the right type
        return
    yield from _placement(inventory)
    yield from _ports(inventory, store_ports)
    yield from _references(inventory)
    yield from _addresses(inventory, addresses)
    yield from _exposure(inventory, addresses)


def _shapes(inventory: Inventory) -> Iterator[Problem]:
    """Yield values of a wrong type, such as a text where the comma of a tuple is missing."""
    for name, service in inventory.services.items():
        for field in ("calls", "stores", "reads", "starts_after"):
            if not isinstance(value := getattr(service, field), tuple):
                yield Problem(f"{field} of {name} is {value!r}: write a tuple, ({value!r},)")
        for protocol, port in service.ports.items():
            if type(port) is not int or not 1 <= port <= 65535:
                yield Problem(f"{protocol} port of {name} is {port!r}: a number from 1 to 65535")
        names = (*service.variables, *service.secrets)
        if wrong := [each for each in names if not _VARIABLE.fullmatch(each)]:
            yield Problem(
                f"{name} has the variables {', '.join(wrong)}: write names in capitals, and a"
                ' single one as a tuple, ("NAME",)'
            )


def _placement(inventory: Inventory) -> Iterator[Problem]:
    carried = Counter(thing for host in inventory.hosts.values() for thing in host.carries)
    for name in (*inventory.services, *inventory.stores):
        if carried[name] != 1:
            hosts = [host for host, facts in inventory.hosts.items() if name in facts.carries]
            yield Problem(f"{name} is carried by {hosts or 'no host'}: it must be on exactly one")


def _ports(inventory: Inventory, store_ports: Mapping[str, int]) -> Iterator[Problem]:
    numbers = {name: list(service.ports.values()) for name, service in inventory.services.items()}
    for name, store in inventory.stores.items():
        port = store_ports.get(name) if store.port is None else store.port
        numbers[name] = [] if port is None else [port]
        if port is None:
            yield Problem(f"{name} has no port: set storePorts.{name}", f"storePorts.{name}")
    settable = sorted(name for name, store in inventory.stores.items() if store.port is None)
    for name, setting in store_ports.items():
        if name not in settable:
            # Without this, a port that was changed in the stack file would be ignored silently.
            fact = inventory.stores[name].port if name in inventory.stores else "none"
            text = f"{name} takes no port here (its own is {fact}): those that do are {settable}"
            yield Problem(text, f"storePorts.{name}", setting)
    taken: dict[tuple[str, int], list[str]] = defaultdict(list)
    for host, facts in inventory.hosts.items():
        for thing in facts.carries:
            for port in numbers.get(thing, ()):
                taken[host, port].append(thing)
    for (host, port), things in taken.items():
        if len(things) > 1:
            text = f"port {port} on {host} is taken by {' and '.join(things)}: a port serves one"
            set_here = [f"storePorts.{thing}" for thing in things if thing in settable]
            yield Problem(text, set_here[0], port) if set_here else Problem(text)


def _references(inventory: Inventory) -> Iterator[Problem]:
    for name, service in inventory.services.items():
        for kind, names, known in (
            ("calls", service.calls, inventory.services),
            ("starts after", service.starts_after, inventory.services),
            ("reads", service.reads, inventory.foreign),
        ):
            for other in names:
                if other not in known:
                    yield Problem(
                        f"{name} {kind} {other}, which does not exist: known are {sorted(known)}"
                    )
        for use in service.stores:
            server, _, database = use.partition("/")
            if server not in inventory.stores:
                known_stores = sorted(inventory.stores)
                yield Problem(
                    f"{name} uses store {server}, which does not exist: known are {known_stores}"
                )
            elif (databases := inventory.stores[server].databases) and database not in databases:
                known_databases = ", ".join(f"{server}/{each}" for each in databases)
                yield Problem(f"{name} uses {use}: use one of {known_databases}")
    if all(
        after in inventory.services for s in inventory.services.values() for after in s.starts_after
    ):
        try:
            inventory.start_order()
        except CycleError as circle:
            yield Problem(f"starts_after is circular: {' -> '.join(circle.args[1])}")


def _exposure(inventory: Inventory, addresses: Mapping[str, str]) -> Iterator[Problem]:
    for name, host in inventory.hosts.items():
        if host.exposure == "internet" and host.role != "ingress":
            # payments, compliance and external-integrations check no key: isolation protects them
            yield Problem(
                f"{name} ({host.role}) is exposed to the internet: only the ingress host may be"
            )
        if host.exposure == "internet":
            guarded = {n for n, service in inventory.services.items() if not service.gateway}
            for thing in host.carries:
                if thing in guarded or thing in inventory.stores:
                    yield Problem(
                        f"{thing} is on {name}, which faces the internet: only a gateway may be"
                    )
        address = addresses.get(f"hosts.{name}")
        if host.exposure == "internal" and address and not _is_private(address):
            networks = ", ".join(str(network) for network in PRIVATE_NETWORKS)
            text = f"{name} is internal, but {address} is public: allowed are {networks}"
            yield Problem(text, f"hosts.{name}", address)


def _addresses(inventory: Inventory, addresses: Mapping[str, str]) -> Iterator[Problem]:
    known = {f"hosts.{name}" for name in inventory.hosts}
    known |= {f"foreign.{name}" for name in inventory.foreign}
    for key in sorted(known - addresses.keys()):
        yield Problem(f"{key.partition('.')[2]} has no address: set {key}", key)
    for key, address in addresses.items():
        if key not in known:
            text = f"an address is set for {key}, which does not exist: known are {sorted(known)}"
            yield Problem(text, key, address)
    hosts_at: dict[str, list[str]] = defaultdict(list)
    for name in inventory.hosts:
        if f"hosts.{name}" in addresses:
            hosts_at[addresses[f"hosts.{name}"]].append(name)
    for address, names in hosts_at.items():
        if len(names) > 1:
            text = f"{' and '.join(names)} share the address {address}: each host has its own"
            yield Problem(text, f"hosts.{names[-1]}", address)


def _is_private(address: str) -> bool:
    parsed = ip_address(address)
    return any(parsed in network for network in PRIVATE_NETWORKS)
