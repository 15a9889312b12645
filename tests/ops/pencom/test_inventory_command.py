"""`ops inventory`: where it reads from, where it writes to, and what it refuses."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inventories import inventory_of, planned, prod
from typer.testing import CliRunner

from components.facts.pencom import SERVICES
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.engine import pulumi_cli
from ops.pencom import export
from ops.pencom.inventory import from_resources
from ops.plan.graph import Graph


def _run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["inventory", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def _refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["inventory", *arguments])
    assert isinstance(result.exception, UsageError), result.output
    return str(result.exception)


def _as_state(graph: Graph) -> dict[str, Any]:
    """The parts of the engine's export that the inventory needs."""
    resources = [
        {"urn": each.urn, "type": each.type, "inputs": each.inputs} for each in graph.resources
    ]
    return {"version": 3, "deployment": {"resources": resources[::-1]}}


def _exported(monkeypatch: pytest.MonkeyPatch, state: dict[str, Any]) -> list[tuple[str, ...]]:
    """Let pulumi print a state. Returns the calls."""
    calls: list[tuple[str, ...]] = []

    def text(*arguments: str, **_: Any) -> str:
        calls.append(arguments)
        return json.dumps(state)

    monkeypatch.setattr(pulumi_cli, "text", text)
    return calls


@pytest.mark.parametrize("form", sorted(export.FORMATS))
def test_the_state_gives_the_same_files_as_the_plan_it_came_from(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = _run("--format", form)
    calls = _exported(monkeypatch, _as_state(planned()))
    assert _run("--format", form, "--from-state") == declared
    assert calls == [("stack", "export", "--stack", "prod")]


def test_from_the_state_comes_what_was_deployed_not_what_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = {"vps-1": "203.0.113.20", "vps-2": "10.20.0.77"} | {
        f"vps-{n}": f"10.20.0.1{n}" for n in (3, 4)
    }
    _exported(monkeypatch, _as_state(planned(hosts=elsewhere)))
    assert "HostName 10.20.0.77" in _run("--format", "ssh", "--from-state")
    assert "HostName 10.20.0.77" not in _run("--format", "ssh")


def test_a_state_without_pencom_and_one_of_an_older_program_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _exported(monkeypatch, {"version": 3, "deployment": {"manifest": {}}})
    assert _refused("--format", "ssh", "--from-state").startswith("prod has no Pencom")
    state = _as_state(planned())
    for resource in state["deployment"]["resources"]:
        resource["inputs"].pop("gateway", None)
    _exported(monkeypatch, state)
    error = _refused("--format", "ssh", "--from-state")
    assert "(gateway): an older version recorded it. Run `up` first" in error


def test_a_stack_without_pencom_is_told() -> None:
    assert _refused("--stack", "dr", "--format", "env").startswith(
        "dr has no Pencom: choose prod or stage;"
    )


def test_several_files_are_printed_one_after_the_other_and_a_single_one_as_it_is() -> None:
    printed = _run("--format", "pm2")
    for name, text in export.texts(prod(), "pm2").items():
        assert f"// ---- {name}\n{text}" in printed
    assert _run("--format", "ssh") == export.texts(prod(), "ssh")["ssh_config"]


def test_files_are_written_into_a_folder_and_named(tmp_path: Path) -> None:
    printed = _run("--format", "prometheus", "--output", str(tmp_path / "new"))
    files = export.texts(prod(), "prometheus")
    assert printed.splitlines() == [str(tmp_path / "new" / name) for name in files]
    for name, text in files.items():
        assert (tmp_path / "new" / name).read_text() == text


def test_a_skeleton_is_for_its_owner_alone_and_never_goes_over_a_filled_in_file(
    tmp_path: Path,
) -> None:
    _run("--format", "env", "--output", str(tmp_path))
    files = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert set(files) == {f"{name}.env" for name in SERVICES}
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {0o600}

    _run("--format", "env", "--output", str(tmp_path))  # no blank was filled in yet
    filled = tmp_path / "core.env"
    filled.write_text("JWT_SECRET=canary-7f3a9c\n")
    (tmp_path / "audit.env").unlink()
    error = _refused("--format", "env", "--output", str(tmp_path))
    assert error.startswith(
        f"{filled} would be overwritten, and may hold secrets; nothing was written"
    )
    assert filled.read_text() == "JWT_SECRET=canary-7f3a9c\n"
    assert not (tmp_path / "audit.env").exists()


def test_a_check_of_a_skeleton_names_its_blanks_and_exits_with_2(tmp_path: Path) -> None:
    _run("--format", "env", "--output", str(tmp_path))
    file = tmp_path / "audit.env"
    printed = _run("--format", "env", "--check", str(file), code=2).splitlines()
    assert printed == [
        "empty: HIGHLIGHT_PROJECT_ID: ask the infrastructure team",
        "empty: AUDIT_DB_USER: ask the infrastructure team",
        "empty: JWT_SECRET: ask the infrastructure team",
        "empty: INTERNAL_API_KEY: ask the infrastructure team",
        "empty: AUDIT_DB_PASSWORD: ask the infrastructure team",
        f"{file}: 5 findings for audit in prod",
    ]


def test_a_filled_in_skeleton_has_no_findings(tmp_path: Path) -> None:
    text = export.texts(prod(), "env")["audit.env"]
    file = tmp_path / ".env"
    file.write_text(text.replace("=\n", "=filled-in\n"))
    printed = _run("--format", "env", "--check", str(file), "--service", "audit")
    assert printed == f"{file}: 0 findings for audit in prod\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("--format", "env", "--check", "x/.env"),
            "'' is not a service: choose one with --service",
        ),
        (("--format", "env", "--check", "x/.env", "--service", "cor"), "'cor' is not a service"),
        (("--format", "env", "--check", "gone/core.env"), "cannot be read: No such file"),
        (("--format", "ssh", "--check", "core.env"), "--format env"),
        (("--format", "ssh", "--config-file", "gone.yaml"), "there is no gone.yaml"),
        (("--format", "ssh", "--stack", "sandbox"), "there is no Pulumi.sandbox.yaml"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(arguments: tuple[str, ...], error: str) -> None:
    assert error in _refused(*arguments)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    error = _refused("--format", "prometheus", "--output", str(file))
    assert error.startswith(f"{file}")
    assert "cannot be written" in error


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "core.env"
    file.write_bytes(b"JWT_SECRET=\xff\xfe")
    assert _refused("--format", "env", "--check", str(file)).endswith("it is not text in UTF-8")


def test_without_a_host_that_faces_the_internet_nobody_could_log_in() -> None:
    graph = planned()
    internal = [
        replace(each, inputs={**each.inputs, "exposure": "internal"})
        if each.type.endswith(":Host")
        else each
        for each in graph.resources
    ]
    inventory = from_resources("prod", internal)
    for form in ("ssh", "ansible", "firewall"):
        with pytest.raises(UsageError, match="no host of prod faces the internet"):
            export.texts(inventory, form)
    assert inventory_of(graph).ingress.name == "vps-1"
