"""pm2 starts the exported files: a stub for each service, and each answers /health."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from inventories import export_to, free_ports, needs, prod, relocated, run_program

from ops.pencom import assumed
from ops.pencom.inventory import Inventory

STUB = Path(__file__).with_name("stub.js")
pytestmark = needs("pm2", "node")


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inventory:
    """Pencom on this machine: stubs of its services, on free ports."""
    inventory = prod()
    folder = tmp_path / "project"
    monkeypatch.setattr(assumed, "DEPLOY_FOLDER", str(folder))
    for service in inventory.services.values():
        script = folder / service.entry_point
        script.parent.mkdir(parents=True)
        shutil.copy(STUB, script)
    ports = free_ports([*inventory.services, *inventory.stores])
    return relocated(inventory, dict.fromkeys(inventory.hosts, "127.0.0.1"), ports)


@pytest.fixture
def pm2(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a pm2 daemon for this test alone."""
    environ = {**os.environ, "PM2_HOME": str(tmp_path / "pm2")}
    yield environ
    subprocess.run(["pm2", "kill"], env=environ, capture_output=True, check=False)


def test_every_service_of_every_host_starts_and_answers(
    local: Inventory, pm2: dict[str, str], tmp_path: Path
) -> None:
    folder = export_to(local, "pm2", tmp_path / "exported")
    for file in sorted(folder.iterdir()):
        run_program("pm2", "start", file, env=pm2)
    for service in local.services.values():
        run_program(
            "curl", "-fsS", "--retry", "60", "--retry-connrefused", local.health_url(service)
        )
        with urlopen(local.health_url(service)) as answer:
            assert answer.status == 200
    processes = {
        each["name"]: each["pm2_env"] for each in json.loads(run_program("pm2", "jlist", env=pm2))
    }
    assert set(processes) == set(local.services)
    for name, process in processes.items():
        assert process["status"] == "online"
        assert process["pm_exec_path"].endswith(local.services[name].entry_point)
