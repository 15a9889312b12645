"""Everything that a recovery of production needs: files, servers on loopback, variables.

Nothing is missing: each test removes one thing.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import pytest
import yaml
from conftest import CANARIES, SEAL_KEY
from plans import put

from ops import ROOT
from ops.cli.findings import Finding
from ops.recovery.checks import subject
from ops.state import check as state
from rehearsal.api import doors
from rehearsal.prepare import filled

KEYS = ("DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
CLUSTERS = ("kro-prod-db-cluster", "giv-prod-postgresql", "giv-prod-mongodb", "giv-prod-valkey")
DROPLET = "/v2/droplets"
DATABASES = "/v2/databases"
EMPTY = {  # the other lists, which only have to be readable
    "apps": "apps",
    "cdn/endpoints": "endpoints",
    "domains": "domains",
    "firewalls": "firewalls",
    "monitoring/alerts": "policies",
    "projects": "projects",
    "reserved_ips": "reserved_ips",
    "spaces/keys": "keys",
    "account/keys": "ssh_keys",
    "tags": "tags",
    "uptime/checks": "checks",
    "vpcs": "vpcs",
}
REPOSITORIES = (
    *("kro-backend", "kro-frontend", "kro-admin", "kro-devops"),
    *("krogiving/krogiving-backend", "krogiving/krogiving-frontend", "krogiving/giv-admin-new"),
)
OURS = tuple(f"ns{n}.digitalocean.com." for n in (1, 2, 3))
REFUSED = ("REFUSED",)
SPACES = "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>"
PLAN = subject.plan
PLANNED: dict[tuple[str, str], subject.Plan] = {}
PULUMI = """\
#!/bin/sh
case "$1 $2" in
  "version ") echo v3.260.0 ;;
  "plugin ls") echo '{plugins}' ;;
  "stack output") echo '{outputs}' ;;
esac
"""


def ago(hours: float) -> dict[str, str]:
    """A backup of that age."""
    made = datetime.now(UTC) - timedelta(hours=hours)
    return {"created_at": f"{made:%Y-%m-%dT%H:%M:%SZ}"}


def answers() -> dict[str, tuple[int, Any]]:
    """The answers of DigitalOcean and Spaces, by path: status and body."""
    clusters = [_cluster(number, name) for number, name in enumerate(CLUSTERS)]
    droplet = {"id": 7, "name": "kro-prod", "features": ["backups", "private_networking"]}
    account = {"status": "active", "droplet_limit": 25}
    return {
        "/v2/account": (200, {"account": account}),
        DROPLET: (200, {"droplets": [droplet]}),
        f"{DROPLET}/7/backups": (200, {"backups": [ago(30), ago(6)]}),
        DATABASES: (200, {"databases": clusters}),
        **{f"{DATABASES}/{n}/backups": (200, {"backups": [ago(5)]}) for n in range(3)},
        **{f"/v2/{path}": (200, {envelope: []}) for path, envelope in EMPTY.items()},
        **{f"/spaces/{region}": (200, SPACES) for region in ("fra1", "ams3")},
    }


def _cluster(number: int, name: str) -> dict[str, Any]:
    engine = {"mongodb": "mongodb", "valkey": "valkey"}.get(name.rpartition("-")[2], "pg")
    connection = {"password": "" if engine == "mongodb" else "canary-cluster"}
    return {"id": str(number), "name": name, "engine": engine, "connection": connection}


@dataclass
class Far:
    """DigitalOcean, Spaces and the parents of our zones, on loopback."""

    url: str
    names: str
    answers: dict[str, tuple[int, Any]] = field(default_factory=answers)
    servers: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by zone, other than ours


@contextmanager
def far_ends() -> Iterator[Far]:
    """Serve them meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            missing = (404, {"id": "not_found", "message": "not found"})
            status, body = far.answers.get(self.path.partition("?")[0].rstrip("/"), missing)
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            kind = "application/xml" if isinstance(body, str) else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    def names() -> None:
        while True:
            packet, sender = listener.recvfrom(4096)
            if not packet:
                return
            query = dns.message.from_wire(packet)
            zone = query.question[0].name
            servers = far.servers.get(zone.to_text(omit_final_dot=True), OURS)
            answer = dns.message.make_response(query)
            if servers == REFUSED:
                answer.set_rcode(dns.rcode.REFUSED)
            else:
                answer.authority.append(dns.rrset.from_text(zone, 60, "IN", "NS", *servers))
            listener.sendto(answer.to_wire(), sender)

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener,
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
    ):
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()
        far = Far(f"http://127.0.0.1:{server.server_port}", f"{host}:{port}")
        threads = [threading.Thread(target=each) for each in (server.serve_forever, names)]
        for thread in threads:
            thread.start()
        yield far
        server.shutdown()
        listener.sendto(b"", listener.getsockname())
        for thread in threads:
            thread.join()


