"""Inventories to export, and helpers that find and run the programs that read the exports."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from components import inventory as facts
from components.facts.pencom import INVENTORY
from components.pencom import Pencom, PencomArgs, PencomSettings
from ops.pencom import export
from ops.pencom.inventory import Inventory, from_resources
from ops.plan import config
from ops.plan.graph import Graph, record

SETTINGS: dict[str, Any] = json.loads(config.load("prod").values["estate:pencom"])
HINTS = {
    "ansible-inventory": "pip install ansible-core",
    "ansible-playbook": "pip install ansible-core",
    "node": "nodejs.org",
    "nft": "apt-get install nftables",
    "pm2": "npm install pm2",
    "promtool": "apt-get install prometheus",
    "ssh": "apt-get install openssh-client",
    "sshd": "apt-get install openssh-server",
}


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test if a program that reads an export is not on PATH."""
    missing = [program for program in programs if not shutil.which(program)]
    hints = "; ".join(f"{each} is not on PATH ({HINTS[each]})" for each in missing)
    return pytest.mark.skipif(bool(missing), reason=hints)


def planned(inventory: facts.Inventory = INVENTORY, **settings: Any) -> Graph:
    """Register an inventory as the program does, with some settings changed."""
    model = PencomSettings.model_validate_json(json.dumps({**SETTINGS, **settings}))
    return record(
        config.load("prod"), lambda: Pencom("pencom", PencomArgs(inventory, model)) and None
    )


def inventory_of(graph: Graph) -> Inventory:
    return from_resources("prod", graph.resources)


@lru_cache
def prod() -> Inventory:
    """Pencom as production declares it."""
    return inventory_of(planned())


def with_service(name: str, **changes: Any) -> facts.Inventory:
    """Pencom with another fact of one service."""
    services = {**INVENTORY.services, name: replace(INVENTORY.services[name], **changes)}
    return replace(INVENTORY, services=services)


def moved(name: str, host: str) -> facts.Inventory:
    """Pencom with one service or store on another host."""
    hosts = {}
    for each, host_facts in INVENTORY.hosts.items():
        others = tuple(carried for carried in host_facts.carries if carried != name)
        hosts[each] = replace(host_facts, carries=(*others, name) if each == host else others)
    return replace(INVENTORY, hosts=hosts)


def export_to(inventory: Inventory, form: str, folder: Path) -> Path:
    """Write the files of a format into a folder."""
    export.write(export.texts(inventory, form), folder, private=form == "env")
    return folder


def relocated(
    inventory: Inventory, addresses: Mapping[str, str], ports: Mapping[str, int] | None = None
) -> Inventory:
    """Return the inventory with other addresses by host, and other ports by service and store."""

    def copies(entries: Mapping[str, Any], key: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {n: each.model_copy(update={key: values[n]}) for n, each in entries.items()}

    hosts = copies(inventory.hosts, "address", addresses)
    if ports is None:
        return replace(inventory, hosts=hosts)
    services = copies(inventory.services, "ports", {n: {"http": ports[n]} for n in ports})
    stores = copies(inventory.stores, "port", ports)
    return replace(inventory, hosts=hosts, services=services, stores=stores)


def free_ports(names: list[str]) -> dict[str, int]:
    """Return an unused port of this machine for each name."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: each.getsockname()[1] for name, each in zip(names, sockets, strict=True)}


def run_program(*command: str | Path, **options: Any) -> str:
    """Run a program that must succeed. Returns what it prints."""
    result: subprocess.CompletedProcess[str] = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
