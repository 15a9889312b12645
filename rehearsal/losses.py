"""How each kind of loss is played: what is gone from the cloud, or does not answer any more."""

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any

import psutil

from rehearsal.cloud import change, find, look
from rehearsal.play import STACK, Play

WRONG = "a-wrong-value-that-somebody-typed"
FOREIGN = {  # a record that no code knows
    "domain": "",
    "type": "MX",
    "name": "@",
    "value": "mail.elsewhere.test.",
    "priority": 10,
    "ttl": 1800,
}


def lose(play: Play, kind: str, name: str) -> None:
    """Play the loss of a kind, `name` as `ops recover` calls it."""
    LOSSES[kind](play, name)


def _identity(play: Play, name: str) -> str:
    """Return where the cloud's file holds what has a logical name."""
    for each in play.export()["deployment"]["resources"]:
        if each["urn"].rpartition("::")[2] == name:
            kind = each["type"].rpartition(":")[2]
            key = find(look(play.stage.cloud), kind, wanted=each["id"])
            if key:
                return key
    raise LookupError(name)


def _cut(play: Play, name: str) -> None:
    """Take a resource out of the cloud, and what stands in it or is of it."""
    key = _identity(play, name)
    identity = key.partition("/")[2]
    with change(play.stage.cloud) as content:
        for each, record in list(content["resources"].items()):
            owners = [record["state"].get(path) for path in ("clusterId", "domain", "bucket")]
            if each == key or identity in owners:
                kind = each.partition("/")[0]
                if each == key or kind not in ("SpacesKey",):
                    del content["resources"][each]


def _corrupt(play: Play, name: str) -> None:
    """Leave a database as it is: what is wrong in it no cloud sees. A cache is gone."""
    key = _identity(play, name)
    if look(play.stage.cloud)["resources"][key]["state"]["engine"] == "valkey":
        _cut(play, name)


def _zone(play: Play, name: str) -> None:
    """Delete a zone that also holds a record that no code knows, after the nightly look."""
    key = _identity(play, name)
    domain = key.partition("/")[2]
    with change(play.stage.cloud) as content:
        state = {**FOREIGN, "domain": domain, "fqdn": domain}
        foreign = {"name": "", "import_id": f"{domain},1", "state": state}
        content["resources"]["DnsRecord/1"] = foreign
    play.must(f"python -m ops drift --stack {STACK} --report drift.json")
    _cut(play, name)


def _region(play: Play, region: str) -> None:
    """Let nothing in a region answer any more; the account still tells of it."""
    with change(play.stage.cloud) as content:
        for record in content["resources"].values():
            if _stands_in(record["state"], region):
                record["down"] = True


def region_back(play: Play) -> None:
    """Let a lost region answer again."""
    with change(play.stage.cloud) as content:
        for record in content["resources"].values():
            record.pop("down", None)


def _stands_in(state: Mapping[str, Any], region: str) -> bool:
    letters = region.rstrip("0123456789")
    return region == state.get("region") or letters == (state.get("spec") or {}).get("region")


def _state(play: Play, _: str) -> None:
    shutil.rmtree(play.stage.folder / "state")
    (play.stage.folder / "state").mkdir()


def _secret(play: Play, key: str) -> None:
    """Rotate a secret to a wrong value, and send it."""
    play.must(f"pulumi config set --stack {STACK} --secret {key}", given=WRONG)
    play.must(f"python -m ops up --stack {STACK} --yes")


def _interrupted(play: Play, _: str) -> None:
    """Kill an `up` at the worst moment: a droplet is made, and no state knows it."""
    _cut(play, "krotrust-droplet")
    with _typed(play, f"exec python -m ops up --stack {STACK} --yes", speed=20) as shell:
        while not any(key.startswith("Droplet/") for key in look(play.stage.cloud)["resources"]):
            time.sleep(0.05)
            if shell.poll() is not None:
                raise RuntimeError("the `up` ended before it could be killed")
        for process in psutil.Process(shell.pid).children(recursive=True):
            if process.name() == "pulumi":
                process.kill()
        shell.kill()


@contextmanager
def _typed(play: Play, command: str, speed: float) -> Any:
    with subprocess.Popen(  # noqa: S603
        ["bash", "-c", command],  # noqa: S607
        cwd=play.project,
        env=play.environment(speed),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as shell:
        yield shell


LOSSES: Mapping[str, Callable[[Play, str], None]] = {
    "droplet": _cut,
    "database": _corrupt,
    "app": _cut,
    "zone": _zone,
    "bucket": _cut,
    "part": _cut,
    "region": _region,
    "state": _state,
    "up": _interrupted,
    "secret": _secret,
}
