"""CONTRIBUTING's recipe for a new stack, followed in a copy of the project."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from plans import STACKS

from components.facts.pencom import INVENTORY
from ops import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
RECIPE = GUIDE.partition("## Add a stack\n")[2].partition("\n## ")[0]
COPY, PLAN, POLICY, RENDER = (
    [line.strip() for line in block.splitlines() if line.strip()]
    for block in re.findall(r"```sh\n(.*?)```", RECIPE, re.DOTALL)
)
OWN = [".git", ".venv", ".state", ".hypothesis", ".*_cache", "__pycache__"]
MISTAKE = re.compile(r"^  estate:(\S+)\n    found:   (.*)\n    allowed: (.*(?:\n {13}.*)*)", re.M)
# What the account or the internet takes once, where a stack file has it.
ONCE = [
    *(f"{system}.{key}" for system in ("krotrust", "krogiving") for key in ("domain", "vpc.name")),
    *(f"{system}.vpc.{key}" for system in ("krotrust", "krogiving") for key in ("ipRange", "id")),
    *("krotrust.droplet.name", "krotrust.ssh.publicKey", "krotrust.bucket.name"),
    *("krotrust.database.name", "krogiving.postgresql.name", "krogiving.mongodb.name"),
    *("krogiving.valkey.name", "krogiving.media.name", "krogiving.admin.host"),
    *(f"krogiving.{app}.app" for app in ("backend", "frontend", "admin")),
    *(f"pencom.hosts.{host}" for host in INVENTORY.hosts),
]


def _at(settings: dict[str, Any], key: str) -> Any:
    value: Any = settings
    for part in f"estate:{key}".split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _committed(stack: str) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    settings: dict[str, Any] = document["config"]
    return settings


class Copy:
    """A copy of the project, in which the commands of the recipe run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*OWN))
        (folder / ".venv").symlink_to(ROOT / ".venv")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        # Without the activated environment of a person, and without setting it up again.
        command = re.sub("^estate ", ".venv/bin/python -m ops ", command)
        command = command.replace("make ", "make -o setup ")
        return subprocess.run(
            command, shell=True, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def refused(self, stack: str) -> dict[str, tuple[str, str]]:
        """What is found at each key that the refusal names, and what is allowed."""
        done = self.run(PLAN[0].replace("qa", stack))
        assert (done.returncode, done.stdout) == (1, "")
        found = MISTAKE.findall(done.stderr)
        assert f"error: Pulumi.{stack}.yaml has {len(found)} mistakes" in done.stderr
        return {key: (value, " ".join(allowed.split())) for key, value, allowed in found}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("recipe") / "project")


@pytest.mark.parametrize("original", STACKS)
def test_an_untouched_copy_is_refused_with_every_shared_thing(original: str, copy: Copy) -> None:
    files = [copy.folder / "stacks" / "twin.py", copy.folder / "Pulumi.twin.yaml"]
    for name, file in zip((f"stacks/{original}.py", f"Pulumi.{original}.yaml"), files, strict=True):
        shutil.copy(copy.folder / name, file)
    refused = copy.refused("twin")
    for file in files:
        file.unlink()
    assert {*refused} >= {key for key in ONCE if _at(_committed(original), key) is not None}
    for key, (_, allowed) in refused.items():
        assert f"estate:{key} in Pulumi.{original}.yaml" in allowed


def _another(key: str, value: str, domain: str) -> str:
    """A value that no committed stack has."""
    if key.endswith(".ipRange"):
        return "10.252.0.0/20" if key.startswith("krotrust") else "10.253.0.0/20"
    if key.startswith("pencom."):
        return str(ip_address(value) + 100)
    if key.endswith((".domain", ".host")) or ".aliases." in key:
        return value.removesuffix(domain) + f"qa-{domain}"
    return f"qa-{value}"[:32].rstrip("-")


@pytest.fixture(scope="module")
def qa(copy: Copy) -> Copy:
    """The copy after every step of the recipe but its tests."""
    for command in COPY:
        assert copy.run(command).returncode == 0, command
    file = copy.folder / "Pulumi.qa.yaml"
    document = yaml.safe_load(file.read_text())
    for key, (value, _) in copy.refused("qa").items():
        domain = str(_at(_committed("stage"), f"{key.partition('.')[0]}.domain"))
        _set(document["config"], key, _another(key, json.loads(value), domain))
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    assert copy.run(PLAN[0]).returncode == 0
    found = copy.run(POLICY[0]).stdout
    assert "krotrust-droplet  lacks the tag qa" in found
    _set(document["config"], "krotrust.droplet.tags", ["krotrust", "qa"])
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    assert copy.run(RENDER[0]).returncode == 0
    return copy


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    below = config
    for number, part in enumerate(parents):
        below = below[part if number else f"estate:{part}"]
    below[last] = value


def test_the_recipe_ends_with_a_plan_that_breaks_no_rule(qa: Copy) -> None:
    done = qa.run(POLICY[0])
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "qa: 13 rules, 0 mandatory and 0 advisory violations" in done.stdout
    assert qa.run(f"{PLAN[0]} --diff --exit-code").returncode == 0


def _rendered(qa: Copy) -> Iterator[dict[str, Any]]:
    for file in sorted((qa.folder / "rendered" / "qa").iterdir()):
        yield from yaml.safe_load(file.read_text()).values()


def test_the_new_stack_says_its_own_name_and_that_it_is_staging(qa: Copy) -> None:
    projects = [each["inputs"] for each in _rendered(qa) if each["type"].endswith(":Project")]
    assert [(each["name"], each["environment"]) for each in projects] == [
        ("krogiving-qa", "Staging"),
        ("krotrust-qa", "Staging"),
    ]
    clusters = [each["inputs"] for each in _rendered(qa) if "DatabaseCluster" in each["type"]]
    assert {tuple(each["tags"][1:]) for each in clusters} == {("qa", "stage")}


def test_the_tests_of_every_stack_are_run_for_the_new_one(qa: Copy) -> None:
    names = ("stack_files", "components", "traps", "policy")
    files = " ".join(f"tests/production/test_{name}.py" for name in names)
    done = qa.run(f".venv/bin/python -m pytest -q -p no:cacheprovider -k qa {files}")
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= 8
