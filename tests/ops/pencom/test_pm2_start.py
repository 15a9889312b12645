"""pm2 starts the exported file for real: a stub for each service, and each answers /health."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from estates import free_ports, needs, on_ports, prod, ran, written

from ops.pencom import assumed
from ops.pencom.inventory import Estate

STUB = Path(__file__).with_name("stub.js")
pytestmark = needs("pm2", "node")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Estate:
    """Pencom on this machine: stubs in the place of its services, on ports that are free."""
    estate = prod()
    folder = tmp_path / "project"
    monkeypatch.setattr(assumed, "DEPLOY_FOLDER", str(folder))
    for service in estate.services.values():
        script = folder / service.entry_point
        script.parent.mkdir(parents=True)
        shutil.copy(STUB, script)
    ports = free_ports([*estate.services, *estate.stores])
    return on_ports(estate, dict.fromkeys(estate.hosts, "127.0.0.1"), ports)


@pytest.fixture
def pm2(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a pm2 of this test's own, that is gone afterwards."""
    environ = {**os.environ, "PM2_HOME": str(tmp_path / "pm2")}
    yield environ
    subprocess.run(["pm2", "kill"], env=environ, capture_output=True, check=False)


def test_every_service_of_every_host_starts_and_answers(
    here: Estate, pm2: dict[str, str], tmp_path: Path
) -> None:
    folder = written(here, "pm2", tmp_path / "exported")
    for file in sorted(folder.iterdir()):
        ran("pm2", "start", file, env=pm2)
    for service in here.services.values():
        ran("curl", "-fsS", "--retry", "60", "--retry-connrefused", here.health(service))
        with urlopen(here.health(service)) as answer:
            assert answer.status == 200
    listed = {each["name"]: each["pm2_env"] for each in json.loads(ran("pm2", "jlist", env=pm2))}
    assert set(listed) == set(here.services)
    for name, process in listed.items():
        assert process["status"] == "online"
        assert process["pm_exec_path"].endswith(here.services[name].entry_point)
