"""Records that no code declares: listed from the zones of the state, so that they can be kept."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import live_estate
import pytest

import rehearsal
from components.types import Record
from ops.account.client import NoAccessError
from ops.drift import command as drift
from ops.drift import unmanaged_records
from ops.drift.unmanaged_records import DOMAIN, RECORDS
from ops.engine import pulumi_cli
from ops.engine.documents import preview

GIVING = [  # of the mail, and no record of an app's names
    ("MX", "@", "mx1.mail.test."),
    ("MX", "@", "mx2.mail.test."),
    ("TXT", "@", "v=spf1 include:mail.test ~all"),
    ("TXT", "krogiving._domainkey", "v=DKIM1; k=rsa; p=MIGf"),
    ("CNAME", "em1234", "u1234.sendgrid.test."),
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    cloud = tmp_path / "cloud.json"
    state = {"domain": "krogiving.com", "type": "SRV", "name": "_sip._tcp", "value": "@"}
    whole = {**state, "ttl": 60, "priority": 0, "port": 5060, "weight": 2}
    live_estate.seed(cloud, live_estate.Seed("DnsRecord", "6001", whole))
    return {**os.environ, **rehearsal.environment(cloud)}


def _step(kind: str, identity: str, op: str = "refresh") -> dict[str, Any]:
    urn = f"urn:pulumi:s::p::a:b:C${kind}::{identity}"
    return {"op": op, "urn": urn, "oldState": {"type": kind, "id": identity, "inputs": {}}}


def _found(environ: dict[str, str], *steps: dict[str, Any]) -> list[dict[str, Any]]:
    return unmanaged_records.unmanaged(preview({"steps": list(steps)}), environ)


def test_what_neither_the_state_nor_an_app_holds_is_told(environ: dict[str, str]) -> None:
    found = _found(environ, _step(DOMAIN, "krogiving.com"))
    told = [(each["type"], each["name"], each["value"]) for each in found]
    assert told == [*GIVING, ("SRV", "_sip._tcp", "krogiving.com.")]
    assert {each["zone"] for each in found} == {"krogiving.com"}


def test_each_has_all_that_it_takes_to_declare_it(environ: dict[str, str]) -> None:
    found = _found(environ, _step(DOMAIN, "krogiving.com"), _step(DOMAIN, "krotrust.com"))
    assert {each["zone"] for each in found} == {"krogiving.com", "krotrust.com"}
    settings = [{key: each[key] for key in each if key != "zone"} for each in found]
    assert settings[0] == {**_mx, "value": "mx1.mail.test.", "priority": 10}
    assert settings[5] == {
        "type": "SRV",
        "name": "_sip._tcp",
        "value": "krogiving.com.",
        "ttl": 60,
        "priority": 0,
        "port": 5060,
        "weight": 2,
    }
    declared = [Record.model_validate_json(json.dumps(each)) for each in settings]
    assert {record.type for record in declared} >= {"A", "CAA", "CNAME", "MX", "SRV", "TXT"}


_mx = {"type": "MX", "name": "@", "ttl": 1800}


def test_what_the_state_holds_is_not_told_unless_it_is_gone(environ: dict[str, str]) -> None:
    zone = _step(DOMAIN, "krogiving.com")
    sip = _step(RECORDS, "6001")
    assert [each["type"] for each in _found(environ, zone, sip)] == [kind for kind, *_ in GIVING]
    assert _found(environ, {**zone, "op": "delete"}, sip) == []


def test_without_a_zone_nobody_is_asked_and_without_a_token_it_says_so() -> None:
    assert unmanaged_records.unmanaged(preview({"steps": None}), {"PATH": ""}) == []
    with pytest.raises(NoAccessError, match="DIGITALOCEAN_TOKEN is not set"):
        _found({"PATH": ""}, _step(DOMAIN, "krogiving.com"))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_drift_tells_them_apart_and_they_are_none(
    form: str,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pulumi_cli, "installed", lambda: None)
    answer = {"steps": [_step(DOMAIN, "krogiving.com")]}
    monkeypatch.setattr(pulumi_cli, "answer", lambda *_, **__: answer)
    report = tmp_path / "drift.json"
    assert drift.run("prod", None, form, str(report)) == 0
    printed = capsys.readouterr().out
    told = json.loads(report.read_text())
    assert told["drift"] is False
    assert len(told["unmanagedRecords"]) == len(GIVING) + 1
    if form == "json":
        assert json.loads(printed) == told
    else:
        *_, last = printed.split("\n\n")
        head, *lines = last.splitlines()
        assert head == "records that no code declares, and that are lost with their zone:"
        line = "  krogiving.com  MX @ 'mx1.mail.test.' (ttl 1800, priority 10)"
        assert lines[0] == line
        assert len(lines) == len(GIVING) + 1


def test_where_nobody_can_look_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(pulumi_cli, "installed", lambda: None)
    monkeypatch.setattr(
        pulumi_cli, "answer", lambda *_, **__: {"steps": [_step(DOMAIN, "krogiving.com")]}
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in (*rehearsal.TOKEN_VARIABLES, rehearsal.CLOUD_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    assert drift.run("prod", None, "json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["unmanagedRecords"] is None
    assert "the zones were not searched for undeclared records" in said.err
