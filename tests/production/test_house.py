"""The rooms of the house: who may know of whom, and what stands nowhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import ROOT
from stacks.settings import Settings

ROOMS = ("stacks", "components", "ops", "rehearsal", "policy", "tests", "benchmarks")
FACTS = [ROOT / "components" / "inventory.py", *(ROOT / "components" / "facts").glob("*.py")]
# What would make the same input give another plan: a clock, a chance, a network, another process.
SIDE_EFFECTS = {
    *("datetime", "time", "random", "secrets", "uuid", "tempfile"),
    *("socket", "ssl", "http", "urllib", "requests", "httpx", "subprocess", "asyncio"),
}
WRITES = {"write_text", "write_bytes", "mkdir", "unlink", "open", "urlopen", "system"}
MACHINE = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:home/\w+|Users/\w+|mnt|workspace|builds)/",
            r"[A-Z]:\\\\Users",
            r"(?:extra-)?index[-]url\b",
            r"https?://[^\s\"')]*/simple\b",
            r"https?://(?:[^\s/]+\.)?(?:artifactory|nexus|jfrog)[^\s]*",
        ]
    )
)
TEXTS = {"", ".py", ".yaml", ".yml", ".toml", ".txt", ".in", ".md", ".sh", ".json", ".cfg", ".svg"}

# Packages of ops: each imports those before it, and none that shares its place between commas.
ORDER = """
    cli, plan, engine, impact, account, deploy, diff, pencom,
    drift verify review adopt state,
    recovery, diagram, commands
"""
LAYER = {package: rank for rank, each in enumerate(ORDER.split(",")) for package in each.split()}


def _files(room: str) -> list[Path]:
    return sorted(path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts)


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def _imports(file: Path) -> Iterator[str]:
    """Full names of what a module imports, wherever in it."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _from_rooms(files: list[Path]) -> set[tuple[str, str]]:
    """Give (file, what it imports) for each import from a room of ours."""
    rooms = (*ROOMS, "__main__", "conftest")
    return {
        (str(file.relative_to(ROOT)), name)
        for file in files
        for name in _imports(file)
        if name.partition(".")[0] in rooms
    }


def test_the_program_is_at_most_15_lines_and_knows_the_stacks_alone() -> None:
    file = ROOT / "__main__.py"
    assert len(file.read_text().splitlines()) <= 15
    assert {name.partition(".")[0] for name in _imports(file)} == {"stacks"}


@pytest.mark.parametrize("room", [room for room in ROOMS if (ROOT / room).exists()])
def test_no_module_is_longer_than_300_lines(room: str) -> None:
    lengths = {str(file.relative_to(ROOT)): file.read_text().count("\n") for file in _files(room)}
    assert lengths
    assert {file: lines for file, lines in lengths.items() if lines > 300} == {}


@pytest.mark.parametrize("room", [room for room in ROOMS if (ROOT / room).exists()])
def test_no_function_is_longer_than_60_lines(room: str) -> None:
    long = {
        f"{file.relative_to(ROOT)}: {node.name}"
        for file in _files(room)
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 60
    }
    assert long == set()


def test_a_package_of_ops_imports_only_those_before_it_and_says_what_it_is_for() -> None:
    inits = {file.parent.name: file for file in (ROOT / "ops").glob("*/__init__.py")}
    assert {*inits} == {*LAYER}
    assert {file.name for file in (ROOT / "ops").glob("*.py")} == {"__init__.py", "__main__.py"}
    assert [name for name, file in inits.items() if not ast.get_docstring(_tree(file))] == []
    wrong = {
        (file, name)
        for package, rank in LAYER.items()
        for file, name in _from_rooms(_files(f"ops/{package}"))
        if name.startswith("ops.") and name != "ops.ROOT"
        if (other := name.split(".")[1]) != package and LAYER.get(other, rank) >= rank
    }
    assert wrong == set()


def test_a_module_that_holds_a_command_is_imported_by_the_command_line_alone() -> None:
    line = [file for file in _files("ops/commands") if not file.name.startswith("_")]
    jobs = [file for file in _files("ops") if f"_{file.stem}".endswith("_command")]
    for modules, importers in ((line, ()), (jobs, ("ops/commands/",))):
        assert len(modules) > 5
        held = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in modules]
        wrong = {
            (file, name)
            for room in {*ROOMS} - {"tests", "benchmarks"}
            for file, name in _from_rooms(_files(room))
            if any(f"{name}.".startswith(f"{each}.") for each in held)
            if not file.startswith((*importers, "ops/__main__.py"))
        }
        assert wrong == set()


