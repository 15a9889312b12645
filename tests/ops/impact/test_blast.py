"""`ops blast` of the cloud: what depends on one part, worked out by hand, and who to contact."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import changed
from expected_impact import (
    BACKEND,
    BEHIND_BACKEND,
    DONATIONS,
    ESCROW,
    GIV_ADMIN,
    GIV_API,
    GIV_DATA_LOST,
    GIV_SITES,
    KRO_URLS,
    Expected,
    states,
)

from ops.impact.blast import BlastRadius, blast_radius, resolve
from ops.impact.edges import dependency_graph
from ops.plan.graph import Graph, build

Plan = Callable[[str], Graph]

CASES: dict[str, tuple[str, Expected]] = {
    "the machine of KROTrust": (
        "krotrust-droplet",
        {"down": {*KRO_URLS, "kro-prod"}, "stays": {ESCROW}},
    ),
    "its cluster": ("krotrust-database-cluster", {"down": {*KRO_URLS, "kro-prod", ESCROW}}),
    "its cluster's trusted sources": (
        "krotrust-database-trusted-sources",
        {"down": {*KRO_URLS, "kro-prod", ESCROW}},
    ),
    "its firewall": ("kro-prod-web", {"down": {*KRO_URLS, "kro-prod"}, "stays": {ESCROW}}),
    "its network": ("krotrust-vpc", {"down": {*KRO_URLS, "kro-prod", ESCROW}}),
    "its SSH key, which acts on a first boot alone": ("krotrust-droplet-key", {}),
    "its files, which production.json alone knows": (
        "kro-prod-files",
        {"down": {"kro-prod-files"}},
    ),
    "its zone": ("krotrust-zone", {"down": KRO_URLS, "stays": {ESCROW}}),
    "its domain": ("krotrust.com", {"down": KRO_URLS, "stays": {ESCROW}}),
    "one of its records": (
        "krotrust-zone-a-api",
        {"down": {"https://api.krotrust.com/health"}, "stays": {ESCROW}},
    ),
    "who may issue its certificates": (
        "krotrust-zone-caa-letsencrypt.org",
        {"partly": KRO_URLS},
    ),
    "a URL": (
        "https://app2.krotrust.com/any/page",
        {"down": {"https://app2.krotrust.com/"}, "stays": {ESCROW}},
    ),
    "a check, on which nothing depends": ("krotrust-uptime-api-check", {}),
    "an alert, on which nothing depends": ("krotrust-alert-cpu", {}),
    "the donations": (
        "giv-prod-postgresql",
        {
            **GIV_DATA_LOST,
            "down": {*BACKEND["down"], DONATIONS},
            "stays": BEHIND_BACKEND - {DONATIONS},
        },
    ),
    "the admins and logs": (
        "krogiving-mongodb",
        {
            **GIV_DATA_LOST,
            "down": {*BACKEND["down"], "giv-prod-mongodb"},
            "stays": BEHIND_BACKEND - {"giv-prod-mongodb"},
        },
    ),
    "the OTP cache": (
        "krogiving-valkey-cluster",
        {"down": {"giv-prod-valkey"}, "partly": {"krogiving-backend", GIV_API}},
    ),
    "the media": (
        "krogiving-media-files-bucket",
        {"down": {"giv-prod-media"}, "partly": {"krogiving-backend", GIV_API}},
    ),
    "the media's CDN": (
        "krogiving-media-cdn",
        {"down": {"giv-prod-media"}, "partly": {"krogiving-backend", GIV_API}},
    ),
    "the backend": ("krogiving-backend", {**BACKEND, "stays": BEHIND_BACKEND}),
    "the frontend, to which the backend's mails link": (
        "krogiving-frontend",
        {"down": {*GIV_SITES, "krogiving-frontend"}, "partly": {"krogiving-backend", GIV_API}},
    ),
    "the admin panel": ("admin.krogiving.com", {"down": {GIV_ADMIN}}),
}


def _radius(planned: Graph, name: str) -> BlastRadius:
    graph = dependency_graph(planned)
    return blast_radius(graph, resolve(graph, name))


@pytest.mark.parametrize(("name", "expected"), CASES.values(), ids=CASES)
def test_exactly_these_are_affected(plan: Plan, name: str, expected: Expected) -> None:
    assert states(_radius(plan("prod"), name)) == expected


@pytest.mark.parametrize(
    ("name", "people", "recovery"),
    [
        (
            "krotrust-database-cluster",
            {
                "infrastructure@krotrust.com (gets the alarms)",
                "whoever holds root on the droplet (krotrust)",
                "the owners of kro-devops (krotrust)",
            },
            "kro-prod-db-cluster: daily backups and point in time: `restored` of",
        ),
        (
            "giv-prod-valkey",
            {
                "infrastructure@krotrust.com (gets the alarms)",
                "the owners of krogiving-backend (krogiving)",
            },
            "giv-prod-valkey: nothing to restore",
        ),
        (
            "pencom_payments",
            {"the infrastructure team (pencom)"},
            "postgresql/pencom_payments: nothing is documented: ask the infrastructure team",
        ),
        (
            "oracle-ecrs",
            {"the infrastructure team (pencom)", "PenCom (owns pencom-oracle-ecrs)"},
            "the handover's page Shutdown & Recovery, Pencom",
        ),
    ],
)
def test_it_lists_who_to_contact_and_where_recovery_is_documented(
    plan: Plan, name: str, people: set[str], recovery: str
) -> None:
    radius = _radius(plan("prod"), name)
    assert set(radius.contacts) == people
    assert radius.recovery[0].startswith(recovery)


def test_with_a_reserved_ip_the_records_depend_on_it() -> None:
    radius = _radius(build(changed("prod", {"krotrust.reservedIp": True})), "krotrust-address")
    assert states(radius) == {"down": KRO_URLS, "stays": {ESCROW}}
