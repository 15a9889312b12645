"""`ops secrets`: which secrets have a value and who has the others; never a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Project
from conftest import changed
from typer.testing import CliRunner

from components.facts.secrets import CATALOGUE
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.plan import config

CANARY = "canary-7f3a9c"
JWT, PAYSTACK = "KROGIVING__JWT_SECRET_KEY", "KROGIVING__PAYSTACK_SECRET_KEY"
ORACLE = "PENCOM__PENCOM_DB_PASSWORD"
SEAL = {"sealed": f"EV[1:{CANARY}]", "fingerprint": "0" * 32}


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["secrets", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def _rows(*arguments: str) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in json.loads(_run("--format", "json", *arguments))}


def test_the_json_lists_the_whole_catalogue() -> None:
    rows = _rows()
    assert list(rows) == [secret.key for secret in CATALOGUE]
    for secret in CATALOGUE:
        assert rows[secret.key] == {
            "key": secret.key,
            "system": secret.system,
            "usedBy": list(secret.used_by),
            "valueFrom": None,
            "neededByUp": secret.declared,
            "lives": secret.lives,
            "ask": secret.ask,
        }


def test_an_up_needs_what_the_program_declares_and_no_more() -> None:
    needed = {key for key, row in _rows().items() if row["neededByUp"]}
    assert needed == {
        "ESTATE__SEAL_KEY",
        *(JWT, PAYSTACK, "KROGIVING__SENDGRID_API_KEY"),
        *("KROGIVING__TERMII_API_KEY", "KROGIVING__TELNYX_AUTH_TOKEN"),
    }


@pytest.mark.parametrize(
    ("changes", "environ", "value_from"),
    [
        ({}, [], None),
        ({}, [JWT], "environment"),
        ({JWT: ""}, [], "stack file"),
        ({JWT: ""}, [JWT], "stack file"),
        ({"seals": {JWT: SEAL}}, [], "sealed"),
        ({"seals": {JWT: SEAL}}, [JWT], "environment"),
        ({"seals": {PAYSTACK: SEAL}}, [PAYSTACK, ORACLE], None),
    ],
)
def test_it_tells_where_a_secret_has_its_value_from(
    changes: dict[str, Any],
    environ: list[str],
    value_from: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encrypted = tuple(key for key in changes if key == JWT)
    settings = changed("prod", changes, encrypted)
    monkeypatch.setattr(config, "load", lambda _: settings)
    for key in environ:
        monkeypatch.setenv(key, CANARY)
    assert _rows()[JWT]["valueFrom"] == value_from


@pytest.mark.parametrize("form", ["table", "json"])
def test_no_value_is_ever_printed(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = changed("prod", {PAYSTACK: CANARY, "seals": {JWT: SEAL}}, encrypted=(PAYSTACK,))
    monkeypatch.setattr(config, "load", lambda _: settings)
    for secret in CATALOGUE:
        monkeypatch.setenv(secret.key, CANARY)
    assert CANARY not in _run("--format", form)


def _cells(table: str) -> list[list[str]]:
    """Rows of a printed table; a cell that was broken is whole again, without its spaces."""
    rows: list[list[str]] = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if cells and cells[0]:
            rows.append(cells)
        elif cells:
            rows[-1] = [start + rest for start, rest in zip(rows[-1], cells, strict=True)]
    return [[cell.replace(" ", "") for cell in row] for row in rows]


def test_the_table_has_a_row_for_each_with_whom_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ORACLE, CANARY)
    table = _run("--stack", "stage")
    assert "secrets of stage" in table.splitlines()[0]
    rows = {row[0]: row for row in _cells(table)}
    assert list(rows) == [secret.key for secret in CATALOGUE]
    for secret in CATALOGUE:
        assert secret.ask.replace(" ", "") in rows[secret.key]
        assert secret.lives.replace(" ", "") in rows[secret.key]
        assert ("environment" in rows[secret.key]) == (secret.key == ORACLE)


@pytest.mark.parametrize("seals", [None, "a word", [1], 5])
def test_seals_that_are_no_mapping_do_not_break_the_list(
    seals: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = changed("prod", {"seals": seals})
    monkeypatch.setattr(config, "load", lambda _: settings)
    done = CliRunner().invoke(app, ["secrets", "--format", "json"])
    assert done.exit_code == 0 or isinstance(done.exception, UsageError)


def test_it_works_in_a_process_of_its_own_and_names_an_unknown_stack(tmp_path: Path) -> None:
    project = Project.copied(tmp_path)
    done = project.ops("secrets", "--format", "json", environ={JWT: CANARY})
    assert (done.returncode, done.stderr) == (0, "")
    assert '"valueFrom": "environment"' in done.stdout
    assert CANARY not in done.stdout

    done = project.ops("secrets", "--stack", "sandbox")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: there is no Pulumi.sandbox.yaml: known stacks are dr, prod, stage\n"
    )
