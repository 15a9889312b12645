"""Every command of the runbook that touches no cloud is run; rehearsals run the others."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from dry_run import Call, manual, offline, rehearsed, stubs, typed
from recoveries import commands, every, known
from typer.testing import CliRunner

from components.facts.krotrust import DATABASE_CA_FILE
from components.facts.pencom import INVENTORY
from ops.__main__ import app
from ops.plan import config
from ops.plan.config import StackConfig
from ops.plan.graph import Graph
from ops.recovery import readiness
from ops.recovery.kinds import ON_PREMISES
from ops.recovery.loss import losable


def _planned(settings: StackConfig) -> Graph:
    return known(settings.stack)[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run commands in; a stack is planned once, and no account is read."""
    for module in ("ops.pencom.inventory", "ops.recovery.command"):
        monkeypatch.setattr(f"{module}.build", _planned)
    monkeypatch.setattr(readiness, "check", lambda *_: [])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", offline())
def test_a_command_without_a_cloud_runs(command: str, folder: Path) -> None:
    words = shlex.split(command)[3:]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    if words[0] == "order":
        assert done.stdout.splitlines()[0].startswith(("note: ", f"{words[1]} order of prod"))
        host = INVENTORY.hosts.get(words[2])
        ordered = {*INVENTORY.services, *INVENTORY.stores}
        names = ordered & {*host.carries} if host else {words[2]}
        assert names
        assert [each for each in names if f". {each} on " not in done.stdout] == []
    if words[0] == "inventory":
        written = [Path(line) for line in done.stdout.splitlines()]
        output = folder / words[-1]
        assert written
        assert all(output in (folder / each).parents for each in written)
        assert all((folder / each).read_text() for each in written)
    if words[0] == "recover":
        assert "Steps" in done.stdout or "--check" in words


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stubs(tmp_path_factory.mktemp("dry") / "bin")


def _facts() -> Iterator[Call]:
    """The calls that a person has to make, from the facts and the stack files alone."""
    prod = config.load("prod").document()
    pencom = prod["estate:pencom"]
    for name, store in INVENTORY.stores.items():
        (host,) = (each for each, facts in INVENTORY.hosts.items() if name in facts.carries)
        place = ("--host", pencom["hosts"][host], "--port")
        port = str(store.port or pencom["storePorts"].get(name))
        for each in store.databases:
            if name == "postgresql":
                yield Call(
                    ("psql", "--set", "ON_ERROR_STOP=1", *place, port, "--dbname", each),
                    f"dump of {each}",
                )
            else:
                dump = f"dump/{each}"
                yield Call(("mongorestore", *place, port, "--drop", "--db", each, dump))
    for system in ("krotrust", "krogiving"):
        yield Call(("dig", "+short", "NS", prod[f"estate:{system}"]["domain"]))
    repository = prod["estate:krogiving"]["backend"]["repository"]
    identity = ("--body", "krogivingBackendId of prod")
    options = ("STAGING_APP_PLATFORM_ID", "--repo", repository, *identity)
    yield Call(("gh", "secret", "set", *options))
    for stack in ("prod", "dr"):
        root = f"root@krotrustAddress of {stack}"
        settings = config.load(stack).document()["estate:krotrust"]
        compose = f"/root/Kro/kro-devops/{settings['composeFolder']}"
        yield Call(("scp", DATABASE_CA_FILE, "production.json", f"{root}:{compose}/"))
        yield Call(("ssh", "-A", root, "kro-start"))
        stop = ("docker", "compose", "--project-directory", compose, "stop", "backend")
        yield Call(("ssh", root, *stop))


def test_manual_commands_have_the_hosts_databases_and_files_of_the_facts(
    programs: Path, tmp_path: Path
) -> None:
    for store in INVENTORY.stores.values():
        for each in store.databases:
            (tmp_path / f"{each}.sql").write_text(f"dump of {each}")
    calls = [typed(command, programs, tmp_path) for command in manual()]
    assert sorted(calls, key=str) == sorted(_facts(), key=str)


def test_the_files_are_copied_to_where_the_droplet_reads_them() -> None:
    (droplet,) = (each for each in known("prod")[1].resources if each.name == "krotrust-droplet")
    script = droplet.inputs["userData"]
    for text in ("KRO_HOME:-/root/Kro}", "KRO_CONFIG_FILE=production.json", DATABASE_CA_FILE):
        assert text in script


def test_all_other_commands_are_of_steps_that_a_rehearsal_runs() -> None:
    """tests/engine/test_recoveries.py runs each step of every loss that is not on premises."""
    _, graph, dependencies = known("prod")
    losses = losable(graph, dependencies)
    cloud = {loss.name for loss in losses if loss.kind not in ON_PREMISES}
    steps = [step for name, taken in every("prod").items() if name in cloud for step in taken]
    assert rehearsed() <= set(commands(steps))
