"""Inventories to export: Pencom's own, changed ones, and what finds the programs that read them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from components.facts.pencom import INVENTORY
from components.inventory import Inventory
from components.pencom import Pencom, PencomArgs, PencomSettings
from ops.pencom import export
from ops.pencom.inventory import Estate, read
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
    """Skip a test where a program that reads an export is not to be found."""
    lacking = [program for program in programs if not shutil.which(program)]
    hints = "; ".join(f"{each} is not on PATH ({HINTS[each]})" for each in lacking)
    return pytest.mark.skipif(bool(lacking), reason=hints)


def described(inventory: Inventory = INVENTORY, **settings: Any) -> Graph:
    """Register an inventory as the program does, with some settings changed."""
    given = PencomSettings.model_validate_json(json.dumps({**SETTINGS, **settings}))
    return record(
        config.load("prod"), lambda: Pencom("pencom", PencomArgs(inventory, given)) and None
    )


def read_from(graph: Graph) -> Estate:
    return read("prod", ((each.type, each.name, each.inputs) for each in graph.resources))


@lru_cache
def prod() -> Estate:
    """Pencom as production declares it."""
    return read_from(described())


def with_service(name: str, **changes: Any) -> Inventory:
    """Pencom with another fact of one service."""
    services = {**INVENTORY.services, name: replace(INVENTORY.services[name], **changes)}
    return replace(INVENTORY, services=services)


def moved(name: str, host: str) -> Inventory:
    """Pencom with one thing on another host."""
    hosts = {
        each: replace(
            facts,
            carries=(
                *(thing for thing in facts.carries if thing != name),
                *((name,) if each == host else ()),
            ),
        )
        for each, facts in INVENTORY.hosts.items()
    }
    return replace(INVENTORY, hosts=hosts)


def written(estate: Estate, form: str, folder: Path) -> Path:
    """Write the files of a format into a folder."""
    export.write(export.texts(estate, form), folder, private=form == "env")
    return folder


def on_ports(estate: Estate, addresses: Mapping[str, str], ports: Mapping[str, int]) -> Estate:
    """The same estate elsewhere: hosts at other addresses, services and stores at other ports."""
    return replace(
        estate,
        hosts={
            name: host.model_copy(update={"address": addresses[name]})
            for name, host in estate.hosts.items()
        },
        services={
            name: service.model_copy(update={"ports": {"http": ports[name]}})
            for name, service in estate.services.items()
        },
        stores={
            name: store.model_copy(update={"port": ports[name]})
            for name, store in estate.stores.items()
        },
    )


def free_ports(names: list[str]) -> dict[str, int]:
    """Ports that nobody listens on, one for each name."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: each.getsockname()[1] for name, each in zip(names, held, strict=True)}
    for each in held:
        each.close()
    return ports


def ran(*command: str | Path, **options: Any) -> str:
    """Run a program that must succeed. Returns what it prints."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
