"""The firewalls in network namespaces, one a machine: tries every pair and port."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from inventories import SETTINGS, export_to, needs, prod, run_program

PROBE = Path(__file__).with_name("probe.py")
OPERATOR, VISITOR = "203.0.113.10", "198.51.100.7"
MACHINES = {
    **SETTINGS["hosts"],
    "oracle-ecrs": SETTINGS["foreign"]["oracle-ecrs"],
    "operator": OPERATOR,
    "visitor": VISITOR,
}
SERVICES = {f"vps-2:{port}" for port in (4000, 5000, 6000, 7000, 8000, 9000)}
# What each machine reaches: the handover's table of calls, stores and exposure, and nothing else.
# A host reaches ports 53, 80 and 443 of machines outside the inventory.
OUTSIDE = {f"{machine}:{port}" for machine in ("operator", "visitor") for port in (53, 80, 443)}
REACHED = {
    "vps-1": {
        *SERVICES,
        "vps-3:5432",  # external-gateway uses compliance's database
        "vps-4:9000",
        *(f"vps-{number}:22" for number in (2, 3, 4)),
        *OUTSIDE,
    },
    "vps-2": {
        "vps-3:5432",
        "vps-3:27017",
        "vps-3:6379",
        "vps-4:9000",
        "oracle-ecrs:1521",
        "vps-1:3000",  # watched by Prometheus, as all that follow
        "vps-1:3010",
        *(f"vps-{number}:9100" for number in (1, 3, 4)),
        *OUTSIDE,
    },
    "vps-3": OUTSIDE,
    "vps-4": OUTSIDE,
    "operator": {"vps-1:22", "vps-1:80", "vps-1:443"},
    "visitor": {"vps-1:80", "vps-1:443"},
    "oracle-ecrs": {"vps-1:80", "vps-1:443"},
}
PORTS = sorted(
    {int(each.partition(":")[2]) for reached in REACHED.values() for each in reached}
    | {port for service in prod().services.values() for port in service.ports.values()}
    | {9115, 12345}
)


def _network() -> str:
    """Return why this machine can make no namespaces; empty text if it can."""
    if not (shutil.which("ip") and shutil.which("nft")):
        return "ip (iproute2) and nft (nftables) are not both on PATH"
    name = f"try-{uuid.uuid4().hex[:8]}"
    added = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if added.returncode:
        return f"no permission for a network namespace: {added.stderr.strip()}"
    listed = subprocess.run(
        ["ip", "netns", "exec", name, "nft", "list", "tables"], capture_output=True, text=True
    )
    run_program("ip", "netns", "del", name)
    return f"nft has no permission: {listed.stderr.strip()}" if listed.returncode else ""


class Network:
    """A namespace for each machine, all on one bridge, without a router."""

    def __init__(self, stack: ExitStack) -> None:
        self._prefix = uuid.uuid4().hex[:6]
        self._stack = stack
        self._add("wire")
        self.ip("wire", "link", "add", "bridge0", "type", "bridge")
        self.ip("wire", "link", "set", "bridge0", "up")
        for number, (machine, address) in enumerate(MACHINES.items()):
            self._add(machine)
            inside = ("peer", "name", "eth0", "netns", self.name(machine))
            self.ip("wire", "link", "add", f"port{number}", "type", "veth", *inside)
            self.ip("wire", "link", "set", f"port{number}", "master", "bridge0", "up")
            self.ip(machine, "link", "set", "lo", "up")
            self.ip(machine, "address", "add", f"{address}/32", "dev", "eth0")
            self.ip(machine, "link", "set", "eth0", "up")
            self.ip(machine, "route", "add", "default", "dev", "eth0")

    def name(self, machine: str) -> str:
        return f"{machine}-{self._prefix}"

    def _add(self, machine: str) -> None:
        run_program("ip", "netns", "add", self.name(machine))
        self._stack.callback(run_program, "ip", "netns", "del", self.name(machine))

    def ip(self, machine: str, *arguments: str) -> None:
        run_program("ip", "-n", self.name(machine), *arguments)

    def run(self, machine: str, *command: str | Path) -> str:
        return run_program("ip", "netns", "exec", self.name(machine), *command)

    @contextmanager
    def listening(self, machine: str) -> Iterator[None]:
        """Listen on every port of a machine."""
        process = subprocess.Popen(
            [
                *("ip", "netns", "exec", self.name(machine)),
                *(sys.executable, "-I", str(PROBE), "listen", json.dumps(PORTS)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        try:
            yield
        finally:
            process.communicate(timeout=30)

    def reached(self, machine: str) -> set[str]:
        """Return each `machine:port` of the others that a machine reaches."""
        others = {address: name for name, address in MACHINES.items() if name != machine}
        printed = self.run(
            *(machine, sys.executable, "-I", PROBE, "connect"),
            *(json.dumps(PORTS), json.dumps(list(others))),
        )
        return {f"{others[address]}:{port}" for address, port in json.loads(printed)}


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    if why := _network():
        pytest.skip(why)
    with ExitStack() as stack:
        network = Network(stack)
        for machine in MACHINES:
            stack.enter_context(network.listening(machine))
        yield network


@pytest.fixture(scope="module")
def guarded(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Network:
    # Without rules everything connects, so every refusal below comes from the rules.
    reached = network.reached("visitor")
    assert reached == {f"{m}:{port}" for m in MACHINES if m != "visitor" for port in PORTS}
    folder = export_to(prod(), "firewall", tmp_path_factory.mktemp("firewall"))
    for host in prod().hosts:
        network.run(host, "nft", "-f", folder / f"{host}.nft")
        network.run(host, "nft", "-f", folder / f"{host}.nft")  # loading it again replaces it
    return network


@needs("nft")
@pytest.mark.parametrize("machine", list(MACHINES))
def test_every_declared_flow_connects_and_nothing_else(machine: str, guarded: Network) -> None:
    expected = REACHED[machine]
    if machine not in prod().hosts:  # no rules: such machines reach each other on every port
        open_ones = [m for m in MACHINES if m not in prod().hosts and m != machine]
        expected = expected | {f"{m}:{port}" for m in open_ones for port in PORTS}
    reached = guarded.reached(machine)
    assert reached - expected == set()
    assert expected - reached == set()


def test_the_rules_of_others_on_the_host_stay(guarded: Network, tmp_path: Path) -> None:
    guarded.run("vps-4", "nft", "add table inet others")
    rules = export_to(prod(), "firewall", tmp_path) / "vps-4.nft"
    guarded.run("vps-4", "nft", "-f", rules)
    tables = guarded.run("vps-4", "nft", "list", "tables").splitlines()
    assert sorted(tables) == ["table inet others", "table inet pencom"]
