"""The whole of Pencom as stubs on this machine: started and stopped over SSH, by pm2, in order.

A real sshd stands for all four hosts, and the internal ones are reached through it, too.
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
from estates import free_ports, needs, on_ports, prod, ran, written

from ops.cli.errors import UsageError
from ops.pencom import assumed, order_run
from ops.pencom.inventory import Estate
from ops.pencom.order import Direction, sequence

pytestmark = [pytest.mark.soak, needs("pm2", "node", "ssh", "sshd")]
STUB = Path(__file__).with_name("stub.js")
# `sudo systemctl start UNIT`: a listener in the place of a store.
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

    estate: Estate
    folder: Path

    def order(self, direction: Direction, only: str | None = None, patience: int = 60) -> None:
        own = str(self.folder / "own")
        order_run.run(self.estate, direction, only, patience=patience, execute=True, own=own)

    def answering(self) -> set[str]:
        """Every service and store that somebody listens for."""
        found = set()
        for name in (*self.estate.services, *self.estate.stores):
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", self.estate.port(name))) == 0:
                    found.add(name)
        return found

    def started(self) -> list[str]:
        """What came up, in the order in which it did."""
        return (self.folder / "log").read_text().split()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    project = tmp_path / "project"
    monkeypatch.setattr(assumed, "DEPLOY_FOLDER", str(project))
    ports = free_ports([*prod().services, *prod().stores, "sshd"])
    estate = on_ports(prod(), dict.fromkeys(prod().hosts, "127.0.0.1"), ports)
    for service in estate.services.values():
        script = project / service.entry_point
        script.parent.mkdir(parents=True)
        shutil.copy(STUB, script)
    written(estate, "pm2", project)
    for store in estate.stores.values():
        (tmp_path / f"{assumed.UNITS[store.name]}.port").write_text(str(store.port))
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text(SUDO.format(folder=tmp_path, python=sys.executable))
    sudo.chmod(0o755)
    for key in ("host_key", "key"):
        ran("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / key)
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
        for unit in map(assumed.UNITS.__getitem__, estate.stores):
            stop = [str(sudo), "systemctl", "stop", unit]
            stack.callback(subprocess.run, stop, capture_output=True, check=False)
        retry = ("--retry", "60", "--retry-connrefused", "--http0.9", "-m", "5")
        subprocess.run(
            ["curl", "-s", *retry, f"http://127.0.0.1:{ports['sshd']}"], capture_output=True
        )
        yield Site(estate, tmp_path)


def _variable(name: str) -> str:
    """How a stub logs that it came up."""
    service = prod().services.get(name)
    if service is None:
        return assumed.UNITS[name]
    return next(each for each in service.variables if each.endswith("_SERVICE_PORT"))


def test_eight_services_start_in_order_and_stop_in_reverse(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    order = sequence(site.estate)
    site.order("start")
    assert site.started() == [_variable(name) for name in order]
    assert site.answering() == set(order)
    capsys.readouterr()

    site.order("start")  # everything runs: nothing is restarted
    assert capsys.readouterr().out.count("runs already") == len(order)
    assert len(site.started()) == len(order)

    site.order("stop")
    stopped = [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()]
    assert stopped == [name for name in order[::-1] if name in site.estate.services]
    assert site.answering() == set(site.estate.stores)


def test_a_service_that_does_not_get_well_ends_the_start(site: Site) -> None:
    broken = Path(assumed.DEPLOY_FOLDER) / site.estate.services["core"].entry_point
    broken.write_text("setInterval(() => {}, 1000);\n")  # it runs, and never answers
    with pytest.raises(UsageError, match="start stopped at core on vps-2: the check failed"):
        site.order("start", patience=3)
    assert site.answering() == set(site.estate.stores)
