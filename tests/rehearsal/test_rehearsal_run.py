"""A rehearsed `up` without the engine: what it makes up, what it hides, how it fails."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import STACKS
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from ops import ROOT
from ops.plan import config
from ops.plan.graph import record
from rehearsal import prepare, run
from stacks import required_values

CATALOGUE = [
    {"key": "KROGIVING__JWT_SECRET_KEY", "neededByUp": True},
    {"key": "ESTATE__SEAL_KEY", "neededByUp": True},
    {"key": "PENCOM__ORACLE_PASSWORD", "neededByUp": False},
]
URN = "urn:pulumi:stage::estate::"


@pytest.fixture
def _a_loop() -> None:
    """The SDK's mocks want an event loop, and `asyncio.run` in a test before leaves none."""
    asyncio.set_event_loop(asyncio.new_event_loop())


def _nulls(value: Any, path: str = "") -> Iterator[str]:
    if value is None:
        yield path
    for key, each in value.items() if isinstance(value, dict) else ():
        yield from _nulls(each, f"{path}.{key}" if path else key)


@pytest.mark.usefixtures("_a_loop")
@pytest.mark.parametrize("stack", STACKS)
def test_the_copy_lacks_nothing_and_the_tracked_file_stays_as_it_was(
    stack: str, tmp_path: Path
) -> None:
    tracked = {path: path.read_bytes() for path in ROOT.glob("Pulumi*.yaml")}
    stage = prepare.prepare(stack, tmp_path / stack, CATALOGUE)
    assert {path: path.read_bytes() for path in tracked} == tracked

    # A null is a value that is not known yet only in these; elsewhere it says that there is none.
    open_keys = (
        *("publicKey", "paystackPublicKey", "splitApiKey", "highlightProjectId"),
        *("cloudinaryCloudName", "cloudinaryUploadPreset"),
    )
    committed = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    none = {key for key in _nulls(committed) if not key.endswith(open_keys)}
    assert none < {*_nulls(committed)}
    assert set(_nulls(yaml.safe_load(stage.file.read_text())["config"])) == none

    # The program itself takes it all, and misses no setting.
    graph = record(config.load(stack, stage.folder))
    texts = [json.dumps(resource.inputs, default=str) for resource in graph.resources]
    assert texts
    assert not any("[estate:" in text for text in texts)
    allowed = config.load(stack, stage.folder).values["estate:krotrust"]
    networks = json.loads(allowed)["ssh"]["allowList"]
    assert all(ip_network(each).subnet_of(ip_network("198.18.0.0/15")) for each in networks)  # type: ignore[arg-type]


def test_the_placeholders_are_those_that_an_up_stops_for() -> None:
    assert prepare.PLACEHOLDERS == required_values.PLACEHOLDERS


@settings(deadline=None)  # a machine may be busy
@given(
    st.sampled_from([each for each in prepare.PLACEHOLDERS if each.version == 4]),
    st.integers(24, 32),
    st.integers(0, 255),
)
def test_a_placeholder_network_keeps_its_size_and_any_other_text_stays(
    reserved: Any, prefix: int, host: int
) -> None:
    network = ip_network((int(reserved.network_address) + host, prefix), strict=False)
    moved = prepare.filled({"config": {"a": [str(network), "x/y", "10.0.0.0/8"]}}, [])
    text, *others = moved["config"]["a"]
    assert ip_network(text).prefixlen == prefix
    assert ip_network(text).subnet_of(ip_network("198.18.0.0/15"))  # type: ignore[arg-type]
    assert others == ["x/y", "10.0.0.0/8"]


def test_the_copy_takes_over_no_seal_no_credential_and_nothing_encrypted() -> None:
    document = {
        "encryptionsalt": "v1:real",
        "config": {
            "estate:seals": {"KROGIVING__JWT_SECRET_KEY": {"sealed": "EV[1:real]"}},
            "estate:KROGIVING__JWT_SECRET_KEY": {"secure": "real"},
            "digitalocean:token": "real",
            "estate:krogiving": {
                "inner": {"secure": "real"},
                "unset": None,
                "kept": 1,
                "standIn": None,
            },
        },
    }
    assert prepare.filled(document, []) == {
        "config": {
            "estate:krogiving": {
                "inner": "rehearsal-inner",
                "unset": "rehearsal-unset",
                "kept": 1,
                "standIn": None,  # a choice, and nothing that nobody has told yet
            }
        }
    }


def test_no_secret_and_no_real_credential_reaches_the_engine_or_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in CATALOGUE:
        monkeypatch.setenv(str(row["key"]), "real")
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "real")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "real")
    monkeypatch.setenv("PULUMI_OPTION_STACK", "real")
    stage = prepare.prepare("stage", tmp_path / "a folder", CATALOGUE)
    environ = stage.environment(speed=60)
    assert "real" not in environ.values()
    assert environ["DIGITALOCEAN_TOKEN"] == "rehearsal"
    assert environ["REHEARSAL_SPEED"] == "60"
    assert environ["PULUMI_BACKEND_URL"] == (tmp_path / "a folder" / "state").as_uri()
    assert "PENCOM__ORACLE_PASSWORD" not in environ
    assert set(stage.secrets) == {"KROGIVING__JWT_SECRET_KEY", "ESTATE__SEAL_KEY"}
    shown = [repr(stage), *stage.lines(), stage.file.read_text()]
    assert not [text for text in shown for secret in stage.secrets.values() if secret in text]
    assert f"'{tmp_path / 'a folder' / 'cloud.json'}'" in stage.lines()[0]


