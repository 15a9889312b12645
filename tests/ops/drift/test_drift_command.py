"""From the engine's JSON to findings, without the engine."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from command_line import FakePulumi, Project

import rehearsal
from ops.cli.errors import UsageError
from ops.drift import command as drift
from ops.engine import plugin
from ops.engine.documents import preview
from ops.engine.drifts import Drift, Side, drifts
from ops.plan.graph import SECRET

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def step(
    op: str,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    *paths: str,
    name: str = "thing",
    kind: str = "digitalocean:index/thing:Thing",
    how: str = "update",
    outputs: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
    protect: bool = False,
) -> dict[str, Any]:
    """A step as the engine writes it; `paths` are those of its detailed diff."""
    made: dict[str, Any] = {"op": op, "urn": f"urn:pulumi:stage::estate::estate:a:B${kind}::{name}"}
    for key, inputs, output in (("oldState", old, outputs[0]), ("newState", new, outputs[1])):
        if inputs is not None:
            made[key] = {"inputs": inputs, "outputs": output, "protect": protect}
    made["detailedDiff"] = {path: {"kind": how, "inputDiff": False} for path in paths} or None
    if paths:
        made["diffReasons"] = sorted({path.split(".")[0].split("[")[0] for path in paths})
    return made


def lines(side: Side, *steps: dict[str, Any]) -> list[str]:
    found = drifts(preview({"steps": list(steps)}), side)
    return [line for each in found for line in each.lines()]


def env(key: str, value: str, **more: str) -> dict[str, str]:
    return {"key": key, "value": value, **more}


@pytest.mark.parametrize("answer", [{}, {"steps": None}, {"steps": []}])
def test_no_steps_are_no_drift(answer: dict[str, Any]) -> None:
    assert drifts(preview(answer), "live") == drifts(preview(answer), "code") == []


@pytest.mark.parametrize("op", ["same", "refresh", "read"])
def test_what_the_engine_leaves_alone_is_no_drift(op: str) -> None:
    assert lines("live", step(op, {"a": 1}, {"a": 2})) == []
    assert lines("code", step(op, {"a": 1}, {"a": 2})) == []


def test_the_stack_and_the_provider_are_the_engines_own() -> None:
    for kind in ("pulumi:pulumi:Stack", "pulumi:providers:digitalocean"):
        own = step("update", {"version": "1"}, {"version": "2"}, kind=kind)
        own["urn"] = f"urn:pulumi:stage::estate::{kind}::own"
        assert lines("code", own) == []


def test_both_values_of_each_changed_input_are_told() -> None:
    old = {"value": "198.18.0.1", "ttl": 300, "on": True}
    new = {"value": "198.18.0.9", "ttl": 60, "on": True}
    assert lines("live", step("update", old, new, "value", "ttl", name="a-api")) == [
        "a-api  ttl: 300 => 60",
        "a-api  value: '198.18.0.1' => '198.18.0.9'",
    ]


def test_an_input_that_the_provider_takes_for_the_same_is_no_drift() -> None:
    old, new = {"hour": "02:00", "day": "monday"}, {"hour": "02:00:00", "day": "friday"}
    assert lines("live", step("update", old, new, "day")) == ["thing  day: 'monday' => 'friday'"]


def test_internals_and_order_are_no_drift() -> None:
    old = {"__defaults": ["a"], "tags": ["a", "b"], "ids": [1, 2], "in": {"__meta": "1"}}
    new = {"__defaults": [], "tags": ["b", "a"], "ids": [2, 1], "in": {"__meta": "2"}}
    rules = [{"port": "80", "from": ["x", "y"]}, {"port": "443", "from": ["x"]}]
    turned = [{"port": "443", "from": ["x"]}, {"port": "80", "from": ["x", "y"]}]
    envs = [env("A", "1"), env("B", "2")]
    moved = step(
        "update",
        {**old, "rules": rules, "envs": envs},
        {**new, "rules": turned, "envs": envs[::-1]},
        *("tags[0]", "tags[1]", "ids[0]", "rules[0].port", "envs[0].value", "in.__meta"),
    )
    assert lines("live", moved) == lines("code", moved) == []


def test_an_item_that_came_first_moves_no_other() -> None:
    web, ssh = {"port": "80", "from": ["x"]}, {"port": "22", "from": ["y"]}
    open_ssh = {"port": "22", "from": ["y", "0.0.0.0/0"]}
    added = step("update", {"rules": [ssh, web]}, {"rules": [web, open_ssh]}, "rules[0].port")
    assert lines("live", added) == ["thing  rules.0.from.0.0.0.0/0: None => '0.0.0.0/0'"]
    gone = step("update", {"rules": [ssh, web]}, {"rules": [web]}, "rules[1]", how="delete")
    assert lines("live", gone) == [f"thing  rules.0: {ssh!r} => None"]


@pytest.mark.parametrize(
    ("old", "new"),
    [(SECRET, SECRET), (SECRET, "in the clear"), ("in the clear", SECRET), ("before", "after")],
)
@pytest.mark.parametrize("side", ["live", "code"])
def test_a_secret_is_changed_and_never_shown(side: Side, old: str, new: str) -> None:
    before = {"envs": [env("A", "1"), env("TOKEN", old, type="SECRET")]}
    after = {"envs": [env("A", "1"), env("TOKEN", new, type="SECRET")]}
    rotated = step("update", before, after, "envs[1].value")
    assert lines(side, rotated) == ["thing  envs.TOKEN.value: changed"]
    (found,) = drifts(preview({"steps": [rotated]}), side)
    assert found.as_json() == {
        "resource": "thing",
        "kind": "changed",
        "path": "envs.TOKEN.value",
        "secret": True,
    }


@pytest.mark.parametrize(("old", "new"), [(SECRET, "in the clear"), ("in the clear", SECRET)])
def test_a_value_that_is_a_secret_on_one_side_is_not_shown(old: str, new: str) -> None:
    without_detail = step("update", {"password": old}, {"password": new})
    assert lines("code", without_detail) == ["thing  password: changed"]
    (change,) = drifts(preview({"steps": [without_detail]}), "code")
    assert "in the clear" not in str(change.as_json())


def test_a_secret_above_the_path_hides_what_is_below() -> None:
    whole = step("update", {"spec": SECRET}, {"spec": {"size": "x"}}, "spec.size", "spec.name")
    assert lines("code", whole) == ["thing  spec: changed"]


def test_a_position_counts_where_the_item_is() -> None:
    def item(name: str) -> dict[str, str]:
        return env(name, SECRET, type="SECRET")

    before = {"envs": [item("A"), item("B")]}
    after = {"envs": [item("B"), item("C"), item("A")]}
    update = step("update", before, after, "envs[0].value")
    assert lines("live", update)[0] == "thing  envs.A.value: changed"
    assert lines("code", update)[0] == "thing  envs.B.value: changed"


def test_what_the_engine_names_without_a_value_is_told_all_the_same() -> None:
    same = {"size": "s"}
    assert lines("live", step("update", same, same, "far")) == ["thing  far: changed"]
    far = step("update", same, same, "far", outputs=({"far": 1}, {"far": 2}))
    assert lines("live", far) == ["thing  far: 1 => 2"]
    half = step("update", same, same, "size", outputs=({"size": "xs"}, {}))
    assert lines("code", half) == ["thing  size: 'xs' => 's'"]
    assert lines("code", step("update", {"a": SECRET}, {"a": SECRET})) == ["thing  changed"]


def test_a_value_that_is_not_known_yet_is_called_so() -> None:
    later = step("update", {"value": "198.18.0.1"}, {"value": UNKNOWN}, "value")
    assert lines("code", later) == ["thing  value: '198.18.0.1' => '[known later]'"]


def test_what_is_destroyed_comes_first_and_loud() -> None:
    state = {"region": "fra1"}
    steps = [
        step("create", None, state, name="a-new"),
        step("update", {"a": 1}, {"a": 2}, "a", name="b-changed"),
        step("replace", state, {"region": "ams3"}, "region", name="c-moved", protect=True),
        step("delete", state, None, name="d-dropped", protect=True),
        step("import", None, state, name="e-else"),
    ]
    assert lines("code", *steps) == [
        "DELETE: d-dropped (protected: an `up` would refuse)",
        "REPLACE: c-moved (protected: an `up` would refuse)",
        "c-moved  region: 'fra1' => 'ams3'",
        "create: a-new",
        "b-changed  a: 1 => 2",
        "import: e-else",
    ]
    assert lines("live", steps[3]) == ["gone: d-dropped"]


def test_only_a_secret_that_somebody_touched_is_told() -> None:
    def secrets(*keys: str) -> list[Drift]:
        envs = {"envs": [env(key, SECRET) for key in keys]}
        paths = [f"envs[{place}].value" for place in range(len(keys))]
        return drifts(preview({"steps": [step("update", envs, envs, *paths)]}), "code")

    visible = drifts(preview({"steps": [step("update", {"a": 1}, {"a": 2}, "a")]}), "live")
    live = [*secrets("SENT", "TOUCHED", "ROTATED"), *visible]
    left = drift.without_own_seals(live, secrets("ROTATED"), secrets("TOUCHED", "ROTATED"))
    assert [each.path for each in left] == ["envs.TOUCHED.value", "a"]


def test_the_first_line_names_the_plugin_that_answers(tmp_path: Path) -> None:
    assert plugin.answering(rehearsal.environment()) == "the rehearsal stand-in"
    assert plugin.answering({"PATH": str(tmp_path)}).startswith("the DigitalOcean plugin 4.")
    others, linked = tmp_path / "other" / "rehearsal" / "bin", tmp_path / "linked"
    others.mkdir(parents=True)
    for folder in (tmp_path, others):
        program = folder / "pulumi-resource-digitalocean"
        program.touch()
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    real = tmp_path / "pulumi-resource-digitalocean"
    assert plugin.answering({"PATH": str(tmp_path)}).endswith(f"on PATH, {real}")
    linked.symlink_to(others)
    for stand_in in (others, linked):
        assert plugin.answering({"PATH": str(stand_in)}) == "the rehearsal stand-in"


def test_what_cannot_be_asked_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"there is no Pulumi\.nowhere\.yaml"):
        drift.run("nowhere", None, "text")
    with pytest.raises(UsageError, match=r"there is no .*absent\.yaml"):
        drift.run("prod", str(tmp_path / "absent.yaml"), "text")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="pulumi is not installed"):
        drift.run("prod", None, "text")


def test_a_report_that_cannot_be_written_is_said_and_what_was_found_is_not_lost(
    tmp_path: Path,
) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    for command in ("refresh", "preview"):
        pulumi.answer(command, out="{}")
    file = tmp_path / "nowhere" / "drift.json"
    project = Project.copied(tmp_path / "project")
    told = ("--stack", "stage", "--report", str(file))
    done = project.ops("drift", *told, path=pulumi.folder)
    assert (done.returncode, done.stderr) == (1, f"error: {file}: No such file or directory\n")
    assert done.stdout.count("no drift") == 2
