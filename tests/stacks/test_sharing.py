"""What two stacks of one account may not share is refused in both, with both files and keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import STACKS, changed
from refusals import HIDDEN, mistakes, refusal

from ops import ROOT
from ops.plan import config
from ops.plan.graph import record
from stacks import discovery

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc"
VPC = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"
SEALED = "EV[1:canary:canary]"
# Each of these an account, or the internet, takes once.
ONCE = [
    *("krotrust.domain", "krotrust.vpc.name", "krotrust.vpc.ipRange", "krotrust.droplet.name"),
    *("krotrust.database.name", "krotrust.bucket.name", "krogiving.domain", "krogiving.vpc.name"),
    *("krogiving.vpc.ipRange", "krogiving.backend.app", "krogiving.postgresql.name"),
    *("krogiving.mongodb.name", "krogiving.valkey.name", "krogiving.media.name"),
    *("pencom.hosts.vps-2", "pencom.hosts.vps-1"),
]
Edit = Callable[[str, dict[str, Any]], None]


def _at(stack: str, path: str) -> Any:
    value: Any = config.load(stack).document()
    first, *rest = path.split(".")
    value = value[f"estate:{first}"]
    for part in rest:
        value = value[part]
    return value


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """Change settings in the files that the program finds beside the one it runs."""
    for stack in STACKS:
        shutil.copy(ROOT / f"Pulumi.{stack}.yaml", tmp_path)
    monkeypatch.setattr(discovery, "ROOT", tmp_path)

    def change(stack: str, changes: dict[str, Any]) -> None:
        file = tmp_path / f"Pulumi.{stack}.yaml"
        document = yaml.safe_load(file.read_text())
        for path, value in changes.items():
            *parents, last = path.split(".")
            below = document["config"]
            for number, part in enumerate(parents):
                below = below[part if number else f"estate:{part}"]
            below[last if parents else f"estate:{last}"] = value
        file.write_text(yaml.safe_dump(document))

    return change


@pytest.mark.parametrize("key", ONCE)
def test_what_another_stack_has_is_refused_with_both_files_and_keys(key: str) -> None:
    text = refusal(changed("stage", {key: _at("prod", key)}))
    (mistake,) = mistakes(text, "stage")  # so it names Pulumi.stage.yaml
    assert mistake.key == f"estate:{key}"
    assert f"estate:{key} in Pulumi.prod.yaml" in mistake.allowed
    assert "change one of the two" in mistake.allowed


@pytest.mark.parametrize(
    ("stack", "key", "value", "other"),
    [
        ("stage", "krotrust.vpc.ipRange", "{krotrust}/22", "krotrust.vpc.ipRange in Pulumi.prod"),
        ("stage", "krotrust.vpc.ipRange", "{krotrust}/16", "krotrust.vpc.ipRange in Pulumi.prod"),
        ("prod", "krogiving.vpc.ipRange", "{krotrust}/21", "krotrust.vpc.ipRange in Pulumi.prod"),
        ("prod", "krogiving.media.name", "{bucket}", "krotrust.bucket.name in Pulumi.prod"),
        ("prod", "krogiving.valkey.name", "{cluster}", "krotrust.database.name in Pulumi.prod"),
        ("prod", "krogiving.admin.app", "{app}", "krogiving.frontend.app in Pulumi.prod"),
        (
            "prod",
            "krogiving.backend.aliases",
            ["{host}"],
            "krogiving.backend.aliases.0 in Pulumi.prod",
        ),
        ("prod", "krogiving.backend.aliases", ["api.{dr}"], "krogiving.domain in Pulumi.dr"),
        ("prod", "krogiving.backend.aliases", ["{dr}"], "krogiving.domain in Pulumi.dr"),
        ("stage", "krotrust.domain", "app.{domain}", "krotrust.domain in Pulumi.prod"),
    ],
)
def test_two_values_that_only_meet_are_refused_too(
    stack: str, key: str, value: Any, other: str
) -> None:
    known = {
        "krotrust": str(_at("prod", "krotrust.vpc.ipRange")).partition("/")[0],
        "bucket": _at("prod", "krotrust.bucket.name"),
        "cluster": _at("prod", "krotrust.database.name"),
        "app": _at("prod", "krogiving.frontend.app"),
        "host": _at("prod", "krogiving.admin.host"),
        "dr": _at("dr", "krogiving.domain"),
        "domain": _at("prod", "krotrust.domain"),
    }
    filled = [each.format(**known) for each in value] if isinstance(value, list) else value
    filled = filled.format(**known) if isinstance(filled, str) else filled
    refused = mistakes(refusal(changed(stack, {key: filled})), stack)
    assert [f"estate:{other}.yaml" in each.allowed for each in refused] == [True]


@pytest.mark.parametrize(
    ("theirs", "own", "key"),
    [
        (
            {"krotrust.ssh.publicKey": f"{KEY} one@test"},
            {"krotrust.ssh.publicKey": f"{KEY} two@test"},
            "krotrust.ssh.publicKey",
        ),
        (
            {"krotrust.vpc": {"name": None, "id": VPC, "ipRange": "10.9.0.0/20"}},
            {"krogiving.vpc": {"name": None, "id": VPC, "ipRange": "10.8.0.0/20"}},
            "krogiving.vpc.id",
        ),
        (
            {"krotrust.database.restored": [{"name": "again"}]},
            {"krogiving.mongodb.restored": [{"name": "again"}]},
            "krogiving.mongodb.restored.0.name",
        ),
        (
            {"seals": {"KROGIVING__JWT_SECRET_KEY": {"sealed": SEALED, "fingerprint": "0" * 32}}},
            {"seals": {"KROGIVING__JWT_SECRET_KEY": {"sealed": SEALED, "fingerprint": "1" * 32}}},
            "seals.KROGIVING__JWT_SECRET_KEY.sealed",
        ),
    ],
    ids=["a public key with another comment", "a VPC", "a restored cluster", "a seal"],
)
def test_what_the_committed_files_do_not_have_yet_is_compared_as_well(
    theirs: dict[str, Any], own: dict[str, Any], key: str, edit: Edit
) -> None:
    edit("dr", theirs)
    text = refusal(changed("stage", own))
    (mistake,) = mistakes(text, "stage")
    assert mistake.key == f"estate:{key}"
    assert "Pulumi.dr.yaml" in mistake.allowed
    assert "canary" not in text
    assert mistake.found == HIDDEN or "seals" not in key


def test_two_products_of_a_stack_may_join_one_vpc_that_exists() -> None:
    vpc = {"name": None, "id": VPC, "ipRange": "10.9.0.0/20"}
    assert record(changed("prod", {"krotrust.vpc": vpc, "krogiving.vpc": vpc})).resources


def test_a_stack_may_stand_in_for_another_and_fill_its_databases_from_there(edit: Edit) -> None:
    answers = {f"{each}.answersFor": _at("prod", f"{each}.domain") for each in _PRODUCTS}
    stands_in = {"krotrust.standIn": "198.18.0.1", "krogiving.standIn": True}
    edit("prod", stands_in)
    edit("dr", answers)
    assert record(changed("dr", answers)).resources
    assert record(changed("prod", stands_in)).resources


_PRODUCTS = ("krotrust", "krogiving")


@pytest.mark.parametrize("content", [b"config: [", b"- a\n", b"config: 5\n", b"\xff"])
def test_a_stack_file_that_cannot_be_compared_with_is_named(
    content: bytes, edit: Edit, tmp_path: Path
) -> None:
    edit("dr", {})
    (tmp_path / "Pulumi.dr.yaml").write_bytes(content)
    (mistake,) = mistakes(refusal(changed("stage", {})), "stage")
    assert "Pulumi.dr.yaml" in mistake.found
    assert "Repair Pulumi.dr.yaml" in mistake.allowed


def test_an_invalid_value_is_not_compared_as_well() -> None:
    (mistake,) = mistakes(
        refusal(changed("stage", {"krotrust.vpc.ipRange": "10.0.0.0/8"})), "stage"
    )
    assert mistake.allowed.startswith("a private IPv4 network")
