"""`ops plan`: four forms of one graph, always the same, with exit codes that a pipeline can use."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from command_line import Project
from conftest import STACKS
from typer.testing import CliRunner

from ops import ROOT
from ops.__main__ import app
from ops.plan.graph import Graph

FORMS = ("tree", "yaml", "json", "mermaid")
CANARY = "canary-7f3a9c"
RESOURCE_KEYS = {
    *("urn", "type", "name", "parent", "system", "inputs"),
    *("dependencies", "uses", "protect", "ignoreChanges", "custom"),
}
ALL_FORMS = f"""
from ops.plan import command
for form in {FORMS!r}:
    command.run("prod", form, diff=False, exit_code=False)
"""


def _plan(form: str, stack: str = "prod") -> str:
    done = CliRunner().invoke(app, ["plan", "--stack", stack, "--format", form])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("stack", STACKS)
def test_the_json_has_exactly_the_published_keys(plan: Callable[[str], Graph], stack: str) -> None:
    shown = json.loads(_plan("json", stack))
    assert set(shown) == {"stack", "resources", "outputs"}
    assert shown["stack"] == stack
    assert {frozenset(resource) for resource in shown["resources"]} == {frozenset(RESOURCE_KEYS)}
    names = [resource["name"] for resource in shown["resources"]]
    assert names == [resource.name for resource in plan(stack).resources]
    assert set(shown["outputs"]) >= {"krotrustAddress", "krogivingUrls", "krogivingSeals"}


def test_every_reference_of_the_json_leads_to_a_resource_of_it() -> None:
    shown = json.loads(_plan("json"))
    urns = {resource["urn"] for resource in shown["resources"]}
    root = "urn:pulumi:prod::estate::pulumi:pulumi:Stack::estate-prod"
    assert len(urns) == len(shown["resources"])
    for resource in shown["resources"]:
        assert resource["parent"] in urns | {root}
        assert set(resource["dependencies"]) <= urns


def test_the_yaml_is_a_document_a_system_with_every_resource(plan: Callable[[str], Graph]) -> None:
    documents = list(yaml.safe_load_all(_plan("yaml")))
    assert len(documents) == 3
    names = sorted(name for document in documents for name in document)
    assert names == sorted(resource.name for resource in plan("prod").resources)


def test_the_tree_names_every_resource_and_how_many_are_protected(
    plan: Callable[[str], Graph],
) -> None:
    tree = _plan("tree")
    resources = plan("prod").resources
    protected = sum(resource.protect for resource in resources)
    head = tree.splitlines()[0]
    assert head.startswith(f"prod: {len(resources)} resources")
    assert head.endswith(f" {protected} protected")
    words = tree.split()
    assert all(resource.name in words for resource in resources)


@pytest.mark.parametrize("stack", STACKS)
def test_the_picture_is_small_enough_for_github_to_draw(
    plan: Callable[[str], Graph], stack: str
) -> None:
    """It draws at most 500 lines and 50,000 characters; ours leaves room to double."""
    picture = _plan("mermaid", stack)
    assert picture.count(" --> ") <= 250
    assert len(picture) <= 25_000
    assert re.findall(r"^  subgraph (\S+)$", picture, re.M) == list(plan(stack).systems())


def test_the_picture_draws_no_line_to_what_it_does_not_show() -> None:
    picture = _plan("mermaid")
    assert picture.startswith("flowchart LR\n")
    parts = set(re.findall(r"^    (\S+)\[", picture, re.M))
    lines = re.findall(r"^  (\S+) --> (\S+)$", picture, re.M)
    assert {end for line in lines for end in line} <= parts
    assert ("krotrust-zone", "krotrust-server") in lines
    assert ("krogiving-backend", "krogiving-postgresql") in lines
    assert ("pencom-external-gateway", "pencom-compliance") in lines
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_the_same_twice(form: str) -> None:
    assert _plan(form) == _plan(form)


def test_all_forms_are_the_same_in_another_process_with_another_hash_seed() -> None:
    other = subprocess.run(
        [sys.executable, "-c", ALL_FORMS],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "1", "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert len(other) > 50_000
    assert other == "".join(map(_plan, FORMS))


@pytest.mark.parametrize("form", FORMS)
def test_no_form_shows_a_secret(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("KROGIVING__JWT_SECRET_KEY", "ESTATE__SEAL_KEY", "PENCOM__AUDIT_DB_PASSWORD"):
        monkeypatch.setenv(key, CANARY)
    assert CANARY not in _plan(form)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_an_available_secret_changes_nothing_that_is_shown_of_the_app(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _plan(form)
    monkeypatch.setenv("KROGIVING__JWT_SECRET_KEY", CANARY)
    assert _plan(form) == before


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path)


def test_exit_code_0_where_rendered_is_the_plan(project: Project) -> None:
    done = project.ops("plan", "--stack", "stage", "--diff", "--exit-code")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "no change: rendered/stage is the plan\n"


@pytest.mark.parametrize(
    ("options", "code", "shown"),
    [
        (["--diff", "--exit-code"], 2, "~ krotrust-database-cluster  inputs.nodeCount: 1 => 2\n"),
        (["--diff"], 0, "~ krotrust-database-cluster  inputs.nodeCount: 1 => 2\n"),
        (["--exit-code", "--format", "json"], 2, '{\n  "stack": "stage"'),
    ],
)
def test_exit_code_2_for_a_difference_only_where_it_was_asked_for(
    project: Project, options: list[str], code: int, shown: str
) -> None:
    project.replace(
        "Pulumi.stage.yaml",
        'name: kro-stage-db-cluster # assumed\n      version: "16" # assumed\n'
        "      size: db-s-1vcpu-1gb # assumed\n      nodes: 1",
        'name: kro-stage-db-cluster\n      version: "16"\n'
        "      size: db-s-1vcpu-1gb\n      nodes: 2",
    )
    done = project.ops("plan", "--stack", "stage", *options)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(shown)


def _one_message(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr


def test_a_stack_without_a_file_is_one_line_and_exit_code_1(project: Project) -> None:
    text = _one_message(project.ops("plan", "--stack", "sandbox", "--exit-code"))
    assert text == "error: there is no Pulumi.sandbox.yaml: known stacks are dr, prod, stage\n"


def test_a_stack_with_a_file_that_no_module_knows_is_one_message(project: Project) -> None:
    (project.folder / "Pulumi.sandbox.yaml").write_text("config: {}\n")
    text = _one_message(project.ops("plan", "--stack", "sandbox"))
    assert "stacks/sandbox.py" in text


@pytest.mark.parametrize(
    "document",
    ["config:\n\t- tab", "config: [", "config: [1]", "- a list", "a sentence", "config: prod"],
)
def test_a_stack_file_that_is_no_mapping_is_one_message_that_names_it(
    project: Project, document: str
) -> None:
    (project.folder / "Pulumi.stage.yaml").write_text(document)
    assert "Pulumi.stage.yaml" in _one_message(project.ops("plan", "--stack", "stage"))


def test_a_stack_file_in_another_encoding_is_one_message_that_names_it(project: Project) -> None:
    (project.folder / "Pulumi.stage.yaml").write_bytes("config: {a: ü}".encode("latin-1"))
    assert "Pulumi.stage.yaml" in _one_message(project.ops("plan", "--stack", "stage"))


def test_settings_that_the_program_refuses_are_its_message_and_exit_code_1(
    project: Project,
) -> None:
    project.replace("Pulumi.stage.yaml", "ipv6: false", "ipv6: maybe")
    text = _one_message(project.ops("plan", "--stack", "stage", "--diff", "--exit-code"))
    assert "Pulumi.stage.yaml has 1 mistake" in text
    assert "estate:krotrust.droplet.ipv6" in text


def test_a_rendered_file_that_is_not_yaml_is_one_message_that_says_how_to_repair_it(
    project: Project,
) -> None:
    (project.folder / "rendered" / "stage" / "krotrust.yaml").write_text("a: [")
    text = _one_message(project.ops("plan", "--stack", "stage", "--diff"))
    assert "krotrust.yaml" in text
    assert "make render" in text
