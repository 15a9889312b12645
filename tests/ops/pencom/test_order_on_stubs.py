"""All of Pencom as stubs on this machine: started and stopped over SSH, by pm2, in order.

One real sshd acts as all four hosts, and as the jump host of the internal ones.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from inventories import export_to, free_ports, needs, prod, relocated, run_program

from ops.cli.errors import UsageError
from ops.pencom import assumed, order_command
from ops.pencom.inventory import Inventory
from ops.pencom.order import Direction, sequence

pytestmark = [pytest.mark.soak, needs("pm2", "node", "ssh", "sshd")]
STUB = Path(__file__).with_name("stub.js")
# `sudo systemctl start UNIT` starts a listener instead of a store.
SUDO = """\
#!/bin/bash
port=$(cat {folder}/$3.port)
case $2 in
start) setsid {python} -m http.server --bind 127.0.0.1 $port >/dev/null 2>&1 </dev/null &
  echo $! >{folder}/$3.pid; echo $3 >>{folder}/log;;
stop) kill $(cat {folder}/$3.pid); rm {folder}/$3.pid;;
esac
"""
SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
SetEnv PATH={folder}/bin:{path} PM2_HOME={folder}/pm2 STUB_LOG={folder}/log
"""
OWN = """\
Host *
  Port {port}
  IdentityFile {folder}/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


@dataclass(frozen=True)
class Site:
    """Pencom on this machine, and how an operator reaches it."""

    inventory: Inventory
    folder: Path

    def order(self, direction: Direction, only: str | None = None, patience: int = 60) -> None:
        own = str(self.folder / "own")
        order_command.run(self.inventory, direction, only, patience=patience, execute=True, own=own)

    def answering(self) -> set[str]:
        """The services and stores that accept connections."""
        names = set()
        for name in self.inventory.processes:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.inventory.port(name))) == 0:
                    names.add(name)
        return names

    def started(self) -> list[str]:
        """The services and stores that started, in that order."""
        return (self.folder / "log").read_text().split()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    project = tmp_path / "project"
    monkeypatch.setattr(assumed, "DEPLOY_FOLDER", str(project))
    ports = free_ports([*prod().services, *prod().stores, "sshd"])
    inventory = relocated(prod(), dict.fromkeys(prod().hosts, "127.0.0.1"), ports)
    for service in inventory.services.values():
        script = project / service.entry_point
        script.parent.mkdir(parents=True)
        shutil.copy(STUB, script)
    export_to(inventory, "pm2", project)
    for store in inventory.stores.values():
        (tmp_path / f"{assumed.UNITS[store.name]}.port").write_text(str(store.port))
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text(SUDO.format(folder=tmp_path, python=sys.executable))
    sudo.chmod(0o755)
    for key in ("host_key", "key"):
        run_program("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / key)
    names = {"folder": tmp_path, "port": ports["sshd"], "path": os.environ["PATH"]}
    (tmp_path / "sshd").write_text(SSHD.format(**names))
    (tmp_path / "own").write_text(OWN.format(**names))
    with ExitStack() as stack:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        server = subprocess.Popen([str(shutil.which("sshd")), "-D", "-e", "-f", tmp_path / "sshd"])
        stack.callback(server.wait)
        stack.callback(server.terminate)
        environ = {**os.environ, "PM2_HOME": str(tmp_path / "pm2")}
        stack.callback(
            subprocess.run, ["pm2", "kill"], env=environ, capture_output=True, check=False
        )
        for unit in map(assumed.UNITS.__getitem__, inventory.stores):
            stop = [str(sudo), "systemctl", "stop", unit]
            stack.callback(subprocess.run, stop, capture_output=True, check=False)
        retry = ("--retry", "60", "--retry-connrefused", "--http0.9", "-m", "5")
        subprocess.run(
            ["curl", "-s", *retry, f"http://127.0.0.1:{ports['sshd']}"], capture_output=True
        )
        yield Site(inventory, tmp_path)


def _variable(name: str) -> str:
    """The line that a stub logs when it starts."""
    service = prod().services.get(name)
    if service is None:
        return assumed.UNITS[name]
    return next(each for each in service.variables if each.endswith("_SERVICE_PORT"))


def test_eight_services_start_in_order_and_stop_in_reverse(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    order = sequence(site.inventory)
    site.order("start")
    assert site.started() == [_variable(name) for name in order]
    assert site.answering() == set(order)
    capsys.readouterr()

    site.order("start")  # everything runs, so nothing restarts
    assert capsys.readouterr().out.count("already runs") == len(order)
    assert len(site.started()) == len(order)

    site.order("stop")
    stopped = [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()]
    assert stopped == [name for name in order[::-1] if name in site.inventory.services]
    assert site.answering() == set(site.inventory.stores)


def test_a_service_that_does_not_get_well_ends_the_start(site: Site) -> None:
    broken = Path(assumed.DEPLOY_FOLDER) / site.inventory.services["core"].entry_point
    broken.write_text("setInterval(() => {}, 1000);\n")  # it runs, and never answers
    with pytest.raises(UsageError, match="start halted at core on vps-2: the check failed"):
        site.order("start", patience=3)
    assert site.answering() == set(site.inventory.stores)
