"""`ops blast` as a command: its forms, its refusals, and that nothing of the graph is missed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import STACKS
from typer.testing import CliRunner

from ops.__main__ import app, main
from ops.impact.blast import blast_radius
from ops.impact.dependencies import OUTSIDE, PRODUCTS, STORES
from ops.impact.edges import STORE_KINDS, dependency_graph
from ops.plan.graph import Graph

Plan = Callable[[str], Graph]


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["blast", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_text_counts_what_users_see_and_says_that_money_is_behind_it() -> None:
    lines = _run("krogiving-backend").splitlines()
    assert "KROGiving (donations): 1 down, 3 degraded of 4 public URLs" in lines[2]
    (money,) = (line for line in lines if "MONEY" in line)
    assert money.endswith("MONEY and personal data: campaigns, users, donations, withdrawals")


def test_a_partial_failure_is_reported_wherever_it_is_noticed() -> None:
    assert _run("giv-prod-valkey").count("OTPs under way are lost") == 2  # backend and its URL


def test_the_json_holds_the_same() -> None:
    shown: dict[str, Any] = json.loads(_run("redis", "--format", "json"))
    assert shown["stack"] == "prod"
    assert {(each["name"], each["state"]) for each in shown["services"]} == {
        ("core", "partly"),
        ("compliance", "partly"),
    }
    assert shown["worth"] == ["neither money nor personal data"]
    assert (shown["urls"], shown["machines"]) == ([], [])


def test_the_picture_draws_each_once_and_no_arrow_to_what_it_lacks() -> None:
    picture = _run("krotrust-droplet", "--format", "mermaid")
    nodes = re.findall(r'^  (n\d+)\["(.+)<br/>', picture, re.M)
    arrows = re.findall(r"^  (n\d+) --> (n\d+)$", picture, re.M)
    assert len(nodes) == len(dict(nodes)) > 4
    assert {end for arrow in arrows for end in arrow} <= set(dict(nodes))
    assert "kro-prod<br/>down" in picture


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("krotrust-dropet", "similar: krotrust-droplet"),
        ("Oracle", "similar: oracle-ecrs"),
        ("api.krotrust.co", "api.krotrust.com"),
        ("§", "`python -m ops plan` lists all names"),
        ("kro-prod", "is the name of krotrust-droplet, krotrust-vpc: say which"),
    ],
)
def test_a_name_that_is_not_clear_is_one_message_and_exit_code_1(
    name: str,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["ops", "blast", name])
    with pytest.raises(SystemExit) as stopped:
        main()
    output = capsys.readouterr()
    assert (stopped.value.code, output.out) == (1, "")
    assert output.err.startswith("error: ")
    assert shown in output.err


def _stores(planned: Graph) -> Iterator[str]:
    for resource in planned.resources:
        if resource.kind in STORE_KINDS:
            yield resource.name
        elif resource.type == "estate:pencom:Store":
            databases = resource.inputs["databases"]
            yield from (f"{resource.name}/{each}" for each in databases)
            yield from () if databases else (resource.name,)


def test_every_store_has_its_contents_documented_once(plan: Plan) -> None:
    assert set(_stores(plan("prod"))) == set(STORES)
    for stack in STACKS:
        assert set(_stores(plan(stack))) <= set(STORES)


@pytest.mark.parametrize("stack", STACKS)
def test_every_edge_has_two_ends_and_every_product_a_name(plan: Plan, stack: str) -> None:
    graph = dependency_graph(plan(stack))
    assert {end for ends in graph.edges for end in ends} <= set(graph.nodes)
    systems = {node.system for node in graph.nodes.values()} - {OUTSIDE}
    assert systems == set(plan(stack).systems())
    assert set(plan(stack).systems()) <= set(PRODUCTS)


def test_a_store_without_facts_is_reported_as_not_documented(plan: Plan) -> None:
    renamed = [
        replace(resource, name="krotrust-new")
        if resource.name == "krotrust-files-bucket"
        else resource
        for resource in plan("prod").resources
    ]
    graph = dependency_graph(replace(plan("prod"), resources=tuple(renamed)))
    radius = blast_radius(graph, {"krotrust-new"})
    assert [hit.why for hit in radius.of("store")] == ["not documented: contents unknown"]
