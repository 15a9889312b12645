"""rendered/ is what the program declares, and a difference from it is one line a change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import STACKS, changed
from plans import rendered_folder
from typer.testing import CliRunner

from ops.__main__ import app
from ops.plan import config, rendered
from ops.plan.changes import Change, keyed
from ops.plan.graph import Graph

Plan = Callable[[str], Graph]


@pytest.fixture(scope="module", autouse=True)
def _written() -> None:
    rendered_folder()


def test_rendered_says_that_nobody_writes_it(plan: Plan) -> None:
    for stack in STACKS:
        for text in rendered.documents(plan(stack)).values():
            assert "do not edit" in text.splitlines()[0]


def test_a_text_of_several_lines_stands_as_such(plan: Plan) -> None:
    text = rendered.documents(plan("prod"))["krotrust"]
    assert "userData: |" in text
    entry = yaml.safe_load(text)["krotrust-droplet"]
    (droplet,) = (item for item in plan("prod").resources if item.name == "krotrust-droplet")
    assert entry["inputs"]["userData"] == droplet.inputs["userData"]
    assert entry["ignoreChanges"] == ["userData", "sshKeys", "image"]


def test_writing_drops_what_no_stack_declares_any_more(tmp_path: Path) -> None:
    stale = tmp_path / "dr" / "pencom.yaml"
    stale.parent.mkdir()
    stale.write_text("pencom-vps-1: {}\n")
    written = rendered.write_all(tmp_path)
    assert not stale.exists()
    assert sorted(written) == sorted(tmp_path.glob("*/*.yaml"))
    assert {file.relative_to(tmp_path): file.read_text() for file in written} == {
        file.relative_to(rendered.FOLDER): file.read_text()
        for file in rendered.FOLDER.glob("*/*.yaml")
    }


def _diff(changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    settings = changed("prod", changes)
    monkeypatch.setattr(config, "load", lambda _: settings)
    done = CliRunner().invoke(app, ["plan", "--diff"])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("changes", "name", "change"),
    [
        (
            {"krotrust.database.nodes": 3},
            "krotrust-database-cluster",
            "inputs.nodeCount: 2 => 3",
        ),
        (
            {"krotrust.droplet.size": "s-8vcpu-16gb"},
            "krotrust-droplet",
            "inputs.size: 's-4vcpu-8gb' => 's-8vcpu-16gb'",
        ),
        (
            {"krotrust.droplet.backups.hour": 8},
            "krotrust-droplet",
            "inputs.backupPolicy.hour: 4 => 8",
        ),
        ({"removals": ["krotrust-droplet"]}, "krotrust-droplet", "protect: True => False"),
        (
            {"pencom.hosts.vps-2": "10.20.0.22"},
            "pencom-vps-2",
            "inputs.address: '10.20.0.12' => '10.20.0.22'",
        ),
        (
            {"krogiving.backend.senderName": "Giving"},
            "krogiving-backend-app",
            "inputs.spec.services.krogiving-backend.envs.SENDER_NAME.value:"
            " 'KROGiving' => 'Giving'",
        ),
    ],
)
def test_a_changed_field_is_one_line_with_the_old_and_the_new_value(
    changes: dict[str, Any], name: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _diff(changes, monkeypatch) == [f"~ {name}  {change}"]


def test_an_added_resource_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"type": "TXT", "name": "@", "value": "v=spf1 -all"}
    assert _diff({"krotrust.records": [record]}, monkeypatch) == [
        "+ krotrust-zone-txt-apex  digitalocean:index/dnsRecord:DnsRecord"
    ]


def test_removed_resources_are_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _diff({"krogiving.admin": None}, monkeypatch)
    gone = [line for line in lines if line.startswith("- ")]
    assert "- krogiving-admin-app  digitalocean:index/app:App" in gone
    assert len(gone) == len(set(gone)) > 2
    assert not [line for line in lines if line.startswith("+ ")]


def test_a_changed_line_of_a_script_is_that_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _diff({"krotrust.certificateEmail": "tls@krotrust.com"}, monkeypatch)
    assert [line.partition("userData: ")[2][0] for line in lines] == ["-", "+"]
    assert all(line.startswith("~ krotrust-droplet  ") for line in lines)
    assert "infrastructure@krotrust.com" in lines[0]
    assert "tls@krotrust.com" in lines[1]


def test_an_item_taken_out_of_a_list_does_not_shift_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = _diff({"krotrust.droplet.tags": ["prod"]}, monkeypatch)
    assert len(lines) == 1
    assert "tags.krotrust: 'krotrust' => None" in lines[0]


def test_items_with_a_name_are_told_apart_by_it() -> None:
    items = [{"key": "A", "value": 1}, {"name": "b"}]
    assert list(keyed(items)) == ["A", "b"]
    assert list(keyed(["x", "y"])) == ["x", "y"]
    assert list(keyed([{"port": 80}, {"port": 443}])) == [0, 1]
    assert list(keyed(["x", "x"])) == [0, 1]


def test_an_order_that_changes_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = _diff({"krotrust.droplet.tags": ["prod", "krotrust"]}, monkeypatch)
    assert line.startswith("~ krotrust-droplet  inputs.tags")


def test_a_setting_that_changes_no_resource_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _diff({"krogiving.records": []}, monkeypatch) == ["no change: rendered/prod is the plan"]


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a\nb", "a\nc", ["key: -b", "key: +c"]),
        ("-- a\nb", "++ c\nb", ["key: --- a", "key: +++ c"]),
        ("a\nb", "a\nb\n", [r"key: 'a\nb' => 'a\nb\n'"]),
        ("a\r\nb", "a\nb", [r"key: 'a\r\nb' => 'a\nb'"]),
    ],
    ids=["a line", "lines that begin like a head", "the last end", "every end"],
)
def test_no_difference_between_two_texts_goes_untold(old: str, new: str, shown: list[str]) -> None:
    assert [*Change("key", old, new).lines()] == shown
