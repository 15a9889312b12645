"""An estate in the stand-in's cloud, for the tests of what goes wrong: begun, broken, counted."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from conftest import CANARIES, SEAL_KEY, Engine

from ops.plan import config
from ops.plan.graph import record
from ops.plan.urn import name_of
from rehearsal import FAULTS_VARIABLE, SPEED_VARIABLE
from rehearsal.cloud import edit, find_key, load

CLOUD = "digitalocean:index/"
UP = ("up", "--yes", "--skip-preview")
KEY = re.compile(r"doctl spaces keys delete (\S+)")
TWIN = re.compile(r" and (\w+) .* \(([^()]+)\)$", re.MULTILINE)


def played(folder: Path, stack: str) -> Engine:
    """Make an engine for an `up`: settings made up as `make rehearse` does, secrets at hand."""
    folder.mkdir()
    engine = Engine(folder, stack)
    engine.ready_for_up()
    engine.environ |= {**CANARIES, **SEAL_KEY}
    return engine


def cloud(engine: Engine) -> dict[str, Any]:
    """What stands in the stand-in's cloud, by `Type/id`."""
    held: dict[str, Any] = load(engine.folder / "cloud.json")["resources"]
    return held


def state(engine: Engine) -> dict[str, str]:
    """The logical name of each cloud resource that the engine's state holds, by `Type/id`."""
    exported = json.loads(engine.run("stack", "export", "--stack", engine.stack).stdout)
    assert not exported["deployment"].get("pending_operations")
    return {
        f"{each['type'].rpartition(':')[2]}/{each['id']}": name_of(each["urn"])
        for each in exported["deployment"].get("resources") or ()
        if each["type"].startswith(CLOUD)
    }


def assert_complete(engine: Engine) -> None:
    """See that plan, state and cloud are one: nothing is lost, twice or unknown to the state."""
    planned = record(config.load(engine.stack, file=engine.file)).resources
    held = state(engine)
    assert sorted(held.values()) == sorted(each.name for each in planned if each.custom)
    assert set(held) == set(cloud(engine))


def assert_settled(engine: Engine) -> None:
    """See that the estate is complete and that, once sealed, a further `up` changes nothing."""
    assert_complete(engine)
    engine.ops("seal")
    quiet(engine.on_stack(*UP, "--expect-no-changes"))


def quiet(done: subprocess.CompletedProcess[str]) -> str:
    """Give what a command printed, in which there is no secret."""
    printed = done.stdout + done.stderr
    assert "canary" not in printed
    assert "EV[" not in printed
    return printed


def plugins(engine: Engine) -> set[psutil.Process]:
    """The processes of this engine's runs: plugins and the program's own."""
    found = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get("PULUMI_BACKEND_URL") == engine.environ["PULUMI_BACKEND_URL"]:
                found.add(process)
        except psutil.Error:  # it ended meanwhile, or is somebody else's
            continue
    return found


@contextmanager
def begun(engine: Engine, made: int, speed: float) -> Iterator[subprocess.Popen[str]]:
    """Lend an `up` that has made so many resources and is at others."""
    target = ("--stack", engine.stack, "--config-file", str(engine.file))
    with subprocess.Popen(
        ["pulumi", *UP, *target, "--json", "--non-interactive"],
        cwd=engine.program,
        env={**engine.environ, SPEED_VARIABLE: str(speed)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        done, making = 0, set()
        for line in process.stdout or ():
            event = json.loads(line) if line.startswith("{") else {}
            if metadata := event.get("resourcePreEvent", {}).get("metadata"):
                making |= {metadata["urn"]} if f"${CLOUD}" in metadata["urn"] else set()
            if metadata := event.get("resOutputsEvent", {}).get("metadata"):
                done += metadata["urn"] in making
                making.discard(metadata["urn"])
            if done >= made and making:
                break
        assert process.poll() is None
        yield process


def kill(engine: Engine, made: int) -> None:
    """Begin an `up`, and kill the engine when it has made so many."""
    with begun(engine, made, speed=60) as process:
        process.kill()
    assert process.returncode == -9


def mend(engine: Engine, *, environ: Mapping[str, str] | None = None) -> str:
    """Mend; where it says what a person has to do, do that, and see that it is content then."""
    done = engine.ops("mend", "--yes", code=None, environ=environ)
    printed = quiet(done)
    assert done.returncode in (0, 2), printed
    if done.returncode == 2:
        told = {("SpacesKey", each) for each in KEY.findall(printed)} | {*TWIN.findall(printed)}
        assert told, printed
        for kind, identity in told:
            forget(engine, kind, identity)
        printed += quiet(engine.ops("mend", "--yes"))
    # A plugin of mend's own last engine may be about to end; one that nobody ends stays.
    _, stay = psutil.wait_procs([*plugins(engine)], 10)
    assert stay == [], stay
    return printed


def forget(engine: Engine, kind: str, identity: str) -> None:
    """Delete one thing by hand."""
    with edit(engine.folder / "cloud.json") as content:
        del content["resources"][find_key(content, kind, value=identity)]


def faults(*ordered: Mapping[str, Any]) -> dict[str, str]:
    """Give the environment in which the stand-in plays these faults."""
    return {FAULTS_VARIABLE: json.dumps(ordered)}
