"""Twelve things that people do by hand: each is told, and mended by the next `up` if one can."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from by_hand import PUBLIC, State, brought_up, by_hand, named, only, parts, settle, touch
from conftest import Engine

from ops.plan.urn import name_of
from rehearsal.cloud import load

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Hand:
    """What somebody does to the only resource of a kind that fits, and what `ops drift` says.

    Without a `change` it is deleted. ADDRESS stands for the droplet's.
    """

    does: str
    kind: str
    which: Callable[[State], bool]
    change: Callable[[State], object] | None
    told: tuple[str, ...]
    by_up: bool = True  # whether an `up` mends it


def _trusted_droplet(state: State) -> bool:
    return bool(state["rules"][0]["type"] == "droplet")


def _service(state: State) -> dict[str, Any]:
    service: dict[str, Any] = state["spec"]["services"][0]
    return service


SERVICE = "krogiving-backend-app  spec.services.krogiving-backend-staging"
HANDS = [
    Hand(
        "a record is changed",
        "DnsRecord",
        named("api"),
        lambda s: s.update(value="198.18.0.9"),
        ("krotrust-zone-a-api  value: 'ADDRESS' => '198.18.0.9'",),
    ),
    Hand("a record is deleted", "DnsRecord", named("app2"), None, ("gone: krotrust-zone-a-app2",)),
    Hand(
        # Its memory and CPU alone: a disk that has grown never shrinks.
        "the droplet is resized",
        "Droplet",
        only,
        lambda s: s.update(size="s-4vcpu-8gb"),
        ("krotrust-droplet  size: 's-1vcpu-2gb' => 's-4vcpu-8gb'",),
    ),
    Hand(
        "SSH is opened to everybody",
        "Firewall",
        only,
        lambda s: s["inboundRules"][2]["sourceAddresses"].append("0.0.0.0/0"),
        ("krotrust-firewall  inboundRules.2.sourceAddresses.0.0.0.0/0: None => '0.0.0.0/0'",),
    ),
    Hand(
        "a tag is removed",
        "Droplet",
        only,
        lambda s: s["tags"].remove("krotrust"),
        ("krotrust-droplet  tags.krotrust: 'krotrust' => None",),
    ),
    Hand(
        "a database trusts one more",
        "DatabaseFirewall",
        _trusted_droplet,
        lambda s: s["rules"].append({"type": "ip_addr", "value": "198.18.0.7"}),
        (
            "krotrust-database-trusted-sources  rules.1: None =>"
            " {'type': 'ip_addr', 'value': '198.18.0.7'}",
        ),
    ),
    Hand(
        "the app is scaled",
        "App",
        only,
        lambda s: _service(s).update(instanceCount=3),
        (f"{SERVICE}.instanceCount: 1 => 3",),
    ),
    Hand(
        "the app is deployed on each push",
        "App",
        only,
        lambda s: _service(s)["github"].update(deployOnPush=True),
        (f"{SERVICE}.github.deployOnPush: False => True",),
    ),
    Hand(
        "a maintenance window is moved",
        "DatabaseCluster",
        named("giv-stage-valkey"),
        lambda s: s["maintenanceWindows"][0].update(day="monday"),
        ("krogiving-valkey-cluster  maintenanceWindows.0.day: 'sunday' => 'monday'",),
    ),
    Hand(
        "an alert is off",
        "MonitorAlert",
        lambda s: "cpu" in s["type"],
        lambda s: s.update(enabled=False),
        ("krotrust-alert-cpu  enabled: True => False",),
    ),
    Hand(
        "a bucket is made public",
        "SpacesBucket",
        named("kro-stage-files"),
        lambda s: s.update(acl="public-read"),
        PUBLIC,
        by_up=False,
    ),
]
GONE = Hand("the droplet is gone", "Droplet", only, None, ("gone: krotrust-droplet",))
FILLED_IN = {"createdAt", "ipv4Address", "ipv4AddressPrivate"}  # anew for what is made anew
GROUPS = [
    pytest.param(HANDS, id="eleven at once"),
    *[pytest.param([hand], id=hand.does, marks=pytest.mark.soak) for hand in (*HANDS, GONE)],
]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    after_up = brought_up(tmp_path_factory.mktemp("up"))
    return settle(after_up, tmp_path_factory.mktemp("settled"))


@pytest.mark.parametrize("hands", GROUPS)
def test_what_is_done_by_hand_is_told_and_the_next_up_mends_it(
    hands: Sequence[Hand], settled: Engine, tmp_path: Path
) -> None:
    engine = settled.copy(tmp_path)
    file = engine.folder / "cloud.json"
    before = load(file)
    for hand in hands:
        by_hand(engine, hand.kind, hand.which, hand.change)
    assert _drift(engine, code=2) == _told(hands, before)

    engine.on_stack("up", "--refresh", "--yes", "--skip-preview")
    after = load(file)
    gone = [hand for hand in hands if hand.change is None]
    left = [hand for hand in hands if not hand.by_up]
    counts = {name_of(urn): count for urn, count in after["made"].items()}
    assert {f"gone: {name}" for name, count in counts.items() if count > 1} == {
        line for hand in gone for line in hand.told
    }
    expected = _anew(before, after, gone)
    for hand in left:
        touch(expected, hand.kind, hand.which, hand.change)
    assert after["resources"] == expected["resources"]
    assert _drift(engine, code=2 if left else 0) == _told(left, before)


def _drift(engine: Engine, code: int) -> list[str]:
    """What `ops drift` says of the live side; of the code it says nothing."""
    _, live, planned = parts(engine.ops("drift", code=code).stdout)
    assert planned == ["no drift"]
    return sorted(live)


def _told(hands: Sequence[Hand], before: dict[str, Any]) -> list[str]:
    (droplet,) = [each for key, each in before["resources"].items() if key.startswith("Droplet/")]
    address = droplet["state"]["ipv4Address"]
    lines = [line.replace("ADDRESS", address) for hand in hands for line in hand.told]
    return sorted(lines) or ["no drift"]


def _anew(before: dict[str, Any], after: dict[str, Any], gone: Sequence[Hand]) -> dict[str, Any]:
    """The cloud before, but with what is the cloud's to give of each that was made anew."""
    text = json.dumps(before)
    for hand in gone:
        ((old_id, old),) = _only_in(before, after, hand.kind)
        ((new_id, new),) = _only_in(after, before, hand.kind)
        text = text.replace(old_id, new_id)
        for name in FILLED_IN & old.keys():
            text = text.replace(old[name], new[name])
    expected: dict[str, Any] = json.loads(text)
    return expected


def _only_in(there: dict[str, Any], other: dict[str, Any], kind: str) -> list[tuple[str, State]]:
    return [
        (key.removeprefix(f"{kind}/"), held["state"])
        for key, held in there["resources"].items()
        if key.startswith(f"{kind}/") and key not in other["resources"]
    ]
