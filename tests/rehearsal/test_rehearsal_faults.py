"""The log of what happened, the wait until something is ready, and faults on demand."""

import asyncio
import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc
from stand_in import CLUSTER, DROPLET, create, delete, fault, made, props, read, rehearse, urn

import rehearsal
from rehearsal.cloud import Refused, load
from rehearsal.plugin import StandIn

# The SDK announces its own deprecated types when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return rehearse(tmp_path, monkeypatch)


def logged(cloud: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(f"{cloud}.log").read_text().splitlines()]


def droplets(cloud: Path) -> int:
    return len(load(cloud)["resources"])


def test_every_operation_that_happens_is_logged_and_none_of_a_preview(cloud: Path) -> None:
    create("Droplet", DROPLET, "web", preview=True)
    assert not cloud.parent.exists()
    identity = made("Droplet", DROPLET, "web")
    read("Droplet", identity)
    delete("Droplet", identity)
    with pytest.raises(Refused):
        create("Droplet", {**DROPLET, "size": "huge"}, "web")
    lines = logged(cloud)
    assert [(line["op"], line["ok"]) for line in lines] == [
        ("create", True),
        ("read", True),
        ("delete", True),
        ("create", False),
    ]
    assert set(lines[0]) == {"op", "type", "name", "urn", "start", "end", "ok"}
    assert lines[0]["urn"] == urn("Droplet", "web")
    assert {(line["type"], line["name"]) for line in lines} == {
        ("Droplet", "it"),
        ("Droplet", "web"),
    }
    assert all(line["start"] <= line["end"] for line in lines)


def test_waiting_is_scaled_and_happens_side_by_side(
    cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    already_in_cloud: list[int] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        already_in_cloud.append(droplets(cloud))  # the resource exists before its wait
        await real(0)

    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setenv(rehearsal.SPEED_VARIABLE, "60")
    plugin = StandIn()

    async def both() -> None:
        requests = (
            rpc.CreateRequest(urn("Droplet"), props(DROPLET), 0, False),
            rpc.CreateRequest(urn("DatabaseCluster"), props(CLUSTER), 0, False),
        )
        await asyncio.gather(*(plugin.create(each) for each in requests))

    asyncio.run(both())
    assert sorted(waits) == [1, 5]
    assert already_in_cloud == [1, 2]
    for news, wait in (({"size": "s-2vcpu-4gb"}, 1.0), ({"tags": ["a"]}, 0.0)):
        state = dict(create("Droplet", {**DROPLET, "name": wait}, str(wait)).properties)
        waits.clear()
        key = next(key for key in load(cloud)["resources"] if key.startswith("Droplet"))
        request = rpc.UpdateRequest(
            urn("Droplet"), key.partition("/")[2], state, props({**DROPLET, **news}), 0, [], False
        )
        asyncio.run(plugin.update(request))
        assert waits == [wait]


def test_speed_is_part_of_the_environment() -> None:
    assert rehearsal.environment()[rehearsal.SPEED_VARIABLE] == "0"
    assert rehearsal.environment(speed=60)[rehearsal.SPEED_VARIABLE] == "60"


@pytest.mark.parametrize(
    ("kind", "left", "message"),
    [("refuse", 0, "503"), ("timeout", 0, "timeout"), ("lost", 1, "timeout")],
)
def test_a_fault_happens_as_often_as_it_says(
    kind: str, left: int, message: str, cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    droplet_fault = {"type": "Droplet", "name": "we.*", "op": "create", "kind": kind, "times": 2}
    fault(monkeypatch, droplet_fault)
    made("Droplet", DROPLET, "other")
    for _ in range(2):
        with pytest.raises(Refused, match=message):
            create("Droplet", DROPLET, "web")
    assert droplets(cloud) == 1 + 2 * left
    assert [line["ok"] for line in logged(cloud)] == [True, False, False]
    made("Droplet", DROPLET, "web")


def test_a_fault_of_a_deletion_may_still_delete(
    cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch, {"type": "Droplet", "op": "delete", "kind": "lost"})
    identity = made("Droplet", DROPLET)
    with pytest.raises(Refused):
        delete("Droplet", identity)
    assert droplets(cloud) == 0


def test_a_plugin_that_dies_has_created_the_resource(
    cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def end(code: int) -> None:
        raise Died(code)

    monkeypatch.setattr(os, "_exit", end)
    fault(monkeypatch, {"type": "Droplet", "op": "create", "kind": "die"})
    with pytest.raises(Died):
        create("Droplet", DROPLET)
    assert droplets(cloud) == 1
    assert [line["ok"] for line in logged(cloud)] == [False]


@pytest.mark.parametrize("text", ["{", '[{"type": "Droplet"}]', '[{"kind": "lsot"}]', '{"a": 1}'])
def test_invalid_faults_are_refused_before_anything_happens(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(rehearsal.FAULTS_VARIABLE, text)
    request = rpc.ConfigureRequest({}, props({}), True, True)
    with pytest.raises(Refused, match=rehearsal.FAULTS_VARIABLE):
        asyncio.run(StandIn().configure(request))


def test_a_creation_that_is_sent_again_after_a_lost_answer_makes_a_twin(
    cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch, {"type": "Droplet", "op": "create", "kind": "repeat"})
    identity = made("Droplet", DROPLET)
    assert droplets(cloud) == 2
    assert f"Droplet/{identity}" in load(cloud)["resources"]
    assert [line["ok"] for line in logged(cloud)] == [False, True]


def test_a_repeated_creation_of_a_unique_resource_is_refused_and_leaves_one(
    cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch, {"type": "DatabaseCluster", "op": "create", "kind": "repeat"})
    with pytest.raises(Refused, match="already exists"):
        create("DatabaseCluster", CLUSTER)
    assert len(load(cloud)["resources"]) == 1


def test_trusted_sources_that_are_set_again_are_written_over(cloud: Path) -> None:
    rules = {"clusterId": made("DatabaseCluster", CLUSTER), "rules": []}
    made("DatabaseFirewall", rules)
    last = made("DatabaseFirewall", {**rules, "rules": [{"type": "tag", "value": "web"}]})
    (key,) = (key for key in load(cloud)["resources"] if key.startswith("DatabaseFirewall/"))
    assert key == f"DatabaseFirewall/{last}"


@pytest.mark.parametrize(("kind", "refused"), [("UptimeCheck", True), ("Droplet", False)])
def test_the_deletion_of_a_missing_resource_is_refused_by_some_types_alone(
    kind: str, refused: bool
) -> None:
    with pytest.raises(Refused, match="404") if refused else nullcontext():
        delete(kind, "missing")
