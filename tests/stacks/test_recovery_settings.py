"""Settings of a recovery that cannot be meant: refused at once, saying what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import changed
from refusals import mistakes, refusal

OLD, TWO, THREE = "kro-prod-db-cluster", "kro-prod-db-cluster-2", "kro-prod-db-cluster-3"
DATABASE, MONGO, GIV, KRO = "krotrust.database", "krogiving.mongodb", "krogiving", "krotrust"


def _history(*restored: dict[str, str], retired: tuple[str, ...] = ()) -> dict[str, Any]:
    return {f"{DATABASE}.restored": list(restored), f"{DATABASE}.retired": list(retired)}


@pytest.mark.parametrize(
    ("changes", "key", "parts"),
    [
        (_history({"name": OLD}), f"{DATABASE}.restored.0.name", [f"{DATABASE}.name in"]),
        (
            _history({"name": TWO}, {"name": TWO}),
            f"{DATABASE}.restored.1.name",
            [f"{DATABASE}.restored.0.name in"],
        ),
        (
            _history({"name": TWO, "from": TWO}),
            f"{DATABASE}.restored.0.from",
            [TWO, f"one of {OLD}", "another estate"],
        ),
        (
            _history({"name": TWO, "from": THREE}, {"name": THREE}),
            f"{DATABASE}.restored.0.from",
            [f"{TWO} cannot be filled", f"one of {OLD},", "or a later one"],
        ),
        (
            _history(retired=(OLD,)),
            f"{DATABASE}.retired.0",
            [f"{OLD} is in use", "last of restored"],
        ),
        (_history({"name": TWO}, retired=(TWO,)), f"{DATABASE}.retired.0", [f"{TWO} is in use"]),
        (_history({"name": TWO}, retired=(OLD, OLD)), f"{DATABASE}.retired.1", [OLD, "twice"]),
        (_history({"name": TWO}, retired=(THREE,)), f"{DATABASE}.retired.0", [f"one of {OLD}"]),
        (_history({"name": TWO, "at": "2026-01-31"}), f"{DATABASE}.restored.0.at", ["T("]),
        (_history({"name": TWO, "at": "2026-02-31T24:00:00Z"}), f"{DATABASE}.restored.0.at", []),
        (_history({"name": "Two"}), f"{DATABASE}.restored.0.name", ["[a-z]"]),
        (_history({"at": "2026-01-31T02:00:00Z"}), f"{DATABASE}.restored.0.name", ["a value"]),
        (
            {f"{DATABASE}.restored": [{"name": TWO, "nodes": 4}]},
            f"{DATABASE}.restored.0.nodes",
            ["3"],
        ),
        (
            _history({"name": TWO, "source": OLD}),
            f"{DATABASE}.restored.0.source",
            ["at, from, name, nodes"],
        ),
        ({"krogiving.valkey.restored": []}, "krogiving.valkey.restored", ["no such key"]),
        (
            {f"{MONGO}.restored": [{"name": "giv-prod-valkey"}]},
            f"{MONGO}.restored.0.name",
            ["krogiving.valkey.name in"],
        ),
        (
            {f"{MONGO}.restored": [{"name": "giv-2", "from": "giv-prod-postgresql"}]},
            f"{MONGO}.restored.0.from",
            ["giv-2 cannot be filled from one of postgresql"],
        ),
        ({"krotrust.standIn": "kro-dr"}, "krotrust.standIn", ["address"]),
        ({"krotrust.standIn": "10.118.0.2"}, "krotrust.standIn", ["public IPv4"]),
        ({"krotrust.standIn": "127.0.0.1"}, "krotrust.standIn", ["public IPv4"]),
        ({"krotrust.standIn": "2001:4860::1"}, "krotrust.standIn", ["public IPv4"]),
        ({"krotrust.answersFor": "krotrust.com"}, f"{KRO}.answersFor", ["its own domain"]),
        ({"krogiving.answersFor": "krogiving.com"}, f"{GIV}.answersFor", ["its own domain"]),
        ({"krogiving.answersFor": "krogiving"}, "krogiving.answersFor", ["[a-z]"]),
        ({"krogiving.standIn": "dr"}, "krogiving.standIn", ["boolean"]),
        (
            {"krogiving.standIn": True, "krogiving.answersFor": "giving.test"},
            f"{GIV}.standIn",
            ["one of them alone"],
        ),
        (
            {"krogiving.records": [{"type": "CNAME", "name": "standby-api", "value": "a.test."}]},
            f"{GIV}.records.0",
            ["App Platform writes", "standby-api"],
        ),
    ],
)
def test_a_recovery_that_cannot_be_meant_is_refused(
    changes: dict[str, Any], key: str, parts: list[str]
) -> None:
    (mistake,) = mistakes(refusal(changed("prod", changes)), "prod")
    assert mistake.key == f"estate:{key}"
    for part in parts:
        assert part in mistake.allowed


def test_a_stand_in_at_an_address_that_is_not_known_yet_stops_an_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: False)
    text = refusal(changed("prod", {"krotrust.standIn": "203.0.113.7"}))
    assert "estate:krotrust.standIn  203.0.113.7/32 stands for an address" in text