@pytest.mark.parametrize(
    ("room", "may_know"),
    [
        ("components", ["components"]),
        ("stacks", ["stacks", "components"]),
        ("ops", ["ops", "stacks", "rehearsal", "policy", "components.facts"]),
        ("rehearsal", ["rehearsal"]),
        ("policy", ["policy"]),
    ],
)
def test_arrows_between_the_rooms_point_one_way(room: str, may_know: list[str]) -> None:
    wrong = {
        (file, name)
        for file, name in _from_rooms(_files(room))
        if not any(f"{name}.".startswith(f"{known}.") for known in may_know)
    }
    assert wrong == set()


def test_the_rules_need_nothing_installed_and_only_their_pack_the_engine() -> None:
    outside = {
        (file.name, name.partition(".")[0])
        for file in _files("policy")
        for name in _imports(file)
        if name.partition(".")[0] not in sys.stdlib_module_names | {"policy"}
    }
    assert outside == {("pack.py", "pulumi_policy")}


def test_a_shared_part_knows_no_product() -> None:
    products = ("krotrust", "krogiving", "pencom")
    files = [
        file for file in (ROOT / "components").glob("*.py") if not file.stem.startswith(products)
    ]
    wrong = {
        (file, name)
        for file, name in _from_rooms(files)
        if name.startswith(tuple(f"components.{product}" for product in products))
    }
    assert wrong == set()


@pytest.mark.parametrize("file", FACTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_facts_are_plain_data_that_knows_neither_pulumi_nor_settings(file: Path) -> None:
    assert not {name for name in _imports(file) if name.startswith(("pulumi", "pydantic"))}
    known = ("components.facts", "components.inventory")
    assert [name for _, name in _from_rooms([file]) if not name.startswith(known)] == []


@pytest.mark.parametrize("room", ["stacks", "components"])
def test_the_program_asks_no_clock_chance_network_or_process(room: str) -> None:
    wrong = {
        (str(file.relative_to(ROOT)), name)
        for file in _files(room)
        for name in _imports(file)
        if name.partition(".")[0] in SIDE_EFFECTS
    }
    assert wrong == set()


@pytest.mark.parametrize("room", ["stacks", "components"])
def test_the_program_writes_no_file_and_prints_nothing(room: str) -> None:
    wrong = {
        (str(file.relative_to(ROOT)), name)
        for file in _files(room)
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "attr", getattr(node.func, "id", ""))]
        if name in WRITES | {"print", "input"}
    }
    assert wrong == set()


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.suffix in TEXTS and file.is_file()]


def test_no_tracked_file_names_a_machine_or_a_package_index() -> None:
    files = _tracked()
    assert len(files) > 50
    found = {
        f"{file.relative_to(ROOT)}:{number}: {match[0]}"
        for file in files
        if file != Path(__file__)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (match := MACHINE.search(line))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /workspace/main", True),
        ("/home/anna/.venv", True),
        ("--index" + "-url x", True),
        ("https://mirror.example/pypi/simple/", True),
        ("/root/Kro/kro-devops", False),
        ("http://vps-2/workspace/queue", False),
    ],
)
def test_the_search_for_machines_finds_them_and_no_more(text: str, found: bool) -> None:
    assert bool(MACHINE.search(text)) == found


def _project() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return document


def test_the_projects_schema_names_exactly_the_settings() -> None:
    aliases = {field.alias for field in Settings.model_fields.values()}
    assert set(_project()["config"]) == aliases


@pytest.mark.parametrize("key", sorted(_project()["config"]))
def test_every_key_of_the_schema_has_a_type_a_default_of_it_and_a_description(key: str) -> None:
    schema = _project()["config"][key]
    kinds = {"array": list, "object": dict, "string": str, "integer": int, "boolean": bool}
    assert isinstance(schema["default"], kinds[schema["type"]])
    assert schema["description"].endswith(".")
    assert ("items" in schema) == (schema["type"] == "array")


def test_no_two_test_modules_share_a_name() -> None:
    names = [file.name for file in _files("tests") if file.name != "conftest.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert not list((ROOT / "tests").rglob("__init__.py"))
