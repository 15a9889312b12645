"""Changes of prod's settings with their expected reviews, worked out by hand from the handover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from expected_impact import (
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
)

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
    """A change of settings and its expected review.

    `impact` are labels by state. `warnings` are the beginnings of warnings, `lines` are in the
    report, `breaks` are pairs of a broken rule and the resource that breaks it.
    """

    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    impact: Expected
    warnings: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    breaks: tuple[tuple[str, str], ...] = ()


LOST_ESCROW = tuple(
    ("nothing-lost", f"krotrust-database-{part}")
    for part in ("cluster", "db", "trusted-sources", "user")
)

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
        breaks=(("nothing-lost", "krotrust-droplet"),),
    ),
    "IPv6 turned on, which does not replace": Case(
        {"krotrust.droplet.ipv6": True}, {"update": 1}, KRO_MACHINE
    ),
    "its tags": Case(
        {"krotrust.droplet.tags": ["prod", "escrow"]},
        {"update": 1},
        KRO_MACHINE,
        lines=("! update krotrust-droplet (Droplet): tags: + escrow; tags: - krotrust",),
        breaks=(("grouped-and-tagged", "krotrust-droplet"),),
    ),
    "the order of its tags": Case({"krotrust.droplet.tags": ["prod", "krotrust"]}, {}, NOTHING),
    "its backups": Case(
        {"krotrust.droplet.backups": None},
        {"update": 1},
        KRO_MACHINE,
        breaks=(("droplet-backups", "krotrust-droplet"),),
    ),
    "its protection": Case(
        {"removals": ["krotrust-droplet"]},
        {"unprotect": 1},
        KRO_MACHINE,
        ("PROTECTION OFF krotrust-droplet",),
        breaks=(("nothing-lost", "krotrust-droplet"),),
    ),
    "its protection and its region at once": Case(
        {"removals": ["krotrust-files-bucket"], "krotrust.bucket.region": "ams3"},
        {"replace": 1, "update": 1, "unprotect": 1},
        {"down": {"kro-prod-files"}},
        (
            "REPLACE krotrust-files-bucket (SpacesBucket) because of region: the old one is"
            " destroyed; in it: not documented: files; the key that opens it stands in"
            " production.json; the change also removes its protection",
        ),
        breaks=(
            ("nothing-lost", "krotrust-files-bucket"),
            ("nothing-lost", "krotrust-files-bucket"),
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
        breaks=(*LOST_ESCROW,),
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
        breaks=(
            *LOST_ESCROW,
            ("nothing-lost", "krotrust-droplet"),
            ("nothing-lost", "krotrust-vpc"),
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
        breaks=(("nothing-lost", "krogiving-admin-app"),),
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
        breaks=(("nothing-lost", "krotrust-files-bucket"),),
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
