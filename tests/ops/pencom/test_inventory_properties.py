"""Whatever a valid inventory holds: every export is read by its parser, and stores start first."""

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
from estates import described, needs, ran, read_from
from hypothesis import given, settings
from hypothesis import strategies as st

from components.facts.pencom import INVENTORY, SERVICES
from components.inventory import Host, Inventory, Service, problems
from ops.pencom import env_check, export
from ops.pencom.inventory import Estate
from ops.pencom.order import sequence, steps

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
VARIABLES = sorted({name for each in SERVICES.values() for name in each.variables})
SECRETS = sorted({name for each in SERVICES.values() for name in each.secrets})
STORES = ["redis", "minio", "mongodb/pencom_core_otp", "postgresql/pencom_audit"]
PRIVATE = st.integers(0x0A000001, 0x0AFFFFFE).map(lambda number: str(IPv4Address(number)))
PRIVATE_6 = st.integers(1, 2**64).map(lambda number: str(IPv6Address((0xFD << 120) + number)))
ADDRESSES = st.one_of(PRIVATE, PRIVATE_6)
NETWORKS = ["198.18.0.0/24", "198.18.0.7/32", "10.0.0.0/8", "2001:db8::/32", "2001:db8::1/128"]
few = settings(max_examples=25, deadline=None, derandomize=True)
fewer = settings(max_examples=10, deadline=None, derandomize=True)


@st.composite
def services(draw: st.DrawFn, names: list[str]) -> dict[str, Service]:
    """Services that call anyone, and start after some of those named before them."""
    ports = draw(st.lists(st.integers(10_000, 60_000), unique=True, min_size=30, max_size=30))
    some = st.lists(st.sampled_from(names), unique=True, max_size=3)
    found = {}
    for number, name in enumerate(names):
        earlier = st.lists(st.sampled_from(names[:number]), unique=True) if number else st.just([])
        numbers = {"http": ports[2 * number], "tcp": ports[2 * number + 1]}
        found[name] = Service(
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
    return found


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """A valid inventory, registered and read back."""
    taken = {*INVENTORY.hosts, *INVENTORY.stores, *INVENTORY.foreign, "nginx"}
    drawn = draw(st.lists(NAMES, unique=True, min_size=1, max_size=12))
    names = [*dict.fromkeys(name for name in drawn if name not in taken)] or ["a-service"]
    further = [f"host-{number}" for number in range(draw(st.integers(1, 3)))]
    places: dict[str, list[str]] = {host: [] for host in further}
    for name in names[1:]:
        places[draw(st.sampled_from(further))].append(name)
    internet = ["nginx"] if draw(st.booleans()) else []
    hosts = {
        "front": Host("ingress", "internet", (*internet, names[0])),
        "data": Host("databases", "internal", tuple(INVENTORY.stores)),
        **{host: Host("services", "internal", tuple(things)) for host, things in places.items()},
    }
    inventory = Inventory(hosts, draw(services(names)), INVENTORY.stores, INVENTORY.foreign)
    count = len(hosts) + 1
    given_ = draw(st.lists(ADDRESSES, unique=True, min_size=count, max_size=count))
    stack: dict[str, Any] = {
        "hosts": dict(zip(hosts, given_, strict=False)),
        "foreign": {"oracle-ecrs": given_[-1]},
        "sshAllowList": draw(st.lists(st.sampled_from(NETWORKS), unique=True, min_size=1)),
        "processManager": "pm2",
    }
    addresses = {f"hosts.{name}": address for name, address in stack["hosts"].items()}
    addresses["foreign.oracle-ecrs"] = given_[-1]
    found = list(problems(inventory, addresses, {"postgresql": 5432, "mongodb": 27017}))
    assert found == []
    return read_from(described(inventory, **stack))


@few
@given(estates())
def test_nothing_starts_before_its_stores_or_what_it_starts_after(estate: Estate) -> None:
    order = sequence(estate)
    assert sorted(order) == sorted([*estate.services, *estate.stores])
    place = {name: number for number, name in enumerate(order)}
    for name, service in estate.services.items():
        before = {use.partition("/")[0] for use in service.stores} or {*estate.stores}
        assert all(place[each] < place[name] for each in (*before, *service.starts_after))
    assert [step.thing for step in steps(estate, "start", None, 60)] == order
    stopped = [step.thing for step in steps(estate, "stop", None, 60)]
    assert stopped == [name for name in order[::-1] if name in estate.services]


@few
@given(estates())
def test_yaml_exports_hold_every_host_and_service(estate: Estate) -> None:
    document = yaml.safe_load(export.texts(estate, "ansible")["inventory.yml"])["all"]
    assert set(document["hosts"]) == set(estate.hosts)
    hosts = {name: list(group["hosts"]) for name, group in document["children"].items()}
    for name, service in estate.services.items():
        assert hosts[f"service_{name.replace('-', '_')}"] == [service.host]
    health = yaml.safe_load(export.texts(estate, "prometheus")["targets/health.yml"])
    assert {each["labels"]["service"] for each in health} == set(estate.services)


@few
@given(estates())
def test_a_skeleton_contradicts_nothing_and_lacks_only_what_is_blank(estate: Estate) -> None:
    for name, text in export.texts(estate, "env").items():
        service = estate.services[name.removesuffix(".env")]
        told = env_check.findings(estate, service, text)
        assert {each.kind for each in told if not each.name.endswith("*")} <= {"empty"}
        assert "extra" not in {each.kind for each in told}


@needs("promtool", "ssh", "node", "nft")
@fewer
@given(estates())
def test_every_export_is_accepted_by_the_program_that_it_is_for(estate: Estate) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in export.FORMATS:
            export.write(export.texts(estate, form), folder / form, private=form == "env")
        ran("promtool", "check", "config", folder / "prometheus" / "prometheus.yml")
        for host in estate.hosts:
            printed = ran("ssh", "-G", "-F", folder / "ssh" / "ssh_config", host)
            assert f"hostname {estate.address(host)}\n" in printed
        if subprocess.run(["nft", "list", "tables"], capture_output=True).returncode == 0:
            for file in (folder / "firewall").iterdir():
                ran("nft", "-c", "-f", file)
        program = "console.log(JSON.stringify(process.argv.slice(1).map((f) => require(f).apps)))"
        files = sorted((folder / "pm2").iterdir())
        apps = json.loads(ran("node", "-e", program, *files))
        assert {app["name"] for each in apps for app in each} == set(estate.services)


@needs("ansible-inventory")
@pytest.mark.soak
@fewer
@given(estates())
def test_ansible_accepts_every_inventory(estate: Estate) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "inventory.yml"
        file.write_text(export.texts(estate, "ansible")["inventory.yml"])
        listed = json.loads(ran(str(shutil.which("ansible-inventory")), "-i", file, "--list"))
        assert set(listed["_meta"]["hostvars"]) == set(estate.hosts)
