"""Simulates each kind of loss: what is deleted from the cloud, or no longer answers."""

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any

import psutil

from rehearsal.cloud import edit, find_key, load
from rehearsal.sandbox import STACK, Sandbox

WRONG_VALUE = "a-wrong-value-that-a-person-typed"
UNMANAGED_RECORD = {  # a record that the code does not declare
    "domain": "",
    "type": "MX",
    "name": "@",
    "value": "mail.elsewhere.test.",
    "priority": 10,
    "ttl": 1800,
}


def lose(sandbox: Sandbox, kind: str, name: str) -> None:
    """Simulate a loss, with `kind` and `name` as `ops recover` prints them."""
    LOSSES[kind](sandbox, name)


def _cloud_key(sandbox: Sandbox, name: str) -> str:
    """Return the key in the cloud's file of the resource with a logical name."""
    for each in sandbox.export()["deployment"]["resources"]:
        if each["urn"].rpartition("::")[2] == name:
            kind = each["type"].rpartition(":")[2]
            key = find_key(load(sandbox.workspace.cloud), kind, value=each["id"])
            if key:
                return key
    raise LookupError(name)


def _delete(sandbox: Sandbox, name: str) -> None:
    """Delete a resource from the cloud, with the resources in it. Keys of a bucket stay."""
    key = _cloud_key(sandbox, name)
    identity = key.partition("/")[2]
    with edit(sandbox.workspace.cloud) as content:
        for each, record in list(content["resources"].items()):
            owners = [record["state"].get(path) for path in ("clusterId", "domain", "bucket")]
            if each == key or (identity in owners and not each.startswith("SpacesKey/")):
                del content["resources"][each]


def _corrupt(sandbox: Sandbox, name: str) -> None:
    """Leave a database as it is: the cloud cannot see corrupt data. Delete a cache."""
    key = _cloud_key(sandbox, name)
    if load(sandbox.workspace.cloud)["resources"][key]["state"]["engine"] == "valkey":
        _delete(sandbox, name)


def _zone(sandbox: Sandbox, name: str) -> None:
    """Delete a zone that also had an unmanaged record, which the nightly drift report lists."""
    key = _cloud_key(sandbox, name)
    domain = key.partition("/")[2]
    with edit(sandbox.workspace.cloud) as content:
        state = {**UNMANAGED_RECORD, "domain": domain, "fqdn": domain}
        record = {"name": "", "import_id": f"{domain},1", "state": state}
        content["resources"]["DnsRecord/1"] = record
    sandbox.output(f"python -m ops drift --stack {STACK} --report drift.json")
    _delete(sandbox, name)


def _region(sandbox: Sandbox, region: str) -> None:
    """Stop everything in a region from answering; the account still lists it."""
    with edit(sandbox.workspace.cloud) as content:
        for record in content["resources"].values():
            if _is_in(record["state"], region):
                record["down"] = True


def region_back(sandbox: Sandbox) -> None:
    """Let a lost region answer again."""
    with edit(sandbox.workspace.cloud) as content:
        for record in content["resources"].values():
            record.pop("down", None)


def _is_in(state: Mapping[str, Any], region: str) -> bool:
    letters = region.rstrip("0123456789")
    return region == state.get("region") or letters == (state.get("spec") or {}).get("region")


def _state(sandbox: Sandbox, _: str) -> None:
    shutil.rmtree(sandbox.workspace.folder / "state")
    (sandbox.workspace.folder / "state").mkdir()


def _secret(sandbox: Sandbox, key: str) -> None:
    """Set a secret to a wrong value, and deploy it."""
    sandbox.output(f"pulumi config set --stack {STACK} --secret {key}", stdin=WRONG_VALUE)
    sandbox.output(f"python -m ops up --stack {STACK} --yes")


def _interrupted(sandbox: Sandbox, _: str) -> None:
    """Kill an `up` at the worst moment: a droplet exists that no state has."""
    _delete(sandbox, "krotrust-droplet")
    with _running(sandbox, f"exec python -m ops up --stack {STACK} --yes", speed=20) as shell:
        while not any(
            key.startswith("Droplet/") for key in load(sandbox.workspace.cloud)["resources"]
        ):
            time.sleep(0.05)
            if shell.poll() is not None:
                raise RuntimeError("the `up` ended before it could be killed")
        for process in psutil.Process(shell.pid).children(recursive=True):
            if process.name() == "pulumi":
                process.kill()
        shell.kill()


@contextmanager
def _running(sandbox: Sandbox, command: str, speed: float) -> Any:
    with subprocess.Popen(  # noqa: S603
        ["bash", "-c", command],  # noqa: S607
        cwd=sandbox.project,
        env=sandbox.environment(speed),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as shell:
        yield shell


LOSSES: Mapping[str, Callable[[Sandbox, str], None]] = {
    "droplet": _delete,
    "database": _corrupt,
    "app": _delete,
    "zone": _zone,
    "bucket": _delete,
    "part": _delete,
    "region": _region,
    "state": _state,
    "up": _interrupted,
    "secret": _secret,
}
