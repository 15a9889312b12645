"""Which plugin answers, and whether its state is its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

import rehearsal
from ops.cli.errors import UsageError
from ops.engine import plugin


@pytest.fixture
def rehearsed(tmp_path: Path) -> dict[str, str]:
    """The variables of a rehearsal."""
    return rehearsal.environment(tmp_path / "cloud.json")


def test_a_rehearsal_is_one_with_its_own_plugin_cloud_and_state(rehearsed: dict[str, str]) -> None:
    assert plugin.rehearsed(rehearsed)
    plugin.refuse_wrong_state(rehearsed)


@pytest.mark.parametrize(
    "changes",
    [
        {"PULUMI_BACKEND_URL": "s3://real"},
        {"PULUMI_BACKEND_URL": "file:///real"},
        {"PULUMI_BACKEND_URL": ""},
        {"REHEARSAL_CLOUD": ""},
        {"REHEARSAL_CLOUD": "/elsewhere/cloud.json"},
    ],
)
def test_the_stand_in_with_another_state_is_refused(
    rehearsed: dict[str, str], changes: Mapping[str, str]
) -> None:
    environ = {**rehearsed, **changes}
    assert not plugin.rehearsed(environ)
    with pytest.raises(UsageError, match=r"nothing was changed: .*the state is not its own"):
        plugin.refuse_wrong_state(environ)


def test_the_real_plugin_with_the_variables_of_a_rehearsal_is_no_rehearsal(
    rehearsed: dict[str, str],
) -> None:
    assert not plugin.rehearsed({**rehearsed, "PATH": os.defpath})


def test_the_stand_in_of_another_checkout_is_one_too(tmp_path: Path) -> None:
    program = tmp_path / "other" / "rehearsal" / "bin" / "pulumi-resource-digitalocean"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    with pytest.raises(UsageError, match="the state is not its own"):
        plugin.refuse_wrong_state({"PATH": str(program.parent), "PULUMI_BACKEND_URL": "s3://real"})


@pytest.mark.parametrize("name", ["DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"])
def test_a_token_of_the_shell_is_not_overruled_by_a_throw_away_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "_real_plugin", lambda _: True)  # it is installed
    environ, _ = plugin.choose({"PATH": os.defpath, name: "real"})
    assert [environ[each] for each in rehearsal.TOKEN_VARIABLES if each in environ] == ["real"]
