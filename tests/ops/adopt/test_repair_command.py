"""`ops repair` up to where the engine would be asked to import: what it says, and when it stops."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
from command_line import FakePulumi, Project

from ops.account.client import Account
from ops.adopt import repair
from ops.plan.graph import Graph
from rehearsal import TOKEN

NETWORK = "00000000-0000-4000-8000-000000000001"
VPC = {"id": NETWORK, "name": "kro-stage", "region": "fra1", "ipRange": "10.116.0.0/20"}
URN = "urn:pulumi:stage::estate::estate:krotrust:KroTrust$digitalocean:index/{}::{}"
GROUP = {"urn": "urn:pulumi:stage::estate::g::g", "type": "estate:group:G", "custom": False}
STACK = {"urn": "urn:pulumi:stage::estate::s::s", "type": "pulumi:pulumi:Stack", "custom": False}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pulumi(tmp_path: Path) -> FakePulumi:
    return FakePulumi(tmp_path / "bin")


@pytest.fixture
def run(tmp_path: Path, pulumi: FakePulumi) -> Run:
    """Mend the stage stack of a copy, in an account of the stand-in."""
    project = Project.copied(tmp_path / "project")
    path = os.pathsep.join(map(str, (pulumi.folder, project.folder / "rehearsal" / "bin")))
    environ = {
        "PATH": path,
        "REHEARSAL_CLOUD": str(tmp_path / "cloud.json"),
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "DIGITALOCEAN_TOKEN": TOKEN,
    }

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return project.ops("mend", "--stack", "stage", *arguments, environ={**environ, **more})

    return run


def account(folder: Path, *things: tuple[str, dict[str, Any]]) -> None:
    """Put things into the account: the type, and the state with its id."""
    resources = {
        f"{kind}/{state['id']}": {"name": "", "import_id": state["id"], "state": state}
        for kind, state in things
    }
    (folder / "cloud.json").write_text(json.dumps({"resources": resources}))


def left(pulumi: FakePulumi, *resources: dict[str, Any], **pending: str) -> None:
    """Say what the engine exports: a state, and what was interrupted by logical name."""
    operations = [
        {"type": op, "resource": {"urn": URN.format("vpc:Vpc", name.replace("_", "-"))}}
        for name, op in pending.items()
    ]
    deployment = {"resources": resources, "pending_operations": operations}
    pulumi.answer("stack export", out=json.dumps({"deployment": deployment}))


def asked(pulumi: FakePulumi) -> list[str]:
    return [" ".join(call["arguments"][:2]) for call in pulumi.calls]


@pytest.mark.parametrize("resources", [(), (STACK,)], ids=["nothing", "the stack alone"])
def test_a_stack_that_never_began_is_no_case_for_it(
    resources: tuple[dict[str, Any], ...], run: Run, pulumi: FakePulumi, tmp_path: Path
) -> None:
    account(tmp_path, ("Vpc", VPC))
    left(pulumi, *resources)
    done = run("--yes")
    assert done.returncode == 1
    assert "`python -m ops adopt --stack stage`" in done.stderr
    assert asked(pulumi) == ["stack export"]


def test_a_lost_database_that_was_being_changed_is_not_forgotten(
    run: Run, pulumi: FakePulumi, tmp_path: Path
) -> None:
    account(tmp_path)
    kind = "digitalocean:index/databaseCluster:DatabaseCluster"
    urn = f"urn:pulumi:prod::estate::estate:krotrust:KroTrust${kind}::krotrust-database-cluster"
    held = {"urn": urn, "type": kind, "custom": True, "id": NETWORK, "inputs": {"engine": "pg"}}
    operations = [{"type": "updating", "resource": held}]
    deployment = {"resources": [held], "pending_operations": operations}
    pulumi.answer("stack export", out=json.dumps({"deployment": deployment}))
    steps = [{"op": "delete", "urn": urn, "oldState": held}]
    pulumi.answer("refresh", out=json.dumps({"steps": steps}))
    done = run("--yes", "--stack", "prod")
    assert done.returncode == 1
    assert "python -m ops recover krotrust-database-cluster --stack prod" in done.stderr
    (looked,) = [call["arguments"] for call in pulumi.calls if call["arguments"][0] == "refresh"]
    assert looked[1] == "--preview-only"
    assert urn in looked


def test_the_stand_in_mends_no_other_state_than_its_own(run: Run, pulumi: FakePulumi) -> None:
    left(pulumi, GROUP)
    done = run("--yes", PULUMI_BACKEND_URL="s3://the-real-one")
    assert done.returncode == 1
    assert "the state is not its own" in done.stderr
    assert pulumi.calls == []


@pytest.mark.parametrize("arguments", [(), ("--choose", "krotrust-vpc=none")])
def test_it_tells_what_it_found_and_changes_nothing_without_a_yes(
    arguments: tuple[str, ...], run: Run, pulumi: FakePulumi, tmp_path: Path
) -> None:
    account(tmp_path, ("Vpc", VPC))
    gone = {"urn": URN.format("tag:Tag", "old-tag"), "type": "d", "custom": True, "id": "old"}
    left(pulumi, GROUP, gone, krotrust_vpc="creating", old_tag="deleting")
    done = run(*arguments)
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert "interrupted\n  krotrust-vpc: while creating\n  old-tag: while deleting" in done.stdout
    found = f"to import\n  krotrust-vpc = Vpc kro-stage ({NETWORK})"
    assert (found in done.stdout) is not bool(arguments)
    assert "to read again\n  old-tag" in done.stdout
    assert set(asked(pulumi)) == {"stack export"}


def test_a_resource_that_an_up_would_delete_is_read_again_only_with_consent(
    run: Run, pulumi: FakePulumi, tmp_path: Path
) -> None:
    account(tmp_path)
    unplanned = {"urn": URN.format("tag:Tag", "old-tag"), "type": "d", "custom": True, "id": "old"}
    left(pulumi, unplanned)
    done = run()
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert set(asked(pulumi)) == {"stack export"}


def test_it_says_that_there_is_nothing_to_repair(run: Run, pulumi: FakePulumi) -> None:
    left(pulumi, GROUP)
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["nothing to repair"]


@pytest.mark.parametrize("text", ["", "{}"])
def test_an_empty_description_of_a_state_on_this_disk_is_taken_away(
    text: str, run: Run, pulumi: FakePulumi, tmp_path: Path
) -> None:
    left(pulumi, GROUP)
    file = tmp_path / "state" / ".pulumi" / "stacks" / "estate" / "stage.json.attrs"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    done = run()
    assert file.exists() is bool(text)
    assert (f"removed: {file}, which" in done.stdout) is not bool(text)


@pytest.mark.parametrize("replaced", [True, False])
def test_one_that_was_replaced_and_is_still_to_be_deleted_is_no_twin(
    replaced: bool, run: Run, pulumi: FakePulumi, tmp_path: Path
) -> None:
    new = VPC["id"].replace("1", "2")
    account(tmp_path, ("Vpc", VPC), ("Vpc", {**VPC, "id": new}))
    urn = URN.format("vpc:Vpc", "krotrust-vpc")
    held = {"urn": urn, "type": "digitalocean:index/vpc:Vpc", "custom": True, "id": new}
    old = {**held, "id": NETWORK, "delete": True}
    left(pulumi, GROUP, held, *([old] if replaced else []))
    done = run()
    assert done.returncode == (0 if replaced else 2), done.stderr
    twins = f"krotrust-vpc: Vpc kro-stage ({new}) and Vpc kro-stage ({NETWORK})"
    assert (twins in done.stdout) is not replaced


def locked(host: str, pid: int) -> str:
    return (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es)"
        " to end or delete the lock file with `pulumi cancel`.\n"
        f"  file:///x/{quote(host)}.json: created by somebody@{host} (pid {pid}) at 2000-01-01"
    )


def test_the_lock_of_a_dead_engine_is_taken_away(run: Run, pulumi: FakePulumi) -> None:
    left(pulumi, GROUP)
    dead = subprocess.Popen(["true"])
    dead.wait()
    pulumi.answer("stack import", code=255, err=locked(socket.gethostname(), dead.pid))
    done = run()
    assert asked(pulumi)[-3:] == ["stack import", "cancel --stack", "stack import"]
    told = f"released: the lock on stage of an engine that has ended, pid {dead.pid}"
    assert told in done.stdout.splitlines()


def test_the_lock_of_another_host_is_let_be(run: Run, pulumi: FakePulumi) -> None:
    left(pulumi, GROUP)
    pulumi.answer("stack import", code=255, err=locked("elsewhere", 7))
    done = run("--yes")
    assert done.returncode == 1
    assert "an engine is running on stage: elsewhere, pid 7" in done.stderr
    assert "cancel --stack" not in asked(pulumi)
    assert "released" not in done.stdout


def test_one_dead_engine_among_several_releases_no_lock(run: Run, pulumi: FakePulumi) -> None:
    left(pulumi, GROUP)
    dead = subprocess.Popen(["true"])
    dead.wait()
    both = locked(socket.gethostname(), dead.pid) + locked("elsewhere", 7)
    pulumi.answer("stack import", code=255, err=both)
    done = run("--yes")
    assert "an engine is running on stage: elsewhere, pid 7" in done.stderr
    assert "cancel --stack" not in asked(pulumi)


def test_the_lock_of_a_living_engine_is_let_be(
    run: Run, pulumi: FakePulumi, tmp_path: Path
) -> None:
    left(pulumi, GROUP)
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\necho\nread line\n")
    program.chmod(0o755)
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout
        living.stdout.readline()
        host = socket.gethostname()
        pulumi.answer("stack import", code=255, err=locked(host, living.pid))
        done = run("--yes")
        assert living.poll() is None
    assert done.returncode == 1
    assert f"{host}, pid {living.pid}" in done.stderr
    assert "cancel --stack" not in asked(pulumi)


def test_another_error_of_the_import_is_told_in_the_engine_s_words(
    run: Run, pulumi: FakePulumi
) -> None:
    left(pulumi, GROUP)
    pulumi.answer("stack import", code=255, err="error: [409] Conflict: another update")
    done = run("--yes")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr == "error: pulumi stack import: [409] Conflict: another update\n"


@pytest.mark.parametrize("keys", [["FIRST"], ["FIRST", "SECOND"]])
def test_a_key_whose_secret_was_told_once_is_to_be_revoked(
    keys: list[str], run: Run, pulumi: FakePulumi, tmp_path: Path, plan: Callable[[str], Graph]
) -> None:
    (name,) = (r.inputs["name"] for r in plan("stage").resources if r.type.endswith(":SpacesKey"))
    account(tmp_path, *(("SpacesKey", {"id": key, "name": name, "grants": []}) for key in keys))
    left(pulumi, GROUP)
    done = run("--yes")
    assert done.returncode == 2
    assert re.findall("doctl spaces keys delete (.*)", done.stdout) == keys
    assert "--choose" not in done.stdout


def test_what_is_still_being_made_is_told_from_what_is_ready() -> None:
    lists = {
        "droplets": [{"id": 1, "status": "new"}, {"id": 2, "status": "active"}],
        "clusters": [
            {"id": "a", "status": "creating"},
            {"id": "b", "status": "resizing"},
            {"id": "h", "status": "forking"},  # it is being filled from a backup
        ],
        "apps": [
            {"id": "c", "pending_deployment": {"id": "d"}},
            {"id": "e", "in_progress_deployment": {"id": "d"}, "active_deployment": {"id": "f"}},
            {"id": "g"},  # its first deployment failed: nothing more will come
        ],
    }
    there = mock.Mock(spec=Account, read=lists.__getitem__)
    assert [*repair.being_created(there)] == [
        ("Droplet", "1"),
        ("DatabaseCluster", "a"),
        ("DatabaseCluster", "h"),
        ("App", "c"),
    ]
