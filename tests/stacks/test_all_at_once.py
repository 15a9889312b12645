"""Within one object every mistake comes at once, however the checks depend on each other."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import DELETE, changed
from refusals import mistakes, refusal

OLD = "kro-prod-db-cluster"
TWO = "kro-prod-db-cluster-2"


def _keys(changes: dict[str, Any]) -> list[str]:
    wrong = mistakes(refusal(changed("prod", changes)), "prod")
    return sorted(each.key.removeprefix("estate:") for each in wrong)


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        ({"type": "MX", "name": "mail", "value": "mx.example.com"}, ["priority", "value"]),
        (
            {"type": "SRV", "name": "_sip._tcp", "value": "sip.test", "ttl": 5},
            ["port", "priority", "ttl", "value", "weight"],
        ),
        ({"type": "CAA", "value": "letsencrypt.org"}, ["flags", "tag", "value"]),
        ({"type": "CAA", "value": "mailto:a@b.test"}, ["flags", "tag"]),
        (
            {"type": "CAA", "tag": "iodef", "value": "mailto:a@b.test.", "flags": "0"},
            ["flags", "value"],
        ),
        ({"type": "MX", "label": 1, "value": "mx.test", "priority": "10"}, None),
        ({"type": "PTR", "ttl": 5}, ["ttl", "type", "value"]),
    ],
)
def test_a_record_has_all_its_mistakes_at_once(
    record: dict[str, Any], wrong: list[str] | None
) -> None:
    wrong = ["label", "priority", "value"] if wrong is None else wrong
    assert _keys({"krotrust.records": [record]}) == [f"krotrust.records.0.{key}" for key in wrong]


@pytest.mark.parametrize(
    ("changes", "also"),
    [
        (
            {"krotrust.vpc": {"name": "kro-prod", "id": "x", "ipRange": "8.8.8.0/24"}},
            ["krotrust.vpc.id", "krotrust.vpc.ipRange"],
        ),
        (
            {"krotrust.vpc": {"name": None, "id": None, "ipRange": "10.0.0.0/8"}},
            ["krotrust.vpc.id", "krotrust.vpc.ipRange"],
        ),
        (
            {"krotrust.droplet.backups": {"plan": "weekly", "hour": 5, "weekday": None}},
            ["krotrust.droplet.backups.hour", "krotrust.droplet.backups.weekday"],
        ),
        (
            {"krotrust.answersFor": "krotrust.com", "krotrust.region": "fra9"},
            ["krotrust.answersFor", "krotrust.region"],
        ),
        (
            {
                "krotrust.records": [
                    {"type": "A", "name": "api", "value": "192.0.2.1"},
                    {"type": "CNAME", "name": "app", "value": "a.test."},
                ],
                "krotrust.region": "fra9",
            },
            ["krotrust.records.0", "krotrust.records.1", "krotrust.region"],
        ),
        (
            {
                "krotrust.records": [
                    {"type": "TXT", "value": "a"},
                    {"type": "TXT", "value": "b"},
                    {"type": "TXT", "value": "c"},
                ]
            },
            ["krotrust.records.1", "krotrust.records.2"],
        ),
        (
            {
                "krotrust.database.nodes": 9,
                "krotrust.database.restored": [{"name": TWO, "from": TWO}],
                "krotrust.database.retired": [OLD, OLD, "another"],
            },
            [
                "krotrust.database.nodes",
                "krotrust.database.restored.0.from",
                "krotrust.database.retired.1",
            ],
        ),
        (
            {
                "krotrust.database.restored": [{"name": TWO}],
                "krotrust.database.retired": [TWO, TWO, "another"],
            },
            [f"krotrust.database.retired.{place}" for place in (0, 1, 1, 2)],
        ),
        (
            {
                "krogiving.answersFor": "giving.test",
                "krogiving.standIn": True,
                "krogiving.admin.host": "admin.test",
                "krogiving.admin.branch": "?",
                "krogiving.backend.aliases": ["one.test", "two.test"],
                "krogiving.frontend.splitApiKey": DELETE,
                "krogiving.records": [
                    {"type": "A", "name": "api", "value": "192.0.2.1"},
                    {"type": "A", "name": "standby", "value": "192.0.2.1"},
                ],
                "krogiving.mongodb.restored": [
                    {"name": "giv-2", "from": "giv-prod-postgresql"},
                    {"name": "giv-3", "from": "giv-prod-valkey"},
                ],
            },
            [
                "krogiving.admin.branch",
                "krogiving.backend.aliases.0",
                "krogiving.backend.aliases.1",
                "krogiving.frontend.splitApiKey",
                "krogiving.mongodb.restored.0.from",
                "krogiving.mongodb.restored.1.from",
                "krogiving.records.0",
                "krogiving.records.1",
                "krogiving.standIn",
            ],
        ),
    ],
)
def test_a_check_of_several_fields_runs_whatever_else_is_wrong(
    changes: dict[str, Any], also: list[str]
) -> None:
    assert _keys(changes) == also


def test_a_database_filled_from_a_later_one_of_another_engine_is_refused() -> None:
    restored = [{"name": "giv-2", "from": "giv-prod-mongodb"}]
    (mistake,) = mistakes(
        refusal(changed("prod", {"krogiving.postgresql.restored": restored})), "prod"
    )
    assert mistake.key == "estate:krogiving.mongodb"
    assert "giv-2 cannot be filled" in mistake.allowed
    assert "postgresql.restored" in mistake.allowed
