"""Properties of every valid inventory: parsers accept its exports, and stores start first."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from inventories import inventory_of, needs, planned, run_program

from components import inventory as facts
from components.facts.pencom import INVENTORY, SERVICES
from ops.pencom import env_check, export
from ops.pencom.inventory import Inventory
from ops.pencom.order import sequence, steps

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
VARIABLES = sorted({name for each in SERVICES.values() for name in each.variables})
SECRETS = sorted({name for each in SERVICES.values() for name in each.secrets})
STORES = ["redis", "minio", "mongodb/pencom_core_otp", "postgresql/pencom_audit"]
PRIVATE = st.integers(0x0A000001, 0x0AFFFFFE).map(lambda number: str(IPv4Address(number)))
PRIVATE_6 = st.integers(1, 2**64).map(lambda number: str(IPv6Address((0xFD << 120) + number)))
ADDRESSES = st.one_of(PRIVATE, PRIVATE_6)
NETWORKS = ["198.18.0.0/24", "198.18.0.7/32", "10.0.0.0/8", "2001:db8::/32", "2001:db8::1/128"]
few = settings(max_examples=15, deadline=None, derandomize=True)
fewer = settings(max_examples=10, deadline=None, derandomize=True)


@st.composite
def services(draw: st.DrawFn, names: list[str]) -> dict[str, facts.Service]:
    """Services that call anyone, and start after some of those named before them."""
    ports = draw(st.lists(st.integers(10_000, 60_000), unique=True, min_size=30, max_size=30))
    some = st.lists(st.sampled_from(names), unique=True, max_size=3)
    drawn = {}
    for number, name in enumerate(names):
        earlier = st.lists(st.sampled_from(names[:number]), unique=True) if number else st.just([])
        numbers = {"http": ports[2 * number], "tcp": ports[2 * number + 1]}
        drawn[name] = facts.Service(
            ports=numbers if draw(st.booleans()) else {"http": numbers["http"]},
            entry_point=f"dist/apps/{name}/main.js",
            calls=tuple(draw(some)),
            stores=tuple(draw(st.lists(st.sampled_from(STORES), unique=True))),
            reads=tuple(draw(st.sampled_from([(), ("oracle-ecrs",)]))),
            starts_after=tuple(draw(earlier)),
            variables=tuple(draw(st.lists(st.sampled_from(VARIABLES), unique=True))),
            secrets=tuple(draw(st.lists(st.sampled_from(SECRETS), unique=True))),
            gateway=number == 0,
        )
    return drawn


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """A valid inventory, registered and read back."""
    taken = {*INVENTORY.hosts, *INVENTORY.stores, *INVENTORY.foreign, "nginx"}
    drawn = draw(st.lists(NAMES, unique=True, min_size=1, max_size=12))
    names = [*dict.fromkeys(name for name in drawn if name not in taken)] or ["a-service"]
    further = [f"host-{number}" for number in range(draw(st.integers(1, 3)))]
    placed: dict[str, list[str]] = {host: [] for host in further}
    for name in names[1:]:
        placed[draw(st.sampled_from(further))].append(name)
    internet = ["nginx"] if draw(st.booleans()) else []
    hosts = {
        "front": facts.Host("ingress", "internet", (*internet, names[0])),
        "data": facts.Host("databases", "internal", tuple(INVENTORY.stores)),
        **{
            host: facts.Host("services", "internal", tuple(carried))
            for host, carried in placed.items()
        },
    }
    inventory = facts.Inventory(hosts, draw(services(names)), INVENTORY.stores, INVENTORY.foreign)
    count = len(hosts) + 1
    drawn_addresses = draw(st.lists(ADDRESSES, unique=True, min_size=count, max_size=count))
    stack: dict[str, Any] = {
        "hosts": dict(zip(hosts, drawn_addresses, strict=False)),
        "foreign": {"oracle-ecrs": drawn_addresses[-1]},
        "sshAllowList": draw(st.lists(st.sampled_from(NETWORKS), unique=True, min_size=1)),
        "processManager": "pm2",
    }
    addresses = {f"hosts.{name}": address for name, address in stack["hosts"].items()}
    addresses["foreign.oracle-ecrs"] = drawn_addresses[-1]
    ports = {"postgresql": 5432, "mongodb": 27017}
    assert list(facts.problems(inventory, addresses, ports)) == []
    return inventory_of(planned(inventory, **stack))


@few
@given(inventories())
def test_nothing_starts_before_its_stores_or_what_it_starts_after(inventory: Inventory) -> None:
    order = sequence(inventory)
    assert sorted(order) == sorted([*inventory.services, *inventory.stores])
    place = {name: number for number, name in enumerate(order)}
    for name, service in inventory.services.items():
        before = {use.partition("/")[0] for use in service.stores} or {*inventory.stores}
        assert all(place[each] < place[name] for each in (*before, *service.starts_after))
    assert [step.name for step in steps(inventory, "start", None, 60)] == order
    stopped = [step.name for step in steps(inventory, "stop", None, 60)]
    assert stopped == [name for name in order[::-1] if name in inventory.services]


@few
@given(inventories())
def test_yaml_exports_hold_every_host_and_service(inventory: Inventory) -> None:
    document = yaml.safe_load(export.texts(inventory, "ansible")["inventory.yml"])["all"]
    assert set(document["hosts"]) == set(inventory.hosts)
    hosts = {name: list(group["hosts"]) for name, group in document["children"].items()}
    for name, service in inventory.services.items():
        assert hosts[f"service_{name.replace('-', '_')}"] == [service.host]
    health = yaml.safe_load(export.texts(inventory, "prometheus")["targets/health.yml"])
    assert {each["labels"]["service"] for each in health} == set(inventory.services)


@few
@given(inventories())
def test_a_skeleton_contradicts_nothing_and_lacks_only_what_is_blank(inventory: Inventory) -> None:
    for name, text in export.texts(inventory, "env").items():
        service = inventory.services[name.removesuffix(".env")]
        findings = env_check.findings(inventory, service, text)
        assert {each.kind for each in findings if not each.name.endswith("*")} <= {"empty"}
        assert "extra" not in {each.kind for each in findings}


@needs("promtool", "ssh", "node", "nft")
@fewer
@given(inventories())
def test_every_export_is_accepted_by_the_program_that_it_is_for(inventory: Inventory) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in export.FORMATS:
            export.write(export.texts(inventory, form), folder / form, private=form == "env")
        run_program("promtool", "check", "config", folder / "prometheus" / "prometheus.yml")
        for host in inventory.hosts:
            printed = run_program("ssh", "-G", "-F", folder / "ssh" / "ssh_config", host)
            assert f"hostname {inventory.address(host)}\n" in printed
        if subprocess.run(["nft", "list", "tables"], capture_output=True).returncode == 0:
            for file in (folder / "firewall").iterdir():
                run_program("nft", "-c", "-f", file)
        program = "console.log(JSON.stringify(process.argv.slice(1).map((f) => require(f).apps)))"
        files = sorted((folder / "pm2").iterdir())
        apps = json.loads(run_program("node", "-e", program, *files))
        assert {app["name"] for each in apps for app in each} == set(inventory.services)


@needs("ansible-inventory")
@pytest.mark.soak
@fewer
@given(inventories())
def test_ansible_accepts_every_inventory(inventory: Inventory) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "inventory.yml"
        file.write_text(export.texts(inventory, "ansible")["inventory.yml"])
        listed = json.loads(
            run_program(str(shutil.which("ansible-inventory")), "-i", file, "--list")
        )
        assert set(listed["_meta"]["hostvars"]) == set(inventory.hosts)
