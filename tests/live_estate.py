"""A live estate in the stand-in's cloud, which this program did not create.

Its names, sizes, tags, networks and maintenance times differ from the stack file, and the account
also has resources of others. `SETTINGS` complete the stack file for an adoption.
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
SETTINGS = {  # values that the stack file lacks: made up, except the live public key
    "krotrust.ssh.publicKey": f"{PUBLIC_KEY} test",
    "krotrust.ssh.allowList": ["198.18.0.1/32"],
    "krogiving.backend.paystackPublicKey": "pk_test_public",
    "krogiving.frontend.splitApiKey": "split",
    "krogiving.frontend.highlightProjectId": "highlight",
    "krogiving.frontend.cloudinaryCloudName": "cloud",
    "krogiving.frontend.cloudinaryUploadPreset": "preset",
}
Record = tuple[str, str, str, dict[str, Any]]  # type, name, value, and what else it has
CANARY = "canary-live"  # part of every secret of this cloud
NETWORK = DEFAULTS["default_vpc"]  # the default VPC of the region
RANGE = "10.110.0.0/20"
DROPLET = "301234567"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


ESCROW, GIVING, MONGO, CACHE, FOREIGN = (uuid(n) for n in range(1, 6))
BACKEND, FRONTEND, ADMIN, CDN, FIREWALL, CHECK = (uuid(n) for n in range(11, 17))


class Seed(NamedTuple):
    """One resource to seed: type, id, and inputs with those that the cloud filled in."""

    kind: str
    id: str
    state: dict[str, Any]


def seed(cloud: Path, *more: Seed) -> None:
    """Write the estate into a cloud's file; `more` is added, or replaces resources of one id."""
    with edit(cloud) as content:
        for resource in (*krotrust(), *krogiving(), *zones(), *others(), *more):
            kind = resource_type(f"digitalocean:index/it:{resource.kind}")
            state = {name: revive(each) for name, each in resource.state.items()}
            store(content, kind, resource.id, state)


