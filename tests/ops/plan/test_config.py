"""A stack's configuration is read as the engine would hand it to the program."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import STACKS, Engine

from ops.cli.errors import UsageError
from ops.plan import config

PROJECT = """\
name: estate
config:
  removals: {type: array, default: []}
  pencom: {type: object, default: {}}
  region: {type: string, default: fra1}
  token: {type: string}
"""
# As YAML 1.2, which the engine reads, has it. PyYAML reads 1.1.
ODD = {
    "word": "maybe",
    "agreed": "yes",
    "switched": "on",
    "boolean": "true",
    "clock": "02:00",
    "late": "23:00",
    "number": "16",
    "octal": "010",
    "quoted": '"16"',
    "nothing": "null",
    "empty": '""',
    "map": '{yes: yes, clock: 02:00, list: [off, 1, null], quoted: "02:00", late: 1:30.5}',
}


def _load(folder: Path, stack_file: str) -> config.StackConfig:
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "Pulumi.tiny.yaml").write_text(stack_file)
    return config.load("tiny", folder)


def test_defaults_of_the_project_stand_where_the_stack_says_nothing(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "config:\n  estate:region: ams3\n")
    assert loaded.values == {
        "estate:removals": "[]",
        "estate:pencom": "{}",
        "estate:region": "ams3",
    }


@pytest.mark.parametrize("text", ["", "config:\n", "encryptionsalt: v1:x\n"])
def test_a_stack_file_without_settings_gives_the_defaults(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, text).values["estate:region"] == "fra1"


def test_a_key_without_a_namespace_is_the_projects(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "config:\n  region: ams3\n  digitalocean:token: t\n")
    assert loaded.values["estate:region"] == "ams3"
    assert loaded.values["digitalocean:token"] == "t"


def test_values_are_written_as_the_engine_writes_them(tmp_path: Path) -> None:
    loaded = _load(tmp_path, 'config:\n  a: word\n  b: [1, x]\n  c: true\n  d: "16"\n  e: {f: g}\n')
    values = {key: loaded.values[f"estate:{key}"] for key in "abcde"}
    assert values == {"a": "word", "b": '[1, "x"]', "c": "true", "d": "16", "e": '{"f": "g"}'}


def test_an_encrypted_entry_is_named_and_comes_empty(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "config:\n  estate:TOKEN:\n    secure: v1:abc\n  estate:b: {c: d}\n")
    assert loaded.encrypted == ("estate:TOKEN",)
    assert loaded.values["estate:TOKEN"] == ""
    assert "v1:abc" not in repr(loaded)


@pytest.mark.parametrize("value", [{"secure": "x", "other": 1}, {}, "secure", None, ["secure"]])
def test_only_a_mapping_of_secure_alone_is_encrypted(value: object) -> None:
    assert config.is_encrypted({"secure": "x"})
    assert not config.is_encrypted(value)


def test_it_is_handed_over_by_the_engines_variables_and_taken_back(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "config:\n  TOKEN: {secure: x}\n")
    before = dict(os.environ)
    with loaded.in_environment():
        assert json.loads(os.environ["PULUMI_CONFIG"]) == loaded.values
        assert json.loads(os.environ["PULUMI_CONFIG_SECRET_KEYS"]) == ["estate:TOKEN"]
    assert dict(os.environ) == before


def test_an_unknown_stack_is_refused_with_those_of_the_project(tmp_path: Path) -> None:
    assert config.stacks() == sorted(STACKS)
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    with pytest.raises(
        UsageError, match=f"no Pulumi.x.yaml: known stacks are {', '.join(sorted(STACKS))}"
    ):
        config.load("x", tmp_path)


@pytest.mark.parametrize("file", ["Pulumi.yaml", "Pulumi.tiny.yaml"])
def test_a_file_that_is_not_yaml_is_named(tmp_path: Path, file: str) -> None:
    _load(tmp_path, "config: {}\n")
    (tmp_path / file).write_text("config: [")
    with pytest.raises(UsageError, match=rf"^{file} is not YAML"):
        config.load("tiny", tmp_path)


def _same(ours: str, engines: str) -> bool:
    try:
        return bool(json.loads(ours) == json.loads(engines))
    except ValueError:
        return ours == engines


@pytest.mark.engine
@pytest.mark.parametrize("stack", STACKS)
def test_a_committed_stack_is_read_as_the_engine_reads_it(
    stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESTATE_PROVIDER", "rehearsal")
    engine = Engine(tmp_path, stack)
    options = ("config", "--json", "--stack", stack, "--config-file", str(engine.file))
    theirs = json.loads(engine.run(*options).stdout)
    ours = config.load(stack).values
    assert {key: _same(ours[key], theirs[key]["value"]) for key in theirs} == dict.fromkeys(
        theirs, True
    )


@pytest.mark.engine
def test_odd_values_are_read_as_the_engine_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESTATE_PROVIDER", "rehearsal")
    engine = Engine(tmp_path, "stage")
    lines = "".join(f"  estate:{name}: {text}\n" for name, text in ODD.items())
    engine.file.write_text(f"config:\n{lines}")
    options = ("config", "--json", "--stack", "stage", "--config-file", str(engine.file))
    theirs = json.loads(engine.run(*options).stdout)
    ours = config.load("stage", tmp_path).values
    read = {name: (ours[f"estate:{name}"], theirs[f"estate:{name}"]["value"]) for name in ODD}
    assert {name: both for name, both in read.items() if not _same(*both)} == {}