def test_making_it_anew_empties_that_folder_and_no_other(tmp_path: Path) -> None:
    for name in ("stage", "prod"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "left").touch()
    prepare.prepare("stage", tmp_path / "stage", CATALOGUE)
    assert not (tmp_path / "stage" / "left").exists()
    assert (tmp_path / "prod" / "left").exists()


def test_without_the_engine_it_says_where_to_get_it_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run.rehearse("stage", 0, tmp_path / "folder") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "https://www.pulumi.com/docs/install/" in said.err
    assert not (tmp_path / "folder").exists()


def _fake_engine(folder: Path, monkeypatch: pytest.MonkeyPatch, up: str) -> None:
    """Put a `pulumi` on PATH that makes a stack and then does `up`, a shell script."""
    folder.mkdir()
    script = folder / "pulumi"
    script.write_text(f'#!/bin/sh\ncase "$*" in *"stack init"*) exit 0 ;; esac\n{up}\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_the_engine_s_error_and_exit_code_are_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    urn = f"{URN}estate:product:KroTrust::krotrust"
    events = [
        {"resourcePreEvent": {"metadata": {"urn": urn, "op": "create"}}},
        {"resOpFailedEvent": {"metadata": {"urn": urn, "op": "create"}}},
        {"diagnosticEvent": {"severity": "error", "message": "422: no such size\n"}},
        {"diagnosticEvent": {"severity": "debug", "message": "chatter"}},
    ]
    said = "".join(f"{json.dumps(event)}\n" for event in events) + "no event\n"
    _fake_engine(tmp_path / "bin", monkeypatch, f"cat <<'END'\n{said}END\nexit 7")
    assert run.rehearse("stage", 0, tmp_path / "folder") == 7
    shown = capsys.readouterr()
    first, *others = shown.out.splitlines()
    assert "rehearsal cloud" in first
    assert str(tmp_path / "folder" / "cloud.json") in first
    assert any("krotrust FAILED" in line for line in others)
    assert any("pulumi preview --stack stage" in line for line in others)
    assert "error: 422: no such size" in shown.err
    assert "no event" in shown.err
    assert "chatter" not in shown.out + shown.err


def test_a_stack_without_a_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fake_engine(tmp_path / "bin", monkeypatch, "exit 9")
    assert run.rehearse("../etc", 0, tmp_path / "folder") == 1
    assert "known stacks are" in capsys.readouterr().err
    with pytest.raises(prepare.CannotRehearse, match="known stacks are"):
        prepare.prepare("../etc", tmp_path / "folder", CATALOGUE)
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config: [", "is not YAML"),
        ("- a", "is no stack file"),
        ("config: [a]", "is no stack file"),
    ],
)
def test_another_stack_s_file_that_is_broken_is_said(text: str, told: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.stage.yaml"):
        (root / name).write_bytes((ROOT / name).read_bytes())
    (root / "Pulumi.dr.yaml").write_text(text)
    with pytest.raises(prepare.CannotRehearse, match=rf"^Pulumi\.dr\.yaml {told}"):
        prepare.prepare("stage", tmp_path / "folder", CATALOGUE, root)


def test_a_terminal_that_cannot_redraw_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # what writes is a terminal
    monkeypatch.setenv("TERM", "dumb")
    with run._shown(run.Progress([])) as show:
        show("krotrust 1/2")
    assert capsys.readouterr().out == "krotrust 1/2\n"


def test_the_progress_counts_by_system_and_names_what_is_being_made() -> None:
    plan = [
        {"urn": "a", "name": "krotrust-vpc", "system": "krotrust", "custom": True},
        {"urn": "b", "name": "krotrust-droplet", "system": "krotrust", "custom": True},
        {"urn": "c", "name": "pencom-core", "system": "pencom", "custom": False},
    ]
    progress = run.Progress(plan)

    def follow(kind: str, urn: str) -> str | None:
        return progress.follow({kind: {"metadata": {"urn": urn}}})

    assert follow("resourcePreEvent", "the stack itself") is None
    assert follow("resourcePreEvent", "a") is None
    assert follow("resourcePreEvent", "b") is None
    line = follow("resOutputsEvent", "a")
    assert line is not None
    assert line.split() == ["krotrust", "1/2", "krotrust-vpc"]
    console = Console(width=120)
    with console.capture() as drawn:
        console.print(progress)
    krotrust, pencom = (row.split() for row in drawn.get().splitlines())
    assert (krotrust[0], *krotrust[-2:]) == ("krotrust", "1/2", "krotrust-droplet")
    assert (pencom[0], pencom[-1]) == ("pencom", "0/1")


def test_the_log_lies_beside_the_cloud_and_the_lines_name_this_python(tmp_path: Path) -> None:
    stage = prepare.prepare("stage", tmp_path / "stage", CATALOGUE)
    assert stage.log == tmp_path / "stage" / "cloud.json.log"
    assert prepare.short(Path(sys.executable)) in stage.lines()[0]
