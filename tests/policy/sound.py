"""What comes close to breaking each rule and is allowed: changes to real plans."""

from __future__ import annotations

from broken import (
    BACKEND,
    BUCKET,
    CORS,
    DROPLET,
    FIREWALL,
    NO_HTTP,
    READ,
    SOURCES,
    TLS,
    policy_of,
)
from changes import Change, also, both, options, record_of, rule_of, set_to, without

from policy.resources import SECRET, UNKNOWN, PlannedResource

OFFICE = "198.51.100.0/24"
VARIABLE = "spec.services.0.envs.+"

PASSES: dict[str, list[Change]] = {
    "no-open-ssh": [
        Change("networks", rule_of(2, sourceAddresses=[OFFICE, "2001:db8::/32", "10.0.0.0/8"])),
        Change("an address of ours", rule_of(2, sourceAddresses=[UNKNOWN])),
        Change("another protocol", rule_of(0, protocol="udp", portRange="20-30")),
        Change("beside it", rule_of(0, portRange="23-1024")),
        Change(
            "a firewall by tag",
            both(set_to(FIREWALL, "tags", ["krotrust"]), options(FIREWALL, uses={})),
        ),
    ],
    "trusted-sources": [
        Change("a network", set_to(SOURCES, "rules.+", {"type": "ip_addr", "value": OFFICE})),
        Change("a tag", set_to(SOURCES, "rules.0", {"type": "tag", "value": "krotrust"})),
    ],
    "nothing-lost": [
        Change("a removal of what holds nothing", settings={"removals": ["krotrust-alert-cpu"]}),
        Change("not guarded", options("krotrust-vpc", protect=False), stack="stage"),
    ],
    "no-plain-secret": [
        Change(
            "public by nature",
            set_to(
                "krogiving-frontend-app", "spec.staticSites.0.envs.4.value", "pk_live_abcdef0123"
            ),
        ),
        Change(
            "a secret",
            set_to(BACKEND, "spec.envs.+", {"key": "OTP_TOKEN", "type": "SECRET", "value": SECRET}),
        ),
        Change("sealed", set_to(BACKEND, "spec.envs.0.value", "EV[1:abc:def]")),
        Change(
            "bound",
            set_to(BACKEND, VARIABLE, {"key": "DB_PASSWORD", "value": "${mongodb.PASSWORD}"}),
        ),
        Change(
            "a word within another",
            set_to(BACKEND, VARIABLE, {"key": "MONKEY_TOKENS", "value": "3"}),
        ),
        Change(
            "looked up on the host",
            set_to(DROPLET, "userData", 'export TOKEN="$(cat /run/token)"\n'),
        ),
        Change(
            "a URL without a password",
            set_to(BACKEND, VARIABLE, {"key": "REPO", "value": "ssh://git@host.test/x"}),
        ),
    ],
    "droplet-backups": [
        Change("weekly", set_to(DROPLET, "backupPolicy", {"plan": "weekly", "weekday": "SUN"})),
        Change("not guarded", set_to(DROPLET, "backups", False), stack="stage"),
    ],
    "private-buckets": [
        Change(
            "another site", set_to(CORS, "corsRules.0.allowedOrigins.+", "https://shop.test:8443")
        ),
        Change("files over TLS", also(policy_of({**READ, "Condition": TLS}))),
        Change("plain HTTP refused", also(policy_of(READ, NO_HTTP))),
        Change("the default", set_to(BUCKET, "corsRules", [])),
    ],
    "watched-urls": [
        Change("no host", also(record_of("s1._domainkey", "x.test.", "CNAME"))),
        Change("no address", also(record_of("shop", "v=spf1 -all", "TXT"))),
        Change("a name that is gone", without("krotrust-zone-a-app2")),
    ],
    "grouped-and-tagged": [
        Change("a tag more", set_to(DROPLET, "tags.+", "blue")),
        Change("in capitals", set_to(DROPLET, "tags", ["KROTrust", "Prod"])),
    ],
    "caa-in-every-zone": [
        Change("one of two", without("krogiving-zone-caa-pki.goog")),
        Change(
            "a zone whose name is not known yet",
            set_to("krotrust-zone-domain", "name", UNKNOWN),
        ),
    ],
    "own-addresses": [
        Change("a reserved IP", settings={"krotrust.reservedIp": True}),
        Change("a stand-in's, which the zone names", settings={"krotrust.standIn": "198.18.0.7"}),
        Change("a name elsewhere", also(record_of("_acme", "x.test.", "CNAME"))),
    ],
    "known-regions": [
        Change("the other one", settings={"krotrust.region": "ams3"}),
        Change(
            "not placed", also(PlannedResource("UptimeCheck", "check", {"regions": ["us_east"]}))
        ),
    ],
    "internal-hosts": [
        Change("at another private address", set_to("pencom-vps-2", "address", "fd00::12")),
        Change("a longer address", also(record_of("_db", "v=10.20.0.130", "TXT"))),
        Change("the open host named", also(record_of("_edge", "v=203.0.113.20", "TXT"))),
    ],
    "no-redis": [
        Change("valkey of another version", set_to("krogiving-valkey-cluster", "version", "9")),
        Change("on our own premises", set_to("pencom-redis", "engine", "redis")),
    ],
}
