"""The command line as a whole: its help, its versions, its old names, and what it imports."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import FakePulumi
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from ops import ROOT
from ops.__main__ import app
from ops.plan import config

COMMANDS = get_command(app)
SLOW = {"pulumi", "pulumi_digitalocean", "pydo", "boto3", "httpx", "pydantic", "rich"}


def _commands(group: Any = COMMANDS, *names: str) -> dict[str, Any]:
    """Every command, those of groups too, by what is typed."""
    assert isinstance(group, TyperGroup)
    found = {}
    for name, command in group.commands.items():
        typed = (*names, name)
        found[" ".join(typed)] = command
        if isinstance(command, TyperGroup):
            found |= _commands(command, *typed)
    return found


def _help(*arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_help_groups_every_command_by_job() -> None:
    text = _help()
    panels = re.findall(r"╭─ ([\w ]+) ─", text)
    assert panels == ["Options", "Understand", "Change", "Recover", "Pencom", "State", "Set up"]
    within = text.partition("─ Recover ─")[2].partition("─ Pencom ─")[0]
    assert re.findall(r"^│ ([\w-]+)", within, re.MULTILINE) == ["lost-stores", "recover", "repair"]


@pytest.mark.parametrize("name", sorted(_commands()))
def test_every_command_and_every_option_says_what_it_is_for(name: str) -> None:
    command = _commands()[name]
    assert command.help.partition("\n")[0].endswith(".")
    for parameter in command.params:
        assert parameter.help, parameter.name
        assert parameter.help.endswith((".", "ESTATE_STATE_COPIES.")), parameter.name


def test_the_help_of_a_stack_lists_those_of_the_project() -> None:
    assert f"One of {', '.join(config.stacks())}." in _help("plan")


@pytest.mark.parametrize(("old", "new"), [("gone", "lost-stores"), ("mend", "repair")])
def test_an_old_name_is_the_new_command_and_shown_nowhere(old: str, new: str) -> None:
    commands = _commands()
    assert commands[old].hidden
    assert commands[old].callback.__wrapped__ is commands[new].callback.__wrapped__
    assert not re.search(rf"^│ {old} ", _help(), re.MULTILINE)


def test_the_version_names_both_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    pulumi.answer("version", out="v3.1.4\n")
    (tmp_path / "pin").write_text("3.1.5\n")
    monkeypatch.setattr("ops.engine.versions.PIN", tmp_path / "pin")
    monkeypatch.setenv("PATH", str(pulumi.folder))
    lines = CliRunner().invoke(app, ["--version"]).stdout.splitlines()
    versions = dict(re.split(r"  +", line, maxsplit=1) for line in lines)
    assert list(versions) == [
        "project",
        "python",
        "pulumi SDK",
        "pulumi-digitalocean SDK",
        "engine, pinned",
        "engine, found",
    ]
    assert str(ROOT) in versions["project"]
    assert versions["python"] == sys.version.split()[0]
    assert versions["engine, pinned"] == "3.1.5"
    assert versions["engine, found"] == f"3.1.4 ({pulumi.folder / 'pulumi'})"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "none: `make setup` installs it" in CliRunner().invoke(app, ["--version"]).stdout


def test_help_and_completion_import_no_sdk() -> None:
    code = (
        "import ops.__main__, sys; from typer.main import get_command;"
        "get_command(ops.__main__.app); print(*{n.partition('.')[0] for n in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "typer" in done.stdout.split()
    assert SLOW & {*done.stdout.split()} == set()
