"""What runs today, in a cloud that this program did not make, and what an `up` would be told of it.

Nothing here agrees with the stack file by luck: names, sizes, tags, networks and windows are
somebody else's choices, and other people's things stand between ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rehearsal.cloud import DEFAULTS, edit, store
from rehearsal.property_values import revive
from rehearsal.sdk import resource_type

ADDRESS = "188.166.145.68"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"
SETTINGS = {  # of the stack file, what nobody has told: made up, but for the key that is live
    "krotrust.ssh.publicKey": f"{PUBLIC_KEY} test",
    "krotrust.ssh.allowList": ["198.18.0.1/32"],
    "krogiving.backend.paystackPublicKey": "pk_test_public",
    "krogiving.frontend.splitApiKey": "split",
    "krogiving.frontend.highlightProjectId": "highlight",
    "krogiving.frontend.cloudinaryCloudName": "cloud",
    "krogiving.frontend.cloudinaryUploadPreset": "preset",
}
Record = tuple[str, str, str, dict[str, Any]]  # type, name, value, and what else it has
CANARY = "canary-live"  # stands in every secret of today's cloud
NETWORK = DEFAULTS["default_vpc"]  # the region's default one
RANGE = "10.110.0.0/20"
DROPLET = "301234567"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


ESCROW, GIVING, MONGO, CACHE, FOREIGN = (uuid(n) for n in range(1, 6))
BACKEND, FRONTEND, ADMIN, CDN, FIREWALL, CHECK = (uuid(n) for n in range(11, 17))


class Thing(NamedTuple):
    """One thing of the cloud: its type, its id, and its inputs with what the cloud filled in."""

    kind: str
    id: str
    state: dict[str, Any]


def seed(cloud: Path, *more: Thing) -> None:
    """Put all of it into a cloud's file; `more` is added, or stands in a thing's place."""
    with edit(cloud) as content:
        for thing in (*krotrust(), *krogiving(), *zones(), *others(), *more):
            kind = resource_type(f"digitalocean:index/it:{thing.kind}")
            state = {name: revive(each) for name, each in thing.state.items()}
            store(content, kind, thing.id, state)


def krotrust() -> Iterator[Thing]:
    network = {"name": "default-fra1", "region": "fra1", "ipRange": RANGE}
    yield Thing("Vpc", NETWORK, network)
    yield Thing("SshKey", "7001", {"name": "kro-devops", "publicKey": f"{PUBLIC_KEY} kro@devops"})
    machine = {
        "name": "ubuntu-s-2vcpu-4gb-fra1-01",
        "image": "ubuntu-22-04-x64",
        "region": "fra1",
        "size": "s-2vcpu-4gb",
        "tags": ["production", "kro"],
        "monitoring": False,
        "backups": True,
        "ipv6": False,
        "vpcUuid": NETWORK,
        "ipv4Address": ADDRESS,
    }
    yield Thing("Droplet", DROPLET, machine)
    rules = [_opened("80", "0.0.0.0/0", "::/0"), _opened("443", "0.0.0.0/0", "::/0")]
    anywhere = {"destinationAddresses": ["0.0.0.0/0", "::/0"]}
    wall = {
        "name": "web-and-ssh",
        "dropletIds": [int(DROPLET)],
        "tags": [],
        "inboundRules": [*rules, _opened("22", "198.18.0.7/32"), _opened("9100", "198.18.0.8/32")],
        "outboundRules": [{"protocol": "tcp", "portRange": "1-65535", **anywhere}],
    }
    yield Thing("Firewall", FIREWALL, wall)
    yield _cluster(ESCROW, "kro-prod-db-cluster", "pg", "15", "db-s-4vcpu-8gb", ["escrow"])
    yield from _inside(ESCROW, "krotrust", "krotrust")
    sources = [("droplet", DROPLET), ("ip_addr", "198.18.0.7")]
    rules = [{"type": kind, "value": value} for kind, value in sources]
    yield Thing("DatabaseFirewall", f"{ESCROW}-a", {"clusterId": ESCROW, "rules": rules})
    bucket = {"name": "kro-prod-files", "region": "fra1", "acl": "private", "forceDestroy": False}
    yield Thing("SpacesBucket", "kro-prod-files", bucket)
    target = {"name": "kro api", "type": "https", "target": "https://api.krotrust.com/health"}
    yield Thing("UptimeCheck", CHECK, {**target, "regions": ["eu_west"], "enabled": True})
    told = {"emails": ["me@test.test"], "slacks": [{"channel": "#ops", "url": f"https://{CANARY}"}]}
    down = {"checkId": CHECK, "name": "api down", "type": "down_global", "period": "5m"}
    yield Thing("UptimeAlert", uuid(21), {**down, "notifications": [told]})
    named = {"name": "KROTrust", "purpose": "Web Application", "environment": "Production"}
    yield Thing("Project", uuid(22), {**named, "description": "ours", "isDefault": False})


def krogiving() -> Iterator[Thing]:
    yield _cluster(GIVING, "giv-db", "pg", "16", "db-s-2vcpu-4gb", [])
    yield from _inside(GIVING, "giv_production", "giv_app")
    rules = [{"type": "app", "value": BACKEND}, {"type": "ip_addr", "value": RANGE}]
    yield Thing("DatabaseFirewall", f"{GIVING}-a", {"clusterId": GIVING, "rules": rules})
    yield _cluster(MONGO, "giv-mongo", "mongodb", "7", "db-s-2vcpu-4gb", [])
    yield from _inside(MONGO, "krogiving", "krogiving")
    yield _cluster(CACHE, "giv-otp", "valkey", "8", "db-s-1vcpu-2gb", [])
    bucket = {"name": "giv-prod-media", "region": "fra1", "acl": "public-read"}
    yield Thing("SpacesBucket", "giv-prod-media", {**bucket, "forceDestroy": False})
    rule = {
        "allowedMethods": ["GET"],
        "allowedOrigins": ["https://krogiving.com"],
        "allowedHeaders": ["*"],
        "maxAgeSeconds": 60,
    }
    cors = {"bucket": "giv-prod-media", "region": "fra1", "corsRules": [rule]}
    yield Thing("SpacesBucketCorsConfiguration", "giv-prod-media", cors)
    yield Thing("Cdn", CDN, {"origin": "giv-prod-media.fra1.spaces.rehearsal.test", "ttl": 600})
    grant = {"bucket": "giv-prod-media", "permission": "fullaccess"}
    yield Thing("SpacesKey", "REHEARSAL7", {"name": "giv-prod-media", "grants": [grant]})
    yield Thing("App", BACKEND, {"spec": _backend()})
    hosts = ["krogiving.com", "www.krogiving.com", "donate.krogiving.com"]
    yield Thing("App", FRONTEND, {"spec": site("krogiving-frontend", *hosts)})
    yield Thing("App", ADMIN, {"spec": site("giv-admin", "admin.krogiving.com")})


def zones() -> Iterator[Thing]:
    """The two zones: our names, mail, proofs of ownership, and what other tools wrote."""
    for zone in ("krotrust.com", "krogiving.com", "somebody-else.test"):
        yield Thing("Domain", zone, {"name": zone})
    trust: list[Record] = [
        *(("A", name, ADDRESS, {"ttl": 300}) for name in ("api", "app", "admin", "app2")),
        ("A", "@", ADDRESS, {}),
        ("CNAME", "www", "krotrust.com.", {}),
        ("CAA", "@", "letsencrypt.org.", {"flags": 0, "tag": "issue"}),
        ("CAA", "@", "letsencrypt.org.", {"flags": 0, "tag": "issuewild"}),
        *_mail("krotrust"),
        ("TXT", "_acme-challenge", "made-by-certbot", {"ttl": 60}),
    ]
    giving: list[Record] = [
        ("A", "@", "198.18.40.1", {}),
        ("CNAME", "www", "giv-7.apps.rehearsal.test.", {}),
        ("CNAME", "api", "giv-8.apps.rehearsal.test.", {}),
        *_mail("krogiving"),
    ]
    number = 5000
    named: dict[str, list[Record]] = {
        "krotrust.com": trust,
        "krogiving.com": giving,
        "somebody-else.test": [("A", "@", "198.18.90.1", {})],
    }
    servers: list[Record] = [("NS", "@", f"ns{n}.digitalocean.com.", {}) for n in (1, 2, 3)]
    for zone, records in named.items():
        for kind, name, value, more in (*servers, *records):
            number += 1
            state = {"domain": zone, "type": kind, "name": name, "value": value, **more}
            yield Thing("DnsRecord", str(number), state)


def others() -> Iterator[Thing]:
    """What belongs to somebody else in the same account."""
    network = {"name": "analytics", "region": "fra1", "ipRange": "10.99.0.0/20"}
    yield Thing("Vpc", uuid(31), network)
    machine = {"name": "metabase", "image": "debian-12-x64", "region": "fra1", "tags": []}
    there = {"size": "s-1vcpu-1gb", "vpcUuid": uuid(31), "ipv4Address": "198.18.90.1"}
    yield Thing("Droplet", "309999999", {**machine, **there})
    yield _cluster(FOREIGN, "analytics", "pg", "14", "db-s-1vcpu-1gb", [])
    yield from _inside(FOREIGN, "metabase", "metabase")
    yield Thing("SpacesBucket", "backups-of-x", {"name": "backups-of-x", "region": "fra1"})
    yield Thing("SpacesBucket", "far-away", {"name": "far-away", "region": "ams3"})


def _opened(port: str, *sources: str) -> dict[str, Any]:
    return {"protocol": "tcp", "portRange": port, "sourceAddresses": [*sources]}


def _cluster(
    identity: str, name: str, engine: str, version: str, size: str, tags: list[str]
) -> Thing:
    window = {"day": "tuesday", "hour": "23:00"}
    state = {
        "name": name,
        "engine": engine,
        "version": version,
        "size": size,
        "region": "fra1",
        "nodeCount": 1,
        "privateNetworkUuid": NETWORK,
        "tags": tags,
        "maintenanceWindows": [window],
        "password": CANARY,
        "uri": f"x://doadmin:{CANARY}@y",
    }
    return Thing("DatabaseCluster", identity, state)


def _inside(cluster: str, database: str, user: str) -> Iterator[Thing]:
    state = {"clusterId": cluster}
    yield Thing("DatabaseDb", f"{cluster}/database/{database}", {**state, "name": database})
    known = {**state, "name": user, "role": "normal", "password": CANARY}
    yield Thing("DatabaseUser", f"{cluster}/user/{user}", known)


def _backend() -> dict[str, Any]:
    secrets = ("JWT_SECRET_KEY", "PAYSTACK_SECRET_KEY", "OLD_SMTP_PASSWORD")
    variables = [
        {"key": "ENVIRONMENT", "value": "production", "scope": "RUN_AND_BUILD_TIME"},
        # Pasted as a plain one: nobody seals it, and nobody may show it.
        {"key": "MONGO_URI", "value": f"mongodb+srv://doadmin:{CANARY}@giv-mongo.test"},
        *({"key": key, "value": f"{CANARY}-{key}", "type": "SECRET"} for key in secrets),
    ]
    service = {
        "name": "krogiving-backend",
        "github": {"repo": "krogiving/krogiving-backend", "branch": "main", "deployOnPush": False},
        "environmentSlug": "node-js",
        "httpPort": 3000,
        "instanceCount": 2,
        "instanceSizeSlug": "apps-s-1vcpu-1gb",
        "buildCommand": "yarn build",
        "runCommand": "node dist/main.js",
        "envs": variables,
    }
    return {
        "name": "krogiving-backend",
        "region": "fra",
        "alerts": [{"rule": "DEPLOYMENT_FAILED"}, {"rule": "DEPLOYMENT_LIVE"}],
        "domainNames": _names("api.krogiving.com"),
        "services": [service],
    }


def site(name: str, *hosts: str) -> dict[str, Any]:
    site = {
        "name": name,
        "github": {"repo": f"krogiving/{name}", "branch": "main", "deployOnPush": True},
        "buildCommand": "yarn build",
        "outputDir": "build",
    }
    return {"name": name, "region": "fra", "domainNames": _names(*hosts), "staticSites": [site]}


def _names(*hosts: str) -> list[dict[str, str]]:
    kinds = ["PRIMARY", *["ALIAS"] * (len(hosts) - 1)]
    pairs = zip(hosts, kinds, strict=True)
    return [{"name": host, "type": kind, "zone": "krogiving.com"} for host, kind in pairs]


def _mail(name: str) -> list[Record]:
    return [
        ("MX", "@", "mx1.mail.test.", {"priority": 10}),
        ("MX", "@", "mx2.mail.test.", {"priority": 20}),
        ("TXT", "@", "v=spf1 include:mail.test ~all", {}),
        ("TXT", f"{name}._domainkey", "v=DKIM1; k=rsa; p=MIGf", {}),
        ("CNAME", "em1234", "u1234.sendgrid.test.", {}),
    ]
