"""A bucket made public by hand: found through Spaces, told with what mends it, never written."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from command_line import FakePulumi, Project

import rehearsal
from ops.account import acl
from ops.account.client import NoAccessError
from ops.cli.errors import UsageError
from ops.engine.documents import preview
from ops.engine.drifts import CHANGED, Drift
from ops.plan.changes import Change
from rehearsal.spaces import EVERYONE

KEYS = {"SPACES_ACCESS_KEY_ID": "id", "SPACES_SECRET_ACCESS_KEY": "secret"}
OWNER = {"ID": "me", "DisplayName": "me"}
OWN = {"Grantee": OWNER | {"Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


def _cloud(folder: Path, **acls: str) -> dict[str, str]:
    """A rehearsal's cloud with buckets of these ACLs; gives the environment that leads to it."""
    resources = {
        f"SpacesBucket/{name}": {
            "name": name,
            "import_id": f"fra1,{name}",
            "state": {"name": name, "region": "fra1", "acl": live},
        }
        for name, live in acls.items()
    }
    file = folder / "cloud.json"
    file.write_text(json.dumps({"resources": resources}))
    return {**os.environ, **rehearsal.environment(file)}


def _step(name: str, kind: str = acl.BUCKET, op: str = "refresh", **inputs: str) -> dict[str, Any]:
    state = {"type": kind, "inputs": {"name": name, "region": "fra1", **inputs}}
    return {"op": op, "urn": f"urn:pulumi:s::p::a:b:C${kind}::the-{name}", "oldState": state}


def test_each_bucket_of_the_state_is_compared_with_the_live_one(tmp_path: Path) -> None:
    live = {"kept": "private", "opened": "public-read", "shut": "private", "shown": "public-read"}
    steps = [
        _step("opened"),
        _step("kept", acl="private"),
        _step("shut", acl="public-read"),
        _step("shown", acl="public-read"),
        _step("gone", op="delete"),
        _step("opened", kind="digitalocean:index/vpc:Vpc"),
        {"op": "create", "urn": "urn:pulumi:s::p::a:b:C::new"},
    ]
    found = acl.changed(preview({"steps": steps}), _cloud(tmp_path, **live))
    assert [(each.resource, each.change) for each in found] == [
        ("the-opened", Change("acl", "private", "public-read")),
        ("the-shut", Change("acl", "public-read", "private")),
    ]
    first, *_ = found
    keys, command = shlex.split(first.mend)[:2], shlex.split(first.mend)[2:]
    assert keys == [
        "AWS_ACCESS_KEY_ID=$SPACES_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY=$SPACES_SECRET_ACCESS_KEY",
    ]
    assert command[:3] == ["aws", "s3api", "put-bucket-acl"]
    assert dict(zip(command[3::2], command[4::2], strict=True)) == {
        "--bucket": "opened",
        "--acl": "private",
        "--endpoint-url": "https://fra1.digitaloceanspaces.com",
    }


def test_a_bucket_that_is_gone_meanwhile_is_a_refusal_of_spaces(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="GetBucketAcl: 404 NoSuchBucket"):
        acl.changed(preview({"steps": [_step("gone")]}), _cloud(tmp_path))


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        (KEYS, "DIGITALOCEAN_TOKEN"),
        ({"DIGITALOCEAN_TOKEN": "x"}, "SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY"),
    ],
)
def test_without_credentials_it_says_which_are_missing(
    environ: dict[str, str], missing: str
) -> None:
    with pytest.raises(NoAccessError, match=f"^{missing}"):
        acl.changed(preview({"steps": [_step("files")]}), {"PATH": "", **environ})


@pytest.mark.parametrize("answer", [{}, {"steps": None}, {"steps": [_step("x", kind="a:b:C")]}])
def test_without_a_bucket_nobody_is_asked(answer: dict[str, Any]) -> None:
    assert acl.changed(preview(answer), {"PATH": ""}) == []


@pytest.mark.parametrize(
    ("grants", "word"),
    [
        ([], "private"),
        ([({"URI": EVERYONE}, "READ")], "public-read"),
        (
            [({"URI": EVERYONE}, "WRITE"), ({"URI": EVERYONE}, "READ")],
            "READ to AllUsers, WRITE to AllUsers",
        ),
        ([({"ID": "somebody-else"}, "FULL_CONTROL")], "FULL_CONTROL to somebody-else"),
    ],
)
def test_grants_to_others_are_told_one_by_one_where_there_is_no_word_for_them(
    grants: list[tuple[dict[str, str], str]], word: str
) -> None:
    given = [{"Grantee": who, "Permission": what} for who, what in grants]
    assert acl.canned({"Owner": OWNER, "Grants": [OWN, *given]}) == word


def test_the_drift_tells_both_values_and_what_mends_it() -> None:
    change = Change("acl", "private", "public-read")
    found = Drift("files", CHANGED, change, mend="aws s3api")
    assert list(found.lines()) == [
        "files  acl: 'private' => 'public-read'",
        "  an `up` neither sees nor mends it; this does: aws s3api",
    ]
    assert found.as_json() == {
        "resource": "files",
        "kind": "changed",
        "path": "acl",
        "secret": False,
        "old": "private",
        "new": "public-read",
        "mend": "aws s3api",
    }


def test_without_a_spaces_key_a_drift_says_what_it_did_not_look_at(tmp_path: Path) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    pulumi.answer("refresh", out=json.dumps({"steps": [_step("files")]}))
    pulumi.answer("preview", out='{"steps": []}')
    token = {"DIGITALOCEAN_TOKEN": "x"}
    project = Project.copied(tmp_path / "project")
    done = project.ops("drift", "--stack", "stage", path=pulumi.folder, environ=token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("no drift") == 2
    (note,) = done.stderr.splitlines()
    assert note.startswith(
        "note: the ACLs of the buckets were not checked: SPACES_ACCESS_KEY_ID and"
    )
