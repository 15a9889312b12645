"""What breaks each rule: changes to real plans, and the resources that are reported for them."""

from __future__ import annotations

import json
from typing import Any

from changes import Change, also, both, options, record_of, rule_of, set_to, without

from policy.resources import UNKNOWN, PlannedResource

FIREWALL, DROPLET = "krotrust-firewall", "krotrust-droplet"
SOURCES, BACKEND = "krotrust-database-trusted-sources", "krogiving-backend-app"
CORS, BUCKET = "krogiving-media-cors", "krotrust-files-bucket"


def policy_of(*statements: dict[str, Any]) -> PlannedResource:
    inputs = {"bucket": "kro-prod-files", "policy": json.dumps({"Statement": statements})}
    return PlannedResource(
        "SpacesBucketPolicy", "krotrust-files-policy", inputs, parent="krotrust-files"
    )


TLS = {"Bool": {"aws:SecureTransport": "true"}}
READ = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
NO_HTTP = {
    **READ,
    "Effect": "Deny",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
WORLD = {"krotrust-firewall": "port 22 is open to "}
CANARY = "canary0123456789abcdef0123456789"

BREAKS: dict[str, list[Change]] = {
    "no-open-ssh": [
        Change("all", rule_of(2, sourceAddresses=["0.0.0.0/0"]), WORLD),
        Change("all of IPv6", rule_of(2, sourceAddresses=["::/0"]), WORLD),
        Change("IPv4 in IPv6", rule_of(2, sourceAddresses=["::ffff:0:0/96"]), WORLD),
        Change("half", rule_of(2, sourceAddresses=["128.0.0.0/1"]), WORLD),
        Change(
            "a world in small pieces",
            rule_of(2, sourceAddresses=[f"{first}.0.0.0/8" for first in range(1, 256)]),
            WORLD,
        ),
        Change("no network", rule_of(2, sourceAddresses=["anybody"]), WORLD),
        Change("a range", rule_of(0, portRange="20-30"), WORLD),
        Change("every port", rule_of(0, portRange="1-65535"), WORLD),
        Change("the word all", rule_of(0, portRange="all"), WORLD),
        Change("the port 0", rule_of(0, portRange="0"), WORLD),
        Change("no ports", rule_of(0, portRange=None), WORLD),
        Change(
            "unknown", set_to(FIREWALL, "inboundRules", UNKNOWN), {FIREWALL: "cannot be checked"}
        ),
        Change("no firewall", without(FIREWALL), {DROPLET: "behind no firewall"}),
        Change("of another", options(FIREWALL, uses={}), {DROPLET: "behind no firewall"}),
    ],
    "trusted-sources": [
        Change("none", without(SOURCES), {"krotrust-database-cluster": "has no trusted source"}),
        Change(
            "emptied",
            set_to(SOURCES, "rules", []),
            {"krotrust-database-cluster": "has no trusted source"},
        ),
        Change(
            "the world",
            set_to(SOURCES, "rules.+", {"type": "ip_addr", "value": "0.0.0.0/0"}),
            {SOURCES: "trusts 0.0.0.0/0"},
        ),
    ],
    "nothing-lost": [
        Change(
            "a removal",
            settings={"removals": ["krotrust-database-cluster", "krotrust-alert-cpu"]},
            problems={"krotrust-database-cluster": "is not protected"},
        ),
        Change(
            "in the recovery estate",
            options("krogiving-vpc", protect=False),
            {"krogiving-vpc": "is not protected"},
            stack="dr",
        ),
    ],
    "no-plain-secret": [
        Change(
            "in a setting",
            settings={"krogiving.backend.senderName": f"sk_live_{CANARY}"},
            problems={BACKEND: "envs[SENDER_NAME].value looks like a payment key"},
        ),
        Change(
            "in user data",
            set_to(DROPLET, "userData", f"#cloud-config\npassword: {CANARY}\n"),
            {DROPLET: "userData assigns a value"},
        ),
        Change(
            "in a tag",
            set_to(DROPLET, "tags.+", f"dop_v1_{CANARY}"),
            {DROPLET: "tags[2] looks like"},
        ),
        Change(
            "in a name",
            set_to("krogiving-vpc", "name", f"ghp_{CANARY}"),
            {"krogiving-vpc": "name looks like a GitHub token"},
        ),
        Change(
            "in a variable whose name says so",
            set_to(BACKEND, "spec.services.0.envs.+", {"key": "OTP_TOKEN", "value": CANARY}),
            {BACKEND: "the variable OTP_TOKEN is not of type SECRET"},
        ),
        Change(
            "hidden from us, not from the console",
            set_to(BACKEND, "spec.envs.0.type", "GENERAL"),
            {BACKEND: "the variable JWT_SECRET_KEY is not of type SECRET, although hidden here"},
        ),
    ],
    "droplet-backups": [
        Change(
            "off", problems={DROPLET: "no backups"}, settings={"krotrust.droplet.backups": None}
        ),
        Change(
            "not known", set_to(DROPLET, "backups", UNKNOWN), {DROPLET: "no backups"}, stack="dr"
        ),
    ],
    "private-buckets": [
        Change("public", set_to(BUCKET, "acl", "public-read"), {BUCKET: "public-read"}),
        Change(
            "every site", set_to(CORS, "corsRules.0.allowedOrigins.+", "*"), {CORS: "lets * in"}
        ),
        Change(
            "every site of a domain",
            set_to(CORS, "corsRules.0.allowedOrigins.+", "https://*.krogiving.com"),
            {CORS: "lets https://*.krogiving.com in"},
        ),
        Change(
            "without TLS",
            set_to(CORS, "corsRules.0.allowedOrigins.0", "http://krogiving.com"),
            {CORS: "lets http://krogiving.com in"},
        ),
        Change(
            "inline", set_to(BUCKET, "corsRules", [{"allowedOrigins": ["*"]}]), {BUCKET: "lets * "}
        ),
        Change(
            "a policy that lists",
            also(policy_of({**READ, "Action": ["s3:GetObject", "s3:List*"], "Condition": TLS})),
            {"krotrust-files-policy": "lets anyone list"},
        ),
        Change(
            "a policy without TLS",
            also(policy_of({**READ, "Principal": {"AWS": "*"}})),
            {"krotrust-files-policy": "allows plain HTTP"},
        ),
        Change(
            "a policy not known yet",
            also(PlannedResource("SpacesBucketPolicy", "policy", {"policy": UNKNOWN})),
            {"policy": "cannot be checked"},
        ),
    ],
    "watched-urls": [
        Change(
            "a name",
            also(record_of("shop", "x.test.", "CNAME")),
            {"krotrust-zone-shop": "https://shop.krotrust.com"},
        ),
        Change(
            "a name of an app",
            set_to(BACKEND, "spec.domainNames.+", {"name": "v2.krogiving.com"}),
            {BACKEND: "https://v2.krogiving.com"},
        ),
        Change(
            "switched off",
            set_to("krotrust-uptime-api-check", "enabled", False),
            {"krotrust-zone-a-api": "https://api.krotrust.com"},
        ),
    ],
    "grouped-and-tagged": [
        Change(
            "a tag less",
            settings={"krotrust.droplet.tags": ["krotrust"]},
            problems={DROPLET: "lacks the tag prod"},
        ),
        Change(
            "the product's tag less",
            set_to("krogiving-valkey-cluster", "tags", ["prod"]),
            {"krogiving-valkey-cluster": "lacks the tag krogiving"},
        ),
        Change(
            "not listed",
            options("krotrust-grouping-members", uses={"resources": [DROPLET, BUCKET]}),
            {
                "krotrust-database-cluster": "not in the project of krotrust",
                "krotrust-zone-domain": "not in the project of krotrust",
            },
        ),
        Change(
            "in the other product's",
            options("krotrust-grouping-members", parent="krogiving"),
            dict.fromkeys(
                (DROPLET, BUCKET, "krotrust-database-cluster", "krotrust-zone-domain"), "project"
            ),
        ),
    ],
    "caa-in-every-zone": [
        Change(
            "taken out",
            without("krotrust-zone-caa-letsencrypt.org"),
            {"krotrust-zone-domain": "no CAA"},
        ),
        Change(
            "of one name alone",
            set_to("krotrust-zone-caa-letsencrypt.org", "name", "api"),
            {"krotrust-zone-domain": "no CAA"},
        ),
    ],
    "own-addresses": [
        Change(
            "typed in",
            options("krotrust-zone-a-api", uses={"domain": ["krotrust-zone-domain"]}),
            {"krotrust-zone-a-api": "belongs to no droplet"},
        ),
        Change(
            "from what holds no address",
            options("krotrust-zone-a-api", uses={"value": ["krotrust-vpc"]}),
            {"krotrust-zone-a-api": "belongs to no droplet"},
        ),
        Change(
            "another than the stand-in's",
            set_to("krotrust-zone-a-api", "value", "198.18.0.8"),
            {"krotrust-zone-a-api": "no droplet, reserved IP or stand-in"},
            settings={"krotrust.standIn": "198.18.0.7"},
        ),
        Change(
            "at the apex",
            set_to("krotrust-zone-domain", "ipAddress", "198.51.100.9"),
            {"krotrust-zone-domain": "belongs to no droplet"},
        ),
    ],
    "known-regions": [
        Change(
            "another",
            settings={"krotrust.region": "nyc3"},
            problems=dict.fromkeys((DROPLET, "krotrust-vpc", "krotrust-database-cluster"), "nyc3"),
        ),
        Change("of an app", set_to(BACKEND, "spec.region", "nyc"), {BACKEND: "nyc"}),
        Change(
            "of an app, left out",
            set_to(BACKEND, "spec.region", None),
            {BACKEND: "its region is not set"},
        ),
        Change("left out", set_to(BUCKET, "region", None), {BUCKET: "its region is not set"}),
    ],
    "internal-hosts": [
        Change(
            "exposed",
            set_to("pencom-vps-4", "exposure", "internet"),
            {
                "pencom-vps-4": "faces the internet and carries minio",
                "pencom-minio": "runs on vps-4",
            },
        ),
        Change(
            "at a public address",
            set_to("pencom-vps-2", "address", "198.51.100.9"),
            {"pencom-vps-2": "its address is not private"},
        ),
        Change(
            "moved to the edge",
            both(
                set_to("pencom-vps-1", "carries.+", "core"),
                set_to("pencom-core", "host", "vps-1"),
            ),
            {"pencom-vps-1": "carries core", "pencom-core": "runs on vps-1"},
        ),
        Change(
            "named in a record",
            also(record_of("_db", "v=10.20.0.13", "TXT")),
            {"krotrust-zone-_db": "value contains the address of pencom-vps-3"},
        ),
        Change(
            "named with a port",
            set_to(
                BACKEND,
                "spec.services.0.envs.+",
                {"key": "ORACLE", "value": "tcp://10.30.0.5:1521"},
            ),
            {BACKEND: "contains the address of pencom-oracle-ecrs"},
        ),
    ],
    "no-redis": [
        Change(
            "a cluster",
            set_to("krogiving-valkey-cluster", "engine", "redis"),
            {"krogiving-valkey-cluster": "redis"},
            stack="stage",
        ),
        Change(
            "of an app", set_to(BACKEND, "spec.databases.2.engine", "REDIS"), {BACKEND: "redis"}
        ),
    ],
}
