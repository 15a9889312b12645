"""The stack files: which of them are stacks, and that each writes every setting out."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
import yaml
from plans import STACKS
from pydantic import BaseModel
from typer.testing import CliRunner

import stacks
from ops import ROOT
from ops.__main__ import app
from ops.plan import config
from stacks import discovery
from stacks.environment import Environment
from stacks.settings import Settings


def _missing(annotation: Any, value: Any, path: str = "") -> Iterator[str]:
    """Fields that an object does not write out. A list's items say only what they need."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        for part in get_args(annotation):
            yield from _missing(part, value, path)
    elif isinstance(value, Mapping) and not get_origin(annotation):
        fields = annotation.model_fields if issubclass(annotation, BaseModel) else {}
        for name, field in fields.items():
            key = field.alias or name
            if key not in value:
                yield f"{path}{key}"
            yield from _missing(field.annotation, value.get(key), f"{path}{key}.")


@pytest.mark.parametrize("stack", STACKS)
def test_every_setting_is_written_out_also_where_it_is_the_default(stack: str) -> None:
    entries = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    settings = {key.removeprefix("estate:"): value for key, value in entries.items()}
    absent = set(_missing(Settings, settings))
    assert absent == {"krotrust", "krogiving", "pencom"} - {
        *discovery.environments()[stack].systems
    }


def test_the_search_for_what_is_not_written_out_finds_it() -> None:
    settings = {"krotrust": {"database": {"restore": {"cluster": "a"}}, "vpc": {}}}
    absent = set(_missing(Settings, settings))
    assert {"alertEmails", "krotrust.records", "krotrust.standIn", "krotrust.vpc.id"} <= absent
    assert {"krotrust.database.restored", "krotrust.database.restore.at"} <= absent


def test_every_module_with_an_environment_has_a_stack_file_and_the_other_way_round() -> None:
    modules = [
        importlib.import_module(f"stacks.{m.name}") for m in pkgutil.iter_modules(stacks.__path__)
    ]
    declared = {
        module.__name__.rpartition(".")[2]
        for module in modules
        if isinstance(getattr(module, "ENVIRONMENT", None), Environment)
    }
    files = {file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml")}
    assert declared == files == {*discovery.environments()} == {*config.stacks()}


@pytest.fixture
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with the committed modules and two stack files: one of no stack."""
    for name, copy in (("prod", "prod"), ("stage", "guard")):
        shutil.copy(ROOT / f"Pulumi.{name}.yaml", tmp_path / f"Pulumi.{copy}.yaml")
    monkeypatch.setattr(discovery, "ROOT", tmp_path)
    discovery.environments.cache_clear()
    yield tmp_path
    discovery.environments.cache_clear()


@pytest.mark.usefixtures("_nowhere")
@pytest.mark.parametrize(
    ("stack", "lacks"),
    [
        ("prod", []),
        ("stage", ["there is no Pulumi.stage.yaml"]),
        ("guard", ["stacks/guard.py has no ENVIRONMENT"]),
        ("play", ["there is no Pulumi.play.yaml", "there is no stacks/play.py"]),
    ],
)
def test_a_stack_is_a_module_with_an_environment_and_a_file(stack: str, lacks: list[str]) -> None:
    assert [*discovery.environments()] == ["prod"]
    assert discovery.missing(stack) == lacks


def test_help_lists_the_stacks_and_completion_offers_them() -> None:
    runner = CliRunner()
    shown = " ".join(runner.invoke(app, ["plan", "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert ", ".join(sorted(STACKS)) in shown
    environ = {"_OPS_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "ops plan --stack "}
    offered = runner.invoke(app, [], env=environ, prog_name="ops").stdout
    assert [stack for stack in STACKS if f'"{stack}"' not in offered] == []
