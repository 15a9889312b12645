"""What holds data and is gone: an `up` of a guarded stack refuses to make an empty one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from command_line import REAL, FakePulumi, Project

from ops.cli.errors import UsageError
from ops.deploy import lost_stores
from ops.engine import pulumi_cli
from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import build
from ops.recovery.case import Case
from ops.recovery.loss import find
from ops.recovery.steps.cloud import steps

CLUSTER = "krotrust-database-cluster"
CACHE = "krogiving-valkey-cluster"
BUCKET = "krogiving-media-files-bucket"
RETIRED = "krotrust-database-older-cluster"  # which no stack file declares
ENGINES = {CLUSTER: "pg", CACHE: "valkey", RETIRED: "pg"}
UP = ("--refresh", "--policy-pack", "policy")  # what our `up` adds to the engine's
LOOK = [*pulumi_cli.LIVE, "--stack", "prod"]
ALL = ("DatabaseFirewall", "krotrust-database-trusted-sources"), ("Droplet", "krotrust-droplet")


def _step(name: str, kind: str, op: str = "delete") -> dict[str, Any]:
    """A step of a refresh, as the engine's JSON has it."""
    token = f"digitalocean:index/{kind[0].lower()}{kind[1:]}:{kind}"
    inputs = {"engine": ENGINES[name]} if name in ENGINES else {}
    urn = f"urn:pulumi:prod::estate::{token}::{name}"
    return {"op": op, "urn": urn, "oldState": {"type": token, "inputs": inputs}}


def _lost(*names: str) -> str:
    stores = [
        _step(name, "DatabaseCluster" if name in ENGINES else "SpacesBucket") for name in names
    ]
    members = [_step(name, kind) for kind, name in ALL]
    there = _step("krogiving-postgresql-cluster", "DatabaseCluster", "refresh")
    return json.dumps({"steps": [*members, there, *stores]})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.copied(tmp_path_factory.mktemp("gone") / "project")


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    fake = FakePulumi(tmp_path / "bin")
    plugin = {"name": "digitalocean", "version": version("pulumi-digitalocean")}
    fake.answer("plugin ls", out=json.dumps([plugin]))
    fake.answer("stack output", out="{}")
    monkeypatch.setenv("PATH", str(fake.folder))
    return fake


def _ran(pulumi: FakePulumi) -> list[list[str]]:
    """The commands that it was asked, but for the outputs of the stack."""
    asked = [call["arguments"] for call in pulumi.calls]
    told = ("--non-interactive", "--color", "never", "--json")
    return [[part for part in each if part not in told] for each in asked if each[0] != "stack"]


def test_a_lost_database_stops_an_up_and_says_what_it_held_and_what_to_do(
    project: Project, pulumi: FakePulumi
) -> None:
    pulumi.answer("refresh --preview-only", out=_lost(CLUSTER, CACHE, BUCKET))
    done = project.ops("up", "--stack", "prod", "--yes", path=pulumi.folder, environ=REAL)
    assert done.returncode == 1
    assert done.stderr == (
        "error: missing from the account, and an `up` would create it empty; nothing was changed:\n"
        f"  {BUCKET} held neither money nor personal data: campaign media, public\n"
        f"    what to do: python -m ops recover {BUCKET} --stack prod\n"
        f"  {CLUSTER} held MONEY: orders, kro_balance (escrow), transactions, refunds\n"
        f"    what to do: python -m ops recover {CLUSTER} --stack prod\n"
        "  If you have read that page and want an empty one:\n"
        f"    python -m ops up --stack prod --make-empty {BUCKET} --make-empty {CLUSTER}\n"
    )
    assert _ran(pulumi) == [LOOK]


def test_whoever_names_what_is_gone_gets_an_empty_one(project: Project, pulumi: FakePulumi) -> None:
    pulumi.answer("refresh --preview-only", out=_lost(CLUSTER))
    pulumi.answer("up", code=3)  # one that succeeds seals, which is told elsewhere
    wanted = ("--make-empty", CLUSTER, "--yes")
    done = project.ops("up", "--stack", "prod", *wanted, path=pulumi.folder, environ=REAL)
    assert done.returncode == 3, done.stderr
    assert _ran(pulumi) == [
        LOOK,
        ["up", "--stack", "prod", "--refresh", "--policy-pack", "policy", "--yes"],
    ]


def _before(
    command: str = "up", stack: str = "prod", *arguments: str, empty: Sequence[str] = ()
) -> None:
    lost_stores.before(command, stack, arguments, empty)


