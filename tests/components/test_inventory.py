"""The on-premises inventory: each mistake that it can have, and its start order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.facts.pencom import INVENTORY
from components.inventory import Host, Inventory, Service, Store, problems

ADDRESSES = {
    "vps-1": "203.0.113.20",
    "vps-2": "10.20.0.12",
    "vps-3": "172.16.0.13",
    "vps-4": "192.168.0.14",
    "oracle-ecrs": "10.30.0.5",
}
PORTS = {"postgresql": 5432, "mongodb": 27017}


def host(name: str, **changes: Any) -> Inventory:
    hosts = {**INVENTORY.hosts, name: replace(INVENTORY.hosts[name], **changes)}
    return replace(INVENTORY, hosts=hosts)


def service(name: str, **changes: Any) -> Inventory:
    services = {**INVENTORY.services, name: replace(INVENTORY.services[name], **changes)}
    return replace(INVENTORY, services=services)


def carried(name: str) -> tuple[str, ...]:
    return INVENTORY.hosts[name].carries


def problem_texts(
    inventory: Inventory = INVENTORY,
    addresses: dict[str, str] | None = None,
    ports: dict[str, int] | None = None,
) -> list[str]:
    store_ports = PORTS if ports is None else ports
    by_setting = {
        f"{'foreign' if name in INVENTORY.foreign else 'hosts'}.{name}": address
        for name, address in (ADDRESSES if addresses is None else addresses).items()
    }
    return [problem.text for problem in problems(inventory, by_setting, store_ports)]


def test_the_inventory_of_the_handover_has_no_mistake() -> None:
    assert problem_texts() == []


BROKEN: list[tuple[str, Callable[[], Inventory], str]] = [
    (
        "a service on no host",
        lambda: host("vps-2", carries=tuple(s for s in carried("vps-2") if s != "audit")),
        "audit is carried by no host: it must be on exactly one",
    ),
    (
        "a store on two hosts",
        lambda: host("vps-4", carries=("minio", "redis")),
        "redis is carried by ['vps-3', 'vps-4']: it must be on exactly one",
    ),
    (
        "two services on one port",
        lambda: service("audit", ports={"http": 8000}),
        "port 8000 on vps-2 is taken by external-integrations and audit: a port serves one",
    ),
    (
        "one service twice on one port",
        lambda: service("core", ports={"http": 4000, "tcp": 4000}),
        "port 4000 on vps-2 is taken by core and core: a port serves one",
    ),
    (
        "a call to an unknown service",
        lambda: service("payments", calls=("cor",)),
        "payments calls cor, which does not exist: known are ['api-gateway', 'audit',",
    ),
    (
        "a start after an unknown service",
        lambda: service("payments", starts_after=("cor",)),
        "payments starts after cor, which does not exist: known are ['api-gateway', 'audit',",
    ),
    (
        "a read from an unknown system",
        lambda: service("core", reads=("oracle",)),
        "core reads oracle, which does not exist: known are ['oracle-ecrs']",
    ),
    (
        "an unknown store",
        lambda: service("core", stores=("mysql/core",)),
        "core uses store mysql, which does not exist: known are ['minio', 'mongodb',",
    ),
    (
        "an unknown database",
        lambda: service("audit", stores=("postgresql/audit",)),
        "audit uses postgresql/audit: use one of postgresql/pencom_core_db2,",
    ),
    (
        "a store with databases and none of them named",
        lambda: service("audit", stores=("postgresql",)),
        "audit uses postgresql: use one of postgresql/pencom_core_db2,",
    ),
    (
        "a text where a tuple lacks its comma",
        lambda: service("audit", calls="core"),
        "calls of audit is 'core': write a tuple, ('core',)",
    ),
    (
        "a port that is none",
        lambda: service("audit", ports={"http": 95000}),
        "http port of audit is 95000: a number from 1 to 65535",
    ),
    (
        "a port in quotes",
        lambda: service("audit", ports={"http": "9000"}),
        "http port of audit is '9000': a number from 1 to 65535",
    ),
    (
        "a text that was spread into its letters",
        lambda: service("audit", secrets=("K", "E", "Y")),
        "audit has the variables K, E, Y: write names in capitals",
    ),
    (
        "a circle",
        lambda: service("core", starts_after=("audit",)),
        "starts_after is circular: ",
    ),
]


@pytest.mark.parametrize(
    ("broken", "text"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_what_is_wrong_with_an_inventory_is_said(
    broken: Callable[[], Inventory], text: str
) -> None:
    (problem,) = problem_texts(broken())
    assert problem.startswith(text)


@pytest.mark.parametrize(
    ("corrected", "ports"),
    [
        (host("vps-4", carries=("minio",)), PORTS),
        (service("audit", ports={"http": 9000, "tcp": 8001}), PORTS),
        (service("payments", calls=("core",)), PORTS),
        (service("audit", stores=("postgresql/pencom_audit", "minio")), PORTS),
        (service("core", calls=("audit", "core")), PORTS),
        (host("vps-1", exposure="internal"), PORTS),
        (INVENTORY, {**PORTS, "mongodb": 27018}),
    ],
)
def test_what_is_not_wrong_is_let_through(corrected: Inventory, ports: dict[str, int]) -> None:
    addresses = {**ADDRESSES, "vps-1": "10.20.0.11"}
    assert problem_texts(corrected, addresses, ports) == []


ADDRESSED = [
    ({"vps-2": None}, ["vps-2 has no address: set hosts.vps-2"]),
    ({"oracle-ecrs": None}, ["oracle-ecrs has no address: set foreign.oracle-ecrs"]),
    (
        {"vps-5": "10.0.0.5"},
        ["an address is set for hosts.vps-5, which does not exist: known are ["],
    ),
    ({"vps-2": "172.16.0.13"}, ["vps-2 and vps-3 share the address 172.16.0.13: each host has"]),
    ({"vps-2": "8.8.8.8"}, ["vps-2 is internal, but 8.8.8.8 is public: allowed are 10.0.0.0/8,"]),
    ({"vps-3": "172.32.0.1"}, ["vps-3 is internal, but 172.32.0.1 is public"]),
    ({"vps-4": "2001:db8::4"}, ["vps-4 is internal, but 2001:db8::4 is public"]),
    ({"vps-4": "169.254.169.254"}, ["vps-4 is internal, but 169.254.169.254 is public"]),
    ({"vps-4": "fd00::4"}, []),
    ({"vps-1": "10.20.0.11"}, []),
    ({"oracle-ecrs": "41.58.0.1"}, []),
]


@pytest.mark.parametrize(("change", "texts"), ADDRESSED, ids=lambda value: str(value)[:40])
def test_an_address_that_cannot_be_right_is_said(
    change: dict[str, str | None], texts: list[str]
) -> None:
    addresses = {k: v for k, v in {**ADDRESSES, **change}.items() if v is not None}
    reported = problem_texts(addresses=addresses)
    assert len(reported) == len(texts)
    assert all(problem.startswith(text) for problem, text in zip(reported, texts, strict=True))


def test_a_store_without_a_port_asks_for_its_setting() -> None:
    assert problem_texts(ports={"mongodb": 27017}) == [
        "postgresql has no port: set storePorts.postgresql"
    ]


def test_a_store_s_port_is_taken_on_its_host_too() -> None:
    assert problem_texts(ports={**PORTS, "mongodb": 6379}) == [
        "port 6379 on vps-3 is taken by mongodb and redis: a port serves one"
    ]


@pytest.mark.parametrize("name", ["redis", "postgres"], ids=["has a port of its own", "unknown"])
def test_a_port_that_is_set_for_no_store_that_wants_one_is_said(name: str) -> None:
    # Otherwise a port that is changed in the stack file is ignored silently.
    (problem,) = problem_texts(ports={**PORTS, name: 6380})
    assert name in problem


@pytest.mark.parametrize("thing", ["postgresql", "payments"])
def test_nothing_but_a_gateway_may_stand_on_the_host_that_faces_the_internet(thing: str) -> None:
    # payments, compliance and external-integrations check no key: isolation protects them.
    hosts = {
        name: replace(facts, carries=tuple(c for c in facts.carries if c != thing))
        for name, facts in INVENTORY.hosts.items()
    }
    hosts["vps-1"] = replace(hosts["vps-1"], carries=(*hosts["vps-1"].carries, thing))
    (problem,) = problem_texts(replace(INVENTORY, hosts=hosts))
    assert thing in problem


@pytest.mark.parametrize(
    ("name", "role"),
    [("vps-2", "services"), ("vps-3", "databases"), ("vps-4", "object-storage")],
)
def test_no_other_host_may_face_the_internet_and_each_thing_on_it_is_named(
    name: str, role: str
) -> None:
    first, *others = problem_texts(host(name, exposure="internet"))
    assert first == f"{name} ({role}) is exposed to the internet: only the ingress host may be"
    assert [text.partition(" ")[0] for text in others] == list(carried(name))
    # The role `ingress` does not make a service on it check its callers.
    assert problem_texts(host(name, exposure="internet", role="ingress")) == others


def test_every_mistake_is_said_at_once() -> None:
    broken = replace(
        service("core", reads=("oracle",)), hosts={"vps-9": Host("services", "internet", ())}
    )
    assert len(problem_texts(broken)) > 10


def test_it_starts_in_the_waves_of_the_handover() -> None:
    assert INVENTORY.start_order() == (
        ("minio", "mongodb", "postgresql", "redis"),
        ("core",),
        ("audit", "compliance", "external-integrations", "notifications", "payments"),
        ("api-gateway",),
        ("external-gateway",),
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any inventory whose services start only after ones that were drawn before them."""
    stores = [f"store-{number}" for number in range(draw(st.integers(1, 4)))]
    services: dict[str, Service] = {}
    for number in range(draw(st.integers(0, 8))):
        earlier = st.sampled_from(sorted(services)) if services else st.nothing()
        services[f"service-{number}"] = Service(
            ports={"http": 3000 + number},
            entry_point="main.js",
            calls=tuple(services),
            stores=tuple(draw(st.lists(st.sampled_from(stores), unique=True))),
            starts_after=tuple(draw(st.lists(earlier, unique=True))),
        )
    shuffled = draw(st.permutations(sorted(services)))
    return Inventory(
        hosts={"one": Host("services", "internal", (*services, *stores))},
        services={name: services[name] for name in shuffled},
        stores={name: Store("engine", port=9000 + number) for number, name in enumerate(stores)},
        foreign={},
    )


@settings(deadline=None)  # a machine may be busy
@given(inventories())
def test_nothing_starts_before_its_stores_or_what_it_starts_after(inventory: Inventory) -> None:
    assert list(problems(inventory, {"hosts.one": "10.0.0.1"}, {})) == []
    waves = inventory.start_order()
    wave = {name: number for number, names in enumerate(waves) for name in names}
    assert sorted(wave) == sorted([*inventory.services, *inventory.stores])
    assert sum(len(names) for names in waves) == len(wave)
    for name, facts in inventory.services.items():
        before = {*facts.stores, *facts.starts_after}
        assert all(wave[other] < wave[name] for other in before)
        assert wave[name] > 0
        # Nor later than it must: everything starts as early as it can.
        needed = before if facts.stores else {*before, *inventory.stores}
        assert wave[name] == 1 + max(wave[other] for other in needed)
    assert all(wave[store] == 0 for store in inventory.stores)
