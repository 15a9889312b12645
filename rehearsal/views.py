"""How each resource of a rehearsal's cloud looks in the form of DigitalOcean's API.

Every time is one made-up moment, but a backup's: that is some hours ago, since what looks at
backups looks at their age. Beside name and state, a resource of the cloud's file may have what no
`up` decides: `backups` are the hours since each one was made, and `deployments` the phases of an
app's, newest first.
"""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal.cloud import Json

CREATED = {"created_at": "2000-01-01T00:00:00Z"}
CHANGED = {**CREATED, "updated_at": CREATED["created_at"]}
BACKED_UP = (6, 30)  # hours ago, where the cloud's file says nothing else
Item = dict[str, Any]
ACCOUNT: Item = {"status": "active", "status_message": "", "droplet_limit": 25}  # or its file's own


def snake(value: Any) -> Any:
    """Return JSON with its keys in snake_case."""
    if isinstance(value, Mapping):
        return {re.sub("(?=[A-Z])", "_", key).lower(): snake(each) for key, each in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def pick(state: Json, names: str) -> Item:
    """Return some of the state in snake_case, as `name` or `new=old`, where it is set."""
    known, pairs = snake(state), [each.partition("=") for each in names.split()]
    return {new: known[old or new] for new, _, old in pairs if (old or new) in known}


def held(content: Json, kind: str, owner: str = "", path: str = "") -> Iterator[tuple[str, Json]]:
    """Yield id and state of every resource of a type, or of those that belong to an owner."""
    for key, record in sorted(content["resources"].items()):
        name, _, identity = key.partition("/")
        if name == kind and (not path or str(record["state"].get(path)) == owner):
            yield identity, record["state"]


def state_of(content: Json, kind: str, identity: str) -> Json:
    """Return the state of one resource, empty if there is none."""
    return dict(content["resources"].get(f"{kind}/{identity}", {"state": {}})["state"])


def droplet(_: Json, identity: str, state: Json) -> Item:
    """Show a droplet, which is ready."""
    image, addresses = str(state["image"]), (("public", ""), ("private", "Private"))
    v4 = [{"type": kind, "ip_address": state[f"ipv4Address{key}"]} for kind, key in addresses]
    features = [name for name in ("backups", "ipv6", "monitoring") if state.get(name)]
    return {
        **dict.fromkeys(("volume_ids", "backup_ids", "snapshot_ids", "tags"), ()),
        **pick(state, "name status locked tags vpc_uuid volume_ids size_slug=size"),
        **CREATED,
        "id": int(identity),
        "features": [*features, "private_networking"],
        "region": {"slug": state["region"], "name": state["region"]},
        "image": {"id": int(image)} if image.isdigit() else {"id": 1, "slug": image},
        "size": {"slug": state["size"]},
        "networks": {"v4": v4, "v6": []},
    }


def cluster(content: Json, identity: str, state: Json) -> Item:
    """Show a database cluster, which is online."""
    told = {"ssl": True} if state["engine"] != "mongodb" else {"ssl": True, "password": ""}
    ends = pick(state, "uri host port user database password") | told
    window = next(iter(state.get("maintenanceWindows", [])), {"day": "sunday", "hour": "00:00"})
    names = "name engine version size region tags project_id private_network_uuid"
    return {
        **pick(state, f"{names} num_nodes=node_count"),
        **CREATED,
        "id": identity,
        "status": "online",
        "storage_size_mib": int(state["storageSizeMib"]),
        "connection": ends,
        "private_connection": ends | pick(state, "uri=private_uri host=private_host"),
        "maintenance_window": {**window, "pending": False, "description": []},
        "users": users(content, identity),
        "db_names": [each["name"] for each in databases(content, identity)],
        "rules": rules(content, identity),
    }


def databases(content: Json, owner: str) -> list[Item]:
    """List the databases of a cluster, the one it begins with first."""
    first = state_of(content, "DatabaseCluster", owner)["database"]
    made = [state["name"] for _, state in held(content, "DatabaseDb", owner, "clusterId")]
    return [{"name": name} for name in dict.fromkeys([first, *made])]


def users(content: Json, owner: str) -> list[Item]:
    """List the users of a cluster; MongoDB tells no password after a user is made."""
    first = state_of(content, "DatabaseCluster", owner)
    made = [state for _, state in held(content, "DatabaseUser", owner, "clusterId")]
    hidden = {"password": ""} if first["engine"] == "mongodb" else {}
    everyone = [{"name": first["user"], "role": "primary", "password": first["password"]}, *made]
    return [pick(each, "name role password") | hidden for each in everyone]


def rules(content: Json, owner: str) -> list[Item]:
    """List the trusted sources of a cluster; none at all means that anybody is let in."""
    found = held(content, "DatabaseFirewall", owner, "clusterId")
    given = [pick(each, "type value") for _, state in found for each in state["rules"]]
    own = {"cluster_uuid": owner, **CREATED}
    return [{"uuid": number(owner, each), **own, **each} for each in given]


def number(*parts: object) -> str:
    """Make an id of nothing but what it is for."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(parts)))


def backups(content: Json, owner: str) -> list[Item]:
    """List the backups of a droplet that has them on, or of a cluster that is no cache."""
    there = content["resources"]
    record = there.get(f"Droplet/{owner}") or there[f"DatabaseCluster/{owner}"]
    state = record["state"]
    if not (state["engine"] != "valkey" if "engine" in state else state.get("backups")):
        return []
    ages = [timedelta(hours=each) for each in record.get("backups", BACKED_UP)]
    times = [f"{datetime.now(UTC) - age:%Y-%m-%dT%H:%M:%SZ}" for age in sorted(ages)]
    return [{"id": number(owner, i), "created_at": each} for i, each in enumerate(times)]


def deployments(content: Json, owner: str) -> list[Item]:
    """List the deployments of an app, the newest first."""
    phases = content["resources"][f"App/{owner}"].get("deployments", ["ACTIVE"])
    active = state_of(content, "App", owner)["activeDeploymentId"]
    own = {**CHANGED, "progress": {"steps": []}}
    return [
        {"id": active if each == "ACTIVE" else number(owner, i), "phase": each, **own}
        for i, each in enumerate(phases)
    ]


def app(content: Json, identity: str, state: Json) -> Item:
    """Show an app with the deployment that is active, if one is; its secrets are sealed."""
    spec = snake(state["spec"])
    if names := spec.pop("domain_names", []):
        spec["domains"] = [{"domain": each.pop("name"), **each} for each in names]
    active = [each for each in deployments(content, identity) if each["phase"] == "ACTIVE"]
    return {
        "id": identity,
        "spec": spec,
        **pick(state, "default_ingress live_url live_domain project_id"),
        **CHANGED,
        "active_deployment": active[0] if active else None,
        "region": {"slug": spec.get("region", "")},
    }


def record(_: Json, identity: str, state: Json) -> Item:
    """Show a DNS record, its value without the trailing dot."""
    empty: Item = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
    own = pick(state, "type name priority port ttl weight flags tag")
    data = str(state["value"]).removesuffix(".")
    return {"id": int(identity), **empty, **own, "ttl": int(own["ttl"]), "data": data}


def records(content: Json, owner: str) -> list[Item]:
    """List the records of a domain."""
    return [record(content, *each) for each in held(content, "DnsRecord", owner, "domain")]


def firewall(_: Json, identity: str, state: Json) -> Item:
    """Show a cloud firewall."""

    def rule(given: Json, side: str) -> Item:
        ends = {name.removeprefix(f"{side}_"): each for name, each in snake(given).items()}
        ends = {name: ends[name] for name in ends if name not in ("protocol", "port_range")}
        ports = {None: "0", "1-65535": "0"}.get(given.get("portRange"), given.get("portRange"))
        return {"protocol": given["protocol"], "ports": ports, f"{side}s": ends}

    return {
        "droplet_ids": [],
        "tags": [],
        "pending_changes": [],
        **pick(state, "name status droplet_ids tags"),
        **CREATED,
        "id": identity,
        "inbound_rules": [rule(each, "source") for each in state.get("inboundRules", [])],
        "outbound_rules": [rule(each, "destination") for each in state.get("outboundRules", [])],
    }


def reserved_ip(content: Json, identity: str, state: Json) -> Item:
    """Show a reserved IP, with its droplet if it is assigned."""
    assigned = held(content, "ReservedIpAssignment", identity, "ipAddress")
    wanted = next((each["dropletId"] for _, each in assigned), state.get("dropletId"))
    there = state_of(content, "Droplet", str(wanted))
    shown = droplet(content, str(wanted), there) if there else None
    return {"ip": identity, "region": {"slug": state["region"]}, "droplet": shown}


def told(given: Json) -> Item:
    """Show who is notified."""
    return {"email": given.get("emails", []), "slack": given.get("slacks", [])}


def uptime_alerts(content: Json, owner: str) -> list[Item]:
    """List the alerts of an uptime check."""
    names = "name type threshold comparison period"
    return [
        {"id": name, **pick(state, names), "notifications": told(state["notifications"][0])}
        for name, state in held(content, "UptimeAlert", owner, "checkId")
    ]


def policy(_: Json, identity: str, state: Json) -> Item:
    """Show a monitoring alert."""
    own = pick(state, "type description compare value window entities tags enabled")
    empty: Item = {"uuid": identity, "entities": [], "tags": [], "enabled": True}
    return {**empty, **own, "alerts": told(state["alerts"])}


def members(content: Json, project: str) -> list[Item]:
    """List what stands in a project."""
    named = held(content, "ProjectResources", project, "project")
    urns = {urn for _, state in named for urn in state["resources"]}
    urns |= {*state_of(content, "Project", project).get("resources", [])}
    assigned = {"assigned_at": CREATED["created_at"], "status": "ok"}
    return [{"urn": urn, **assigned} for urn in sorted(urns)]


def showing(
    names: str, always: Json, key: str = "id", identify: type = str
) -> Callable[[Json, str, Json], Item]:
    """Return a view of the plain kind: its id, what is always the same, some of its state."""
    return lambda _, identity, state: {key: identify(identity), **always, **pick(state, names)}


@dataclass(frozen=True)
class Collection:
    """A type, its envelope, that of one member, how one looks, and which field is its id."""

    kind: str
    plural: str
    single: str
    view: Callable[[Json, str, Json], Item]
    key: str = "id"

    def items(self, content: Json) -> list[Item]:
        """List all members."""
        return [self.view(content, *each) for each in held(content, self.kind)]


_VPC = "name urn=vpc_urn region ip_range description"
_PROJECT = "name description purpose environment is_default"
_CDN = "origin endpoint ttl certificate_id custom_domain"
_SHOWN = {
    "account/keys": showing("name public_key fingerprint", {}, identify=int),
    "cdn/endpoints": showing(_CDN, CREATED),
    "domains": showing("ttl", {}, "name"),
    "projects": showing(_PROJECT, CHANGED),
    "spaces/keys": showing("name grants", CREATED, "access_key"),
    "tags": showing("", {}, "name"),
    "uptime/checks": showing("name type target regions enabled", {"enabled": True}),
    "vpcs": showing(_VPC, {**CREATED, "description": "", "default": False}),
}
COLLECTIONS = {
    "droplets": Collection("Droplet", "droplets", "droplet", droplet),
    "databases": Collection("DatabaseCluster", "databases", "database", cluster),
    "apps": Collection("App", "apps", "app", app),
    "domains": Collection("Domain", "domains", "domain", _SHOWN["domains"], "name"),
    "vpcs": Collection("Vpc", "vpcs", "vpc", _SHOWN["vpcs"]),
    "firewalls": Collection("Firewall", "firewalls", "firewall", firewall),
    "account/keys": Collection("SshKey", "ssh_keys", "ssh_key", _SHOWN["account/keys"]),
    "reserved_ips": Collection("ReservedIp", "reserved_ips", "reserved_ip", reserved_ip, "ip"),
    "projects": Collection("Project", "projects", "project", _SHOWN["projects"]),
    "uptime/checks": Collection("UptimeCheck", "checks", "check", _SHOWN["uptime/checks"]),
    "monitoring/alerts": Collection("MonitorAlert", "policies", "policy", policy, "uuid"),
    "cdn/endpoints": Collection("Cdn", "endpoints", "endpoint", _SHOWN["cdn/endpoints"]),
    "spaces/keys": Collection("SpacesKey", "keys", "key", _SHOWN["spaces/keys"], "access_key"),
    "tags": Collection("Tag", "tags", "tag", _SHOWN["tags"], "name"),
}
# Below one member: the envelope and its elements.
BELOW = {
    "apps/deployments": ("deployments", deployments),
    "databases/backups": ("backups", backups),
    "databases/dbs": ("dbs", databases),
    "databases/users": ("users", users),
    "databases/firewall": ("rules", rules),
    "domains/records": ("domain_records", records),
    "droplets/backups": ("backups", backups),
    "projects/resources": ("resources", members),
    "uptime/checks/alerts": ("alerts", uptime_alerts),
}