@pytest.mark.parametrize("named", [CLUSTER, CACHE, "krotrust-droplet"])
def test_what_is_named_has_to_be_gone_and_to_have_held_data(pulumi: FakePulumi, named: str) -> None:
    pulumi.answer("refresh --preview-only", out=_lost(CACHE, BUCKET))
    with pytest.raises(UsageError, match=f"names {named}; nothing .*\n.* account: {BUCKET}$"):
        _before(empty=[BUCKET, named])


def test_another_that_is_gone_is_not_covered_by_the_one_that_is_named(pulumi: FakePulumi) -> None:
    pulumi.answer("refresh --preview-only", out=_lost(CLUSTER, BUCKET))
    with pytest.raises(UsageError, match=CLUSTER) as refused:
        _before(empty=[BUCKET])
    assert BUCKET not in str(refused.value)


def test_a_refresh_would_forget_what_is_gone_and_is_refused_too(pulumi: FakePulumi) -> None:
    pulumi.answer("refresh --preview-only", out=_lost(CLUSTER))
    with pytest.raises(UsageError, match=CLUSTER):
        _before("refresh")


def test_a_guarded_stack_other_than_production_is_checked_too(pulumi: FakePulumi) -> None:
    pulumi.answer("refresh --preview-only", out=_lost(CLUSTER))
    with pytest.raises(UsageError, match=CLUSTER):
        _before("up", "dr")


@pytest.mark.parametrize("lost", [(), (CACHE,), (RETIRED,)], ids=["nothing", "a cache", "retired"])
def test_what_holds_nothing_or_is_not_made_anew_keeps_nobody_from_an_up(
    pulumi: FakePulumi, lost: tuple[str, ...]
) -> None:
    pulumi.answer("refresh --preview-only", out=_lost(*lost))
    _before()
    assert _ran(pulumi) == [LOOK]


@pytest.mark.parametrize(
    ("command", "stack", "arguments"),
    [
        ("up", "stage", ()),
        ("destroy", "prod", ()),
        *[("up", "prod", (off,)) for off in ("--refresh=false", "-r=false", "--refresh=0")],
    ],
)
def test_nothing_is_asked_where_nothing_would_be_made_or_nothing_is_guarded(
    pulumi: FakePulumi, command: str, stack: str, arguments: tuple[str, ...]
) -> None:
    _before(command, stack, *arguments)
    assert pulumi.calls == []


@pytest.mark.parametrize(
    ("arguments", "scope"),
    [
        (("--refresh", "--yes", "--plan", "plan.json"), []),
        (("--refresh=false", "-r"), []),
        (("--target", "a", "--yes", "-t", "b"), ["--target", "a", "-t", "b"]),
        (("--target=a", "--target-dependents"), ["--target=a", "--target-dependents"]),
        (("--exclude", "a", "--exclude-dependents"), ["--exclude", "a", "--exclude-dependents"]),
    ],
)
def test_only_what_the_up_looks_at_is_asked_about(
    pulumi: FakePulumi, arguments: tuple[str, ...], scope: list[str]
) -> None:
    pulumi.answer("refresh --preview-only", out=_lost())
    _before("up", "prod", *arguments)
    assert _ran(pulumi) == [[*LOOK, *scope]]


def test_an_empty_one_is_not_made_without_a_refresh(pulumi: FakePulumi) -> None:
    with pytest.raises(UsageError, match="needs an `up` that refreshes"):
        _before("up", "prod", "--refresh=false", empty=[CLUSTER])
    assert pulumi.calls == []


def test_the_look_alone_is_a_command(project: Project, pulumi: FakePulumi) -> None:
    pulumi.answer("refresh --preview-only", out=_lost())
    done = project.ops("gone", "--stack", "stage", path=pulumi.folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all that holds data is there")
    pulumi.answer("refresh --preview-only", out=_lost(CLUSTER))
    done = project.ops("gone", "--stack", "stage", path=pulumi.folder)
    assert done.returncode == 1
    assert f"{CLUSTER} held MONEY" in done.stderr


@pytest.mark.parametrize(("lost", "word"), [(BUCKET, f" --make-empty {BUCKET}"), (CACHE, "")])
def test_the_steps_say_the_word_where_an_empty_one_is_what_is_wanted(lost: str, word: str) -> None:
    settings = config.load("prod")
    planned = build(settings)
    found = dependency_graph(planned)
    case = Case(settings, planned, found, find(planned, found, lost))
    (step,) = [each for each in steps(case) if "ops up" in each.command]
    assert step.command == f"python -m ops up --stack prod{word}"
    assert step.asks
