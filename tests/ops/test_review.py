"""`ops review` of prepared changes: what each destroys, what stands on it, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from conftest import DELETE, changed
from standing_by_hand import (
    BACKEND,
    BEHIND_BACKEND,
    DONATIONS,
    ESCROW,
    GATEWAYS,
    GIV_ADMIN,
    GIV_API,
    GIV_DATA_LOST,
    GIV_SITES,
    KRO_URLS,
    Expected,
    states,
)

from ops import review, review_text
from ops.config import UsageError
from ops.graph import Graph, build

Plan = Callable[[str], Graph]

KRO_CLUSTER: Expected = {"down": {*KRO_URLS, "kro-prod", ESCROW}}
KRO_MACHINE: Expected = {"down": {*KRO_URLS, "kro-prod"}, "stays": {ESCROW}}
GIV_BACKEND: Expected = {**BACKEND, "stays": BEHIND_BACKEND}
GIV_ZONE: Expected = {
    "down": {
        *{GIV_API, GIV_ADMIN, "krogiving-backend", "krogiving-frontend", "giv-admin-new"},
        *GIV_SITES,
    },
    "stays": BEHIND_BACKEND,
}
TXT = {"type": "TXT", "name": "@", "value": "v=spf1 -all"}
NOTHING: Expected = {}


@dataclass(frozen=True)
class Case:
    """A change of settings; `loud` are the beginnings of what must not be missed."""

    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    standing: Expected
    loud: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


CASES: dict[str, Case] = {
    "nothing": Case({}, {}, NOTHING),
    "the droplet's size": Case(
        {"krotrust.droplet.size": "s-8vcpu-16gb"},
        {"update": 1},
        KRO_MACHINE,
        lines=("! update krotrust-droplet (Droplet): size: s-4vcpu-8gb -> s-8vcpu-16gb",),
    ),
    "the droplet's image, which is ignored": Case(
        {"krotrust.droplet.image": "ubuntu-26-04-x64"},
        {},
        NOTHING,
        lines=(
            "# krotrust-droplet (Droplet): image: ubuntu-24-04-x64 -> ubuntu-26-04-x64,"
            " without effect on what runs",
        ),
    ),
    "its monitoring, which replaces it and what takes its address": Case(
        {"krotrust.droplet.monitoring": False},
        {"replace": 1, "update": 10},
        KRO_CLUSTER,
        ("REPLACE krotrust-droplet (Droplet) because of monitoring: the old one is destroyed;",),
        (
            "! update krotrust-zone-a-admin and 3 more (DnsRecord): value: another value from"
            " krotrust-droplet",
        ),
    ),
    "IPv6 turned on, which does not replace": Case(
        {"krotrust.droplet.ipv6": True}, {"update": 1}, KRO_MACHINE
    ),
    "its tags": Case(
        {"krotrust.droplet.tags": ["prod", "escrow"]},
        {"update": 1},
        KRO_MACHINE,
        lines=("! update krotrust-droplet (Droplet): tags: + escrow; tags: - krotrust",),
    ),
    "the order of its tags": Case({"krotrust.droplet.tags": ["prod", "krotrust"]}, {}, NOTHING),
    "its backups": Case({"krotrust.droplet.backups": None}, {"update": 1}, KRO_MACHINE),
    "its protection": Case(
        {"removals": ["krotrust-droplet"]},
        {"unprotect": 1},
        KRO_MACHINE,
        ("PROTECTION OFF krotrust-droplet",),
    ),
    "its protection and its region at once": Case(
        {"removals": ["krotrust-files-bucket"], "krotrust.bucket.region": "ams3"},
        {"replace": 1, "update": 1, "unprotect": 1},
        {"down": {"kro-prod-files"}},
        (
            "REPLACE krotrust-files-bucket (SpacesBucket) because of region: the old one is"
            " destroyed; in it: not documented: files; the key that opens it stands in"
            " production.json; the change takes its protection off, too",
        ),
    ),
    "who may log in": Case(
        {"krotrust.ssh.allowList": ["203.0.113.10/32", "198.18.0.0/16"]},
        {"update": 1},
        KRO_MACHINE,
        lines=(
            "! update krotrust-firewall (Firewall):"
            " inboundRules.2.sourceAddresses: + 198.18.0.0/16",
        ),
    ),
    "a reserved IP": Case(
        {"krotrust.reservedIp": True},
        {"create": 1, "update": 4},
        {"down": KRO_URLS, "stays": {ESCROW}},
    ),
    "the cluster's name": Case(
        {"krotrust.database.name": "kro-prod-2"},
        {"replace": 4, "update": 1},
        KRO_CLUSTER,
        (
            "REPLACE krotrust-database-cluster (DatabaseCluster) because of name: the old one is"
            " destroyed; in it: MONEY: orders, kro_balance (escrow), transactions, refunds;"
            " protected: an `up` refuses",
            "REPLACE krotrust-database-db",
            "REPLACE krotrust-database-trusted-sources",
            "REPLACE krotrust-database-user",
        ),
    ),
    "the cluster's nodes": Case({"krotrust.database.nodes": 3}, {"update": 1}, KRO_CLUSTER),
    "its maintenance window": Case(
        {"krotrust.database.maintenance.hour": "06:00"}, {"update": 1}, KRO_CLUSTER
    ),
    "the region": Case(
        {"krotrust.region": "ams3"},
        {"replace": 6, "update": 9},
        KRO_CLUSTER,
        (
            *("REPLACE krotrust-database-cluster", "REPLACE krotrust-database-db"),
            *("REPLACE krotrust-database-trusted-sources", "REPLACE krotrust-database-user"),
            *("REPLACE krotrust-droplet", "REPLACE krotrust-vpc"),
        ),
    ),
    "a record added": Case(
        {"krotrust.records": [TXT]},
        {"create": 1},
        NOTHING,
        lines=(
            "+ create krotrust-zone-txt-apex (DnsRecord): domain krotrust.com; name @; ttl 1800;"
            " type TXT; value v=spf1 -all",
        ),
    ),
    "a site taken away": Case(
        {"krogiving.admin": None},
        {"delete": 6, "update": 2},
        # The bucket forgets the site's origin, and the bucket is what the backend takes media from.
        {
            "down": {GIV_ADMIN, "giv-admin-new", "giv-prod-media"},
            "partly": {"krogiving-backend", GIV_API},
        },
        (
            "DELETE krogiving-admin (StaticSite)",
            "DELETE krogiving-admin-app (App); protected: an `up` refuses",
            *("DELETE krogiving-uptime-admin (", "DELETE krogiving-uptime-admin-certificate"),
            *("DELETE krogiving-uptime-admin-check", "DELETE krogiving-uptime-admin-down"),
        ),
    ),
    "the cache's size": Case(
        {"krogiving.valkey.size": "db-s-1vcpu-2gb"},
        {"update": 1},
        {"down": {"giv-prod-valkey"}, "partly": {"krogiving-backend", GIV_API}},
    ),
    "the donations' version": Case(
        {"krogiving.postgresql.version": "17"},
        {"update": 2},
        {
            **GIV_DATA_LOST,
            "down": {*BACKEND["down"], DONATIONS},
            "stays": BEHIND_BACKEND - {DONATIONS},
        },
    ),
    "the backend's instances": Case({"krogiving.backend.instances": 2}, {"update": 1}, GIV_BACKEND),
    "the backend's port": Case({"krogiving.backend.port": 3001}, {"update": 1}, GIV_BACKEND),
    "the frontend's branch": Case(
        {"krogiving.frontend.branch": "next"},
        {"update": 1},
        {"down": {*GIV_SITES, "krogiving-frontend"}, "partly": {"krogiving-backend", GIV_API}},
    ),
    "a bucket renamed": Case(
        {"krogiving.media.name": "giv-prod-media-2"},
        {"update": 4},
        {
            **BACKEND,
            "down": {*BACKEND["down"], "giv-prod-media"},
            "stays": BEHIND_BACKEND - {"giv-prod-media"},
        },
        ("RENAME krogiving-media-files-bucket",),
    ),
    "a bucket moved": Case(
        {"krotrust.bucket.region": "ams3"},
        {"replace": 1, "update": 1},
        {"down": {"kro-prod-files"}},
        (
            "REPLACE krotrust-files-bucket (SpacesBucket) because of region: the old one is"
            " destroyed; in it: not documented: files",
        ),
    ),
    "who may issue certificates": Case(
        {"krogiving.caaIssuers": ["letsencrypt.org"]},
        {"delete": 1},
        {"partly": {GIV_API, GIV_ADMIN, *GIV_SITES}},
        ("DELETE krogiving-zone-caa-pki.goog",),
    ),
    "who gets the alarms": Case({"alertEmails": ["on-call@krotrust.com"]}, {"update": 19}, NOTHING),
    "a host's address": Case(
        {"pencom.hosts.vps-4": "10.20.0.24"},
        {"update": 1},
        {"down": {"vps-4", "minio"}, "partly": {*GATEWAYS, "compliance"}},
        lines=("! update pencom-vps-4 (Host): address: 10.20.0.14 -> 10.20.0.24",),
    ),
    "a store's port": Case(
        {"pencom.storePorts.mongodb": 27018},
        {"update": 1},
        {
            "down": {
                "mongodb/pencom_notifications",
                "mongodb/pencom_core_otp",
                "core",
                "notifications",
            },
            "degraded": {"compliance", "payments", *GATEWAYS},
            "stays": {"postgresql/pencom_core_db2", "redis"},
        },
    ),
}


def _reviewed(before: Graph, after: Graph) -> review.Review:
    return review.review(before, after, "a plan")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_prepared_change_is_told_as_it_is(plan: Plan, case: Case) -> None:
    told = _reviewed(plan("prod"), build(changed("prod", case.settings)))
    assert told.counts() == case.counts
    assert states(told.blast) == case.standing
    loud = [line for edit in told.edits if (line := review_text.loud(edit))]
    assert len(loud) >= len(case.loud)
    for beginning in case.loud:
        assert [line for line in loud if line.startswith(beginning)], loud
    text = review_text.as_text(told)
    assert text.startswith(f"prod: {'' if case.counts else 'no change'}")
    for line in case.lines:
        assert f"  {line}\n" in text


def test_the_domain_that_changes_is_another_zone(plan: Plan) -> None:
    settings = {"krogiving.domain": "krogiving.org", "krogiving.admin.host": "admin.krogiving.org"}
    told = _reviewed(plan("prod"), build(changed("prod", settings)))
    replaced = {edit.resource.name for edit in told.edits if edit.op == "replace"}
    assert replaced == {
        "krogiving-zone-domain",
        "krogiving-zone-caa-letsencrypt.org",
        "krogiving-zone-caa-pki.goog",
    }
    hit = states(told.blast)
    assert hit["down"] == GIV_ZONE["down"] | {"giv-prod-media"}
    assert hit["stays"] == GIV_ZONE["stays"] - {"giv-prod-media"}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"krotrust.ssh.allowList": ["0.0.0.0/0"]}, "krotrust.ssh.allowList"),
        ({"krogiving.valkey.engine": "redis"}, "krogiving.valkey.engine"),
        ({"krogiving.backend.senderName": DELETE}, "krogiving.backend.senderName"),
        ({"pencom.hosts.vps-3": "203.0.113.30"}, "pencom.hosts.vps-3"),
    ],
)
def test_what_no_setting_may_say_is_refused_before_any_review(
    settings: Mapping[str, Any], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        build(changed("prod", settings))