def krotrust() -> Iterator[Seed]:
    network = {"name": "default-fra1", "region": "fra1", "ipRange": RANGE}
    yield Seed("Vpc", NETWORK, network)
    yield Seed("SshKey", "7001", {"name": "kro-devops", "publicKey": f"{PUBLIC_KEY} kro@devops"})
    droplet = {
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
    yield Seed("Droplet", DROPLET, droplet)
    rules = [_opened("80", "0.0.0.0/0", "::/0"), _opened("443", "0.0.0.0/0", "::/0")]
    anywhere = {"destinationAddresses": ["0.0.0.0/0", "::/0"]}
    firewall = {
        "name": "web-and-ssh",
        "dropletIds": [int(DROPLET)],
        "tags": [],
        "inboundRules": [*rules, _opened("22", "198.18.0.7/32"), _opened("9100", "198.18.0.8/32")],
        "outboundRules": [{"protocol": "tcp", "portRange": "1-65535", **anywhere}],
    }
    yield Seed("Firewall", FIREWALL, firewall)
    yield _cluster(ESCROW, "kro-prod-db-cluster", "pg", "15", "db-s-4vcpu-8gb", ["escrow"])
    yield from _inside(ESCROW, "krotrust", "krotrust")
    sources = [("droplet", DROPLET), ("ip_addr", "198.18.0.7")]
    rules = [{"type": kind, "value": value} for kind, value in sources]
    yield Seed("DatabaseFirewall", f"{ESCROW}-a", {"clusterId": ESCROW, "rules": rules})
    bucket = {"name": "kro-prod-files", "region": "fra1", "acl": "private", "forceDestroy": False}
    yield Seed("SpacesBucket", "kro-prod-files", bucket)
    target = {"name": "kro api", "type": "https", "target": "https://api.krotrust.com/health"}
    yield Seed("UptimeCheck", CHECK, {**target, "regions": ["eu_west"], "enabled": True})
    recipients = {
        "emails": ["me@test.test"],
        "slacks": [{"channel": "#ops", "url": f"https://{CANARY}"}],
    }
    down = {"checkId": CHECK, "name": "api down", "type": "down_global", "period": "5m"}
    yield Seed("UptimeAlert", uuid(21), {**down, "notifications": [recipients]})
    by_zone = {"name": "KROTrust", "purpose": "Web Application", "environment": "Production"}
    yield Seed("Project", uuid(22), {**by_zone, "description": "ours", "isDefault": False})


def krogiving() -> Iterator[Seed]:
    yield _cluster(GIVING, "giv-db", "pg", "16", "db-s-2vcpu-4gb", [])
    yield from _inside(GIVING, "giv_production", "giv_app")
    rules = [{"type": "app", "value": BACKEND}, {"type": "ip_addr", "value": RANGE}]
    yield Seed("DatabaseFirewall", f"{GIVING}-a", {"clusterId": GIVING, "rules": rules})
    yield _cluster(MONGO, "giv-mongo", "mongodb", "7", "db-s-2vcpu-4gb", [])
    yield from _inside(MONGO, "krogiving", "krogiving")
    yield _cluster(CACHE, "giv-otp", "valkey", "8", "db-s-1vcpu-2gb", [])
    bucket = {"name": "giv-prod-media", "region": "fra1", "acl": "public-read"}
    yield Seed("SpacesBucket", "giv-prod-media", {**bucket, "forceDestroy": False})
    rule = {
        "allowedMethods": ["GET"],
        "allowedOrigins": ["https://krogiving.com"],
        "allowedHeaders": ["*"],
        "maxAgeSeconds": 60,
    }
    cors = {"bucket": "giv-prod-media", "region": "fra1", "corsRules": [rule]}
    yield Seed("SpacesBucketCorsConfiguration", "giv-prod-media", cors)
    yield Seed("Cdn", CDN, {"origin": "giv-prod-media.fra1.spaces.rehearsal.test", "ttl": 600})
    grant = {"bucket": "giv-prod-media", "permission": "fullaccess"}
    yield Seed("SpacesKey", "REHEARSAL7", {"name": "giv-prod-media", "grants": [grant]})
    yield Seed("App", BACKEND, {"spec": _backend()})
    hosts = ["krogiving.com", "www.krogiving.com", "donate.krogiving.com"]
    yield Seed("App", FRONTEND, {"spec": site("krogiving-frontend", *hosts)})
    yield Seed("App", ADMIN, {"spec": site("giv-admin", "admin.krogiving.com")})


def zones() -> Iterator[Seed]:
    """Yield the zones with their records: public names, mail, and records of other tools."""
    for zone in ("krotrust.com", "krogiving.com", "somebody-else.test"):
        yield Seed("Domain", zone, {"name": zone})
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
    by_zone: dict[str, list[Record]] = {
        "krotrust.com": trust,
        "krogiving.com": giving,
        "somebody-else.test": [("A", "@", "198.18.90.1", {})],
    }
    servers: list[Record] = [("NS", "@", f"ns{n}.digitalocean.com.", {}) for n in (1, 2, 3)]
    for zone, records in by_zone.items():
        for kind, name, value, more in (*servers, *records):
            number += 1
            state = {"domain": zone, "type": kind, "name": name, "value": value, **more}
            yield Seed("DnsRecord", str(number), state)


def others() -> Iterator[Seed]:
    """Yield resources of others in the same account."""
    network = {"name": "analytics", "region": "fra1", "ipRange": "10.99.0.0/20"}
    yield Seed("Vpc", uuid(31), network)
    droplet = {"name": "metabase", "image": "debian-12-x64", "region": "fra1", "tags": []}
    placement = {"size": "s-1vcpu-1gb", "vpcUuid": uuid(31), "ipv4Address": "198.18.90.1"}
    yield Seed("Droplet", "309999999", {**droplet, **placement})
    yield _cluster(FOREIGN, "analytics", "pg", "14", "db-s-1vcpu-1gb", [])
    yield from _inside(FOREIGN, "metabase", "metabase")
    yield Seed("SpacesBucket", "backups-of-x", {"name": "backups-of-x", "region": "fra1"})
    yield Seed("SpacesBucket", "far-away", {"name": "far-away", "region": "ams3"})


def _opened(port: str, *sources: str) -> dict[str, Any]:
    return {"protocol": "tcp", "portRange": port, "sourceAddresses": [*sources]}


def _cluster(
    identity: str, name: str, engine: str, version: str, size: str, tags: list[str]
) -> Seed:
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
    return Seed("DatabaseCluster", identity, state)


def _inside(cluster: str, database: str, user: str) -> Iterator[Seed]:
    state = {"clusterId": cluster}
    yield Seed("DatabaseDb", f"{cluster}/database/{database}", {**state, "name": database})
    known = {**state, "name": user, "role": "normal", "password": CANARY}
    yield Seed("DatabaseUser", f"{cluster}/user/{user}", known)


def _backend() -> dict[str, Any]:
    secrets = ("JWT_SECRET_KEY", "PAYSTACK_SECRET_KEY", "OLD_SMTP_PASSWORD")
    variables = [
        {"key": "ENVIRONMENT", "value": "production", "scope": "RUN_AND_BUILD_TIME"},
        # A secret in a plain variable: it is not sealed, and must never be printed.
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
