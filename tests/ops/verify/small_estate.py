"""A small estate in the stand-in's cloud, and the state that an `up` of it recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ops.cli.findings import Finding
from ops.engine.documents import State
from ops.plan.urn import Urn
from ops.verify.recorded import Check, Recorded
from rehearsal.cloud import fill

DROPLET = {
    "name": "kro",
    "image": "ubuntu-24-04-x64",
    "size": "s-1vcpu-1gb",
    "region": "fra1",
    "status": "active",
    "ipv4Address": "198.18.0.7",
    "ipv4AddressPrivate": "10.1.0.7",
    "backups": True,
    "backupPolicy": {"plan": "daily", "hour": 4},
}
CLUSTER = {
    "version": "1",
    "size": "db-s-1vcpu-1gb",
    "region": "fra1",
    "nodeCount": 1,
    "user": "doadmin",
    "password": "x",
    "database": "defaultdb",
    "storageSizeMib": "1",
    "port": 1,
    "host": "127.0.0.1",
}
INGRESS = "giv-1.apps.rehearsal.test"
INGRESS_ADDRESS = fill("{public_ip}", "a-1", {})
APP = {
    "defaultIngress": f"https://{INGRESS}",
    "liveDomain": "giv.test",
    "activeDeploymentId": "d-1",
    "spec": {
        "name": "giv",
        "domainNames": [{"name": each} for each in ("giv.test", "www.giv.test", "api.giv.test")],
        "services": [{"name": "giv", "healthCheck": {"httpPath": "/health"}}],
    },
}


def _record(number: int, domain: str, name: str, kind: str, value: str, **more: Any) -> Any:
    fields = {"domain": domain, "name": name, "type": kind, "value": value, "ttl": 300, **more}
    return {f"DnsRecord/{number}": fields}


STATES: Mapping[str, Mapping[str, Any]] = {
    "Droplet/7": DROPLET,
    "Domain/kro.test": {"name": "kro.test", "ttl": 1800},
    "Domain/giv.test": {"name": "giv.test", "ttl": 1800},
    **_record(1, "kro.test", "api", "A", "198.18.0.7"),
    **_record(2, "kro.test", "@", "CAA", "letsencrypt.org.", flags=0, tag="issue"),
    **_record(3, "kro.test", "old", "CNAME", "api.kro.test."),
    **_record(4, "kro.test", "@", "MX", "mail.test.", priority=1),
    "UptimeCheck/1": {"name": "c", "target": "https://api.kro.test/health", "type": "https"},
    "UptimeCheck/2": {"name": "d", "target": "https://www.giv.test", "type": "https"},
    "DatabaseCluster/pg": {**CLUSTER, "name": "pg", "engine": "pg"},
    "DatabaseCluster/mongo": {**CLUSTER, "name": "mongo", "engine": "mongodb"},
    "DatabaseCluster/cache": {**CLUSTER, "name": "cache", "engine": "valkey"},
    **{
        f"DatabaseFirewall/{each}": {
            "clusterId": each,
            "rules": [
                {"type": "droplet", "value": "7"},
                {"type": "ip_addr", "value": "10.1.0.0/20"},
            ],
        }
        for each in ("pg", "mongo", "cache")
    },
    "App/a-1": APP,
}


def whole() -> dict[str, Any]:
    """The cloud, by `Type/id`, with everything in it."""
    return {
        key: {"name": "", "import_id": "", "state": json.loads(json.dumps(state))}
        for key, state in STATES.items()
    }


def write(file: Path, resources: Mapping[str, Any]) -> None:
    """Write the cloud's file."""
    file.write_text(json.dumps({"resources": resources}))


def state_of(resources: Mapping[str, Any]) -> Recorded:
    """The state that an `up` would have recorded of a cloud."""
    return Recorded("tiny", list(_recorded(resources)))


def _recorded(resources: Mapping[str, Any]) -> Iterator[State]:
    for key, record in resources.items():
        kind, _, identity = key.partition("/")
        type_, state = f"digitalocean:index/{kind}:{kind}", record["state"]
        urn = Urn(f"urn:pulumi:tiny::estate::{type_}::the-{identity}")
        yield State(urn, type_, identity, True, inputs=state, outputs=state)


def run(checks: Iterable[Check]) -> dict[str, Finding]:
    """The findings of checks, each by its part and name; none comes twice."""
    findings = [each for check in checks for each in check()]
    by_name = {f"{each.part}: {each.name}": each for each in findings}
    assert len(by_name) == len(findings)
    return by_name


def bad(results: Mapping[str, Finding]) -> dict[str, str]:
    """What is bad, and why."""
    return {name: each.detail for name, each in results.items() if each.state == "bad"}