def repositories(folder: Path) -> Path:
    """Create the repositories that a recovery clones; all of them are one."""
    first = folder / "first"
    identity = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    for command in (("init", "-q", "-b", "main"), ("commit", "-q", "--allow-empty", "-m", "one")):
        first.mkdir(exist_ok=True)
        subprocess.run(["git", *identity, *command], cwd=first, check=True)
    (folder / "krogiving").mkdir()
    for name in REPOSITORIES:
        (folder / f"{name}.git").symlink_to(first / ".git")
    return folder


@dataclass
class Setup:
    """The folder of the stack files, programs on PATH, repositories, and far ends."""

    folder: Path
    far: Far
    patch: pytest.MonkeyPatch

    @property
    def file(self) -> Path:
        """Production's stack file."""
        return self.folder / "Pulumi.prod.yaml"

    @property
    def tools(self) -> Path:
        """The only folder on PATH."""
        return self.folder / "bin"

    def change(self, path: str, value: Any, stack: str = "prod") -> None:
        """Change a setting: `krotrust.droplet.size`."""
        file = self.folder / f"Pulumi.{stack}.yaml"
        document = yaml.safe_load(file.read_text())
        put(document["config"], f"estate:{path}", value)
        file.write_text(yaml.safe_dump(document))

    def pulumi(self, plugins: object = None, outputs: object = None) -> None:
        """Put an engine on PATH that knows these plugins, and a stack with these outputs."""
        installed = [{"name": "digitalocean", "version": version("pulumi-digitalocean")}]
        answers = {
            "plugins": json.dumps(installed if plugins is None else plugins),
            "outputs": json.dumps(outputs or {}),
        }
        self.program("pulumi", PULUMI.format_map(answers))

    def program(self, name: str, text: str = "#!/bin/sh\n") -> None:
        """Put a program on PATH."""
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def refuse(self, *paths: str, status: int = 403) -> None:
        """Have the account refuse these paths."""
        forbidden = {
            "id": "forbidden",
            "message": "You are not authorized to perform this operation",
        }
        denied = "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>"
        for path in paths:
            self.far.answers[path] = (status, denied if path.startswith("/spaces") else forbidden)

    def listed(self, path: str, key: str) -> Any:
        """Return the answer of a path, to be changed."""
        return self.far.answers[path][1][key]

    def report(self, content: object) -> Path:
        """Write the last drift report."""
        file = self.folder / "drift.json"
        file.write_text(json.dumps(content))
        return file


def complete(folder: Path, far: Far, code: Path, patch: pytest.MonkeyPatch) -> Setup:
    """Set up all that is needed."""
    for name, text in _filled().items():
        (folder / name).write_text(text)
    far.answers, far.servers = answers(), {}
    setup = Setup(folder, far, patch)
    setup.tools.mkdir()
    setup.pulumi()
    for name in ("pulumi-language-python", "ssh"):
        setup.program(name)
    (setup.tools / "git").symlink_to(str(shutil.which("git")))
    report = setup.report({"stack": "prod", "unmanagedRecords": []})
    ssh, https = "git@github.com:krotrust/", "https://github.com/"
    environ = {
        "PATH": str(setup.tools),
        "GIT_CONFIG_COUNT": "2",
        **_instead(0, code, ssh),
        **_instead(1, code, https),
        "DIGITALOCEAN_HTTP_RETRY_MAX": "0",
        "ESTATE_DRIFT_REPORT": str(report),
        "ESTATE_NAMESERVER": far.names,
        **dict.fromkeys(KEYS, "canary-key"),
        **CANARIES,
        **SEAL_KEY,
        **doors(far.url),
    }
    for name, value in environ.items():
        patch.setenv(name, value)
    patch.setattr(subject, "plan", _planned)
    # The checks of the state have tests of their own.
    patch.setattr(state, "look", lambda *_: [Finding("state", "stack", "ok", "complete")])
    return setup


@lru_cache
def _filled() -> dict[str, str]:
    """The committed stack files, with made-up values for the missing ones."""
    documents = {file.name: yaml.safe_load(file.read_text()) for file in ROOT.glob("Pulumi.*.yaml")}
    texts = {}
    for name, document in documents.items():
        made = filled(document, [each for other, each in documents.items() if other != name])
        if pencom := made["config"].get("estate:pencom"):
            pencom["hosts"]["vps-1"] = "198.18.0.20"
        texts[name] = yaml.safe_dump(made)
    return texts


def _planned(stack: str, file: Path | None) -> subject.Plan:
    """Plan each text of a stack file once: most tests change none."""
    assert file
    key = (stack, file.read_text())
    if key not in PLANNED:
        PLANNED[key] = PLAN(stack, file)
    return PLANNED[key]


def _instead(number: int, code: Path, beginning: str) -> dict[str, str]:
    """Let git clone URLs with this beginning from a folder."""
    return {
        f"GIT_CONFIG_KEY_{number}": f"url.file://{code}/.insteadOf",
        f"GIT_CONFIG_VALUE_{number}": beginning,
    }
