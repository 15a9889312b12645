"""`ops seal`: what DigitalOcean sealed goes into the stack file; anything else stores nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import FakePulumi, Project
from typer.testing import CliRunner, Result

from ops.__main__ import app
from ops.cli.errors import UsageError

CANARY = "canary-7f3a9c"
GOOD = {"sealed": "EV[1:abc:ZGVm==]", "fingerprint": "0123456789abcdef" * 2}
SET_ALL = ("config", "set-all")


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    fake = FakePulumi(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(fake.folder))
    return fake


def _seal(pulumi: FakePulumi, outputs: dict[str, Any]) -> Result:
    pulumi.answer("stack output", out=json.dumps(outputs))
    return CliRunner().invoke(app, ["seal", "--stack", "stage"])


def _refusal(pulumi: FakePulumi, outputs: dict[str, Any]) -> str:
    done = _seal(pulumi, outputs)
    assert isinstance(done.exception, UsageError)
    assert [call["arguments"][:2] for call in pulumi.calls] == [["stack", "output"]]
    assert CANARY not in f"{done.output} {done.exception}"
    return str(done.exception)


def test_every_seal_is_stored_with_its_fingerprint_in_one_call(pulumi: FakePulumi) -> None:
    other = {"sealed": "EV[1:x]", "fingerprint": "f" * 32}
    outputs = {
        "krogivingSeals": {"TERMII_API_KEY": other, "JWT_SECRET_KEY": GOOD},
        "krotrustAddress": "203.0.113.1",
    }
    done = _seal(pulumi, outputs)
    assert done.exit_code == 0
    assert done.stdout == "Pulumi.stage.yaml has 2 sealed secrets now: commit it\n"
    pairs = [
        "seals.KROGIVING__JWT_SECRET_KEY.sealed=EV[1:abc:ZGVm==]",
        f"seals.KROGIVING__JWT_SECRET_KEY.fingerprint={GOOD['fingerprint']}",
        "seals.KROGIVING__TERMII_API_KEY.sealed=EV[1:x]",
        f"seals.KROGIVING__TERMII_API_KEY.fingerprint={'f' * 32}",
    ]
    flagged = [part for pair in pairs for part in ("--plaintext", pair)]
    assert pulumi.call(*SET_ALL)["arguments"] == [
        *SET_ALL,
        "--path",
        *flagged,
        *("--stack", "stage"),
        *("--non-interactive", "--color", "never"),
    ]


@pytest.mark.parametrize(
    ("seal", "why"),
    [
        ({"sealed": CANARY, "fingerprint": "0" * 32}, "has not sealed it"),
        ({"sealed": None, "fingerprint": "0" * 32}, "has not sealed it"),
        ({"sealed": "", "fingerprint": "0" * 32}, "has not sealed it"),
        ({"sealed": f"EV[1:{CANARY}]", "fingerprint": None}, "ESTATE__SEAL_KEY"),
        ({"sealed": f"EV[1:{CANARY}]", "fingerprint": ""}, "ESTATE__SEAL_KEY"),
    ],
)
def test_one_that_is_not_sealed_or_not_marked_keeps_all_from_being_stored(
    pulumi: FakePulumi, seal: dict[str, Any], why: str
) -> None:
    seals = {"JWT_SECRET_KEY": seal, "TERMII_API_KEY": GOOD}
    text = _refusal(pulumi, {"krogivingSeals": seals})
    assert text.startswith("nothing was stored:\n  KROGIVING__JWT_SECRET_KEY: ")
    assert why in text
    assert "TERMII" not in text


def test_every_one_that_is_wrong_is_listed(pulumi: FakePulumi) -> None:
    seals = {name: {"sealed": CANARY, "fingerprint": None} for name in ("A", "B", "C")}
    text = _refusal(pulumi, {"krogivingSeals": seals})
    assert [line.split(":")[0].strip() for line in text.splitlines()[1:]] == [
        *("KROGIVING__A", "KROGIVING__B", "KROGIVING__C")
    ]


@pytest.mark.parametrize("outputs", [{}, {"krogivingSeals": {}}, {"krotrustAddress": "x"}])
def test_a_stack_without_seals_is_told_to_run_an_up_first(
    pulumi: FakePulumi, outputs: dict[str, Any]
) -> None:
    assert _refusal(pulumi, outputs) == "stage has no sealed secrets: run an `up` first"


def test_what_the_engine_refuses_is_said_in_its_words(pulumi: FakePulumi) -> None:
    pulumi.answer("stack output", code=255, err="error: no stack named 'stage' found\n")
    done = CliRunner().invoke(app, ["seal", "--stack", "stage"])
    assert str(done.exception) == "pulumi stack output: no stack named 'stage' found"


def test_a_store_that_fails_is_no_success(pulumi: FakePulumi) -> None:
    pulumi.answer("config set-all", code=1, err="error: read-only file\n")
    done = _seal(pulumi, {"krogivingSeals": {"JWT_SECRET_KEY": GOOD}})
    assert "read-only file" in str(done.exception)
    assert "holds" not in done.output


def test_without_pulumi_it_says_where_to_get_it(tmp_path: Path) -> None:
    done = Project.copied(tmp_path / "project").ops("seal", "--stack", "stage")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "https://www.pulumi.com/docs/install/" in done.stderr


def test_another_file_than_the_stacks_own_can_be_named(pulumi: FakePulumi, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    command = ["seal", "--stack", "stage", "--config-file", str(file)]
    pulumi.answer("stack output", out=json.dumps({"krogivingSeals": {"JWT_SECRET_KEY": GOOD}}))
    done = CliRunner().invoke(app, command)
    assert str(done.exception) == f"there is no {file}"  # it is not made, under a wrong name
    assert pulumi.calls == []
    file.write_text("config: {}\n")
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0
    assert pulumi.call(*SET_ALL)["file"] == "config: {}\n"
    assert str(file) in done.stdout
