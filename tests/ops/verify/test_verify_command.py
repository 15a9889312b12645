"""`ops verify`: it reads the state and checks everything; what is not checked is not ok."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from command_line import FakePulumi, Project
from small_estate import state_of, whole, write
from typer.testing import CliRunner

import rehearsal
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.verify import command as verify
from rehearsal.network import playing

Results = dict[str, dict[str, str]]


def _export(*, more: tuple[dict[str, Any], ...] = ()) -> str:
    """The answer of `pulumi stack export` for the small estate."""
    resources = [
        {
            "urn": f"urn:pulumi:stage::estate::{each.type}::{each.name}",
            "type": each.type,
            "id": each.id,
            "inputs": each.inputs,
            "outputs": each.outputs,
        }
        for each in state_of(whole()).resources
    ]
    return json.dumps({"deployment": {"resources": [*resources, *more]}})


def _state(monkeypatch: pytest.MonkeyPatch, folder: Path, exported: str) -> FakePulumi:
    """A pulumi with this state, first on PATH."""
    pulumi = FakePulumi(folder / "bin")
    pulumi.answer("stack export", out=exported)
    monkeypatch.setenv("PATH", f"{pulumi.folder}{os.pathsep}{os.environ['PATH']}")
    return pulumi


def _verify(*arguments: str) -> tuple[int, Results]:
    done = CliRunner().invoke(app, ["verify", "--stack", "stage", "--format", "json", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    finding = json.loads(done.stdout)["findings"]
    return done.exit_code, {f"{each['part']}: {each['name']}": each for each in finding}


def test_everything_is_checked_and_a_failure_is_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = {"type": "digitalocean:index/droplet:Droplet", "id": "6", "delete": True}
    pulumi = _state(
        monkeypatch, tmp_path, _export(more=({**replaced, "urn": "urn:pulumi:x::y::z::replaced"},))
    )
    cloud = tmp_path / "cloud.json"
    write(cloud, whole())
    with playing(cloud) as variables:
        for name, value in {**rehearsal.environment(cloud), **variables}.items():
            path = f"{pulumi.folder}{os.pathsep}{value}" if name == "PATH" else value
            monkeypatch.setenv(name, path)
        code, results = _verify()
        assert {
            each["name"]: each["detail"] for each in results.values() if each["state"] != "ok"
        } == {}
        parts = ["names", "URLs", "plain HTTP", "droplets", "backups", "databases", "apps"]
        assert list(dict.fromkeys(each["part"] for each in results.values())) == parts
        assert code == 0
        broken = whole()
        del broken["Droplet/7"]
        write(cloud, broken)
        code, results = _verify()
        assert code == 1
        shown = CliRunner().invoke(app, ["verify", "--stack", "stage"])
    bad = {name for name, each in results.items() if each["state"] == "bad"}
    assert bad == {"URLs: https://api.kro.test/health", "droplets: the-7"}
    assert shown.exit_code == 1
    assert shown.stdout.startswith("provider: the rehearsal stand-in\n")
    assert "\nbad: droplets: the-7: recorded as 7, and missing in the account" in shown.stdout
    assert len([call for call in pulumi.calls if call["arguments"][0] == "stack"]) == 3


def test_without_a_token_the_rest_is_checked_and_the_account_is_not_ok(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _state(monkeypatch, tmp_path, _export())
    for name in rehearsal.TOKEN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    cloud = tmp_path / "cloud.json"
    write(cloud, whole())
    with playing(cloud) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code, results = _verify()
        shown = CliRunner().invoke(app, ["verify", "--stack", "stage"]).stdout
    assert code == 0
    skipped = {name for name, each in results.items() if each["state"] == "not checked"}
    assert {name.partition(":")[0] for name in skipped} == {
        "droplets",
        "backups",
        "databases",
        "apps",
    }
    assert all("DIGITALOCEAN_TOKEN is not set" in results[name]["detail"] for name in skipped)
    assert results["names: api.kro.test A"]["state"] == "ok"
    assert f"nothing bad; {len(skipped)} not checked" in shown


@pytest.mark.parametrize("exported", ['{"deployment": {}}', '{"deployment": {"resources": []}}'])
def test_an_empty_state_cannot_be_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: str
) -> None:
    _state(monkeypatch, tmp_path, exported)
    with pytest.raises(UsageError, match="the state of stage is empty"):
        verify.run("stage", None, "json")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--stack", "none"), "there is no Pulumi.none.yaml"),
        (("--stack", "stage", "--config-file", "nowhere.yaml"), "there is no nowhere.yaml"),
        (("--stack", "stage", "--nameserver", ":::"), "--nameserver is ':::': allowed is"),
        (("--stack", "stage", "--connect-to", "here"), "--connect-to is 'here': allowed is"),
    ],
)
def test_an_option_that_cannot_be_read_is_one_message(
    tmp_path: Path, arguments: tuple[str, ...], error: str
) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    pulumi.answer("stack export", out=_export())
    project = Project.copied(tmp_path / "project")
    done = project.ops("verify", *arguments, path=pulumi.folder)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert error in done.stderr
    assert "Traceback" not in done.stderr
