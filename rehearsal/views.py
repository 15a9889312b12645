"""Each resource of a rehearsal's cloud in the form of DigitalOcean's API.

Every time is one made-up moment, except of backups: they are some hours old, since checks look at
their age. Beside name and state, a resource in the cloud's file may have values that no `up`
decides: `backups`, the age of each in hours, and `deployments`, an app's phases, newest first.
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
BACKUP_AGES = (6, 30)  # hours, unless the cloud's file has other ones
Item = dict[str, Any]
View = Callable[[Json, str, Json], Item]  # of content, id and state
ACCOUNT: Item = {
    "status": "active",
    "status_message": "",
    "droplet_limit": 25,
}  # unless the cloud's file has another one


def snake(value: Any) -> Any:
    """Return JSON with its keys in snake_case."""
    if isinstance(value, Mapping):
        return {re.sub("(?=[A-Z])", "_", key).lower(): snake(each) for key, each in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def pick(state: Json, names: str) -> Item:
    """Return the values of the state that are set, by names in snake_case: `name` or `new=old`."""
    values, pairs = snake(state), [each.partition("=") for each in names.split()]
    return {new: values[old or new] for new, _, old in pairs if (old or new) in values}


def resources_of(
    content: Json, kind: str, owner: str = "", path: str = ""
) -> Iterator[tuple[str, Json]]:
    """Yield (id, state) of every resource of a type, or of those whose `path` is `owner`."""
    for key, record in sorted(content["resources"].items()):
        name, _, identity = key.partition("/")
        if name == kind and (not path or str(record["state"].get(path)) == owner):
            yield identity, record["state"]


def state_of(content: Json, kind: str, identity: str) -> Json:
    """Return the state of one resource; empty if there is none."""
    return dict(content["resources"].get(f"{kind}/{identity}", {"state": {}})["state"])


def droplet(_: Json, identity: str, state: Json) -> Item:
    """Return a droplet, which is ready."""
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
    """Return a database cluster, which is online."""
    hidden = {"password": ""} if state["engine"] == "mongodb" else {}
    connection = pick(state, "uri host port user database password") | {"ssl": True} | hidden
    window = next(iter(state.get("maintenanceWindows", [])), {"day": "sunday", "hour": "00:00"})
    names = "name engine version size region tags project_id private_network_uuid"
    return {
        **pick(state, f"{names} num_nodes=node_count"),
        **CREATED,
        "id": identity,
        "status": "online",
        "storage_size_mib": int(state["storageSizeMib"]),
        "connection": connection,
        "private_connection": connection | pick(state, "uri=private_uri host=private_host"),
        "maintenance_window": {**window, "pending": False, "description": []},
        "users": users(content, identity),
        "db_names": [each["name"] for each in databases(content, identity)],
        "rules": rules(content, identity),
    }


def databases(content: Json, owner: str) -> list[Item]:
    """Return the databases of a cluster, the default one first."""
    first = state_of(content, "DatabaseCluster", owner)["database"]
    created = [
        state["name"] for _, state in resources_of(content, "DatabaseDb", owner, "clusterId")
    ]
    return [{"name": name} for name in dict.fromkeys([first, *created])]


def users(content: Json, owner: str) -> list[Item]:
    """Return the users of a cluster; MongoDB returns no password after the creation."""
    first = state_of(content, "DatabaseCluster", owner)
    created = [state for _, state in resources_of(content, "DatabaseUser", owner, "clusterId")]
    hidden = {"password": ""} if first["engine"] == "mongodb" else {}
    primary = {"name": first["user"], "role": "primary", "password": first["password"]}
    return [pick(each, "name role password") | hidden for each in (primary, *created)]


def rules(content: Json, owner: str) -> list[Item]:
    """Return the trusted sources of a cluster; an empty list means that it is open to everyone."""
    firewalls = resources_of(content, "DatabaseFirewall", owner, "clusterId")
    sources = [pick(each, "type value") for _, state in firewalls for each in state["rules"]]
    common = {"cluster_uuid": owner, **CREATED}
    return [{"uuid": made_up_id(owner, each), **common, **each} for each in sources]


def made_up_id(*parts: object) -> str:
    """Return a UUID that depends on `parts` alone."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(parts)))


def backups(content: Json, owner: str) -> list[Item]:
    """Return the backups of a droplet with backups, or of a cluster that is no cache."""
    live = content["resources"]
    record = live.get(f"Droplet/{owner}") or live[f"DatabaseCluster/{owner}"]
    state = record["state"]
    if not (state["engine"] != "valkey" if "engine" in state else state.get("backups")):
        return []
    ages = [timedelta(hours=each) for each in record.get("backups", BACKUP_AGES)]
    times = [f"{datetime.now(UTC) - age:%Y-%m-%dT%H:%M:%SZ}" for age in sorted(ages)]
    return [{"id": made_up_id(owner, i), "created_at": each} for i, each in enumerate(times)]


def deployments(content: Json, owner: str) -> list[Item]:
    """Return the deployments of an app, newest first."""
    phases = content["resources"][f"App/{owner}"].get("deployments", ["ACTIVE"])
    active = state_of(content, "App", owner)["activeDeploymentId"]
    ids = [active if each == "ACTIVE" else made_up_id(owner, i) for i, each in enumerate(phases)]
    common = {**CHANGED, "progress": {"steps": []}}
    return [{"id": id_, "phase": phase, **common} for id_, phase in zip(ids, phases, strict=True)]


def app(content: Json, identity: str, state: Json) -> Item:
    """Return an app with its active deployment, if it has one; its secrets are sealed."""
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
    """Return a DNS record, its value without the trailing dot."""
    empty: Item = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
    own = pick(state, "type name priority port ttl weight flags tag")
    data = str(state["value"]).removesuffix(".")
    return {"id": int(identity), **empty, **own, "ttl": int(own["ttl"]), "data": data}


def records(content: Json, owner: str) -> list[Item]:
    """Return the records of a domain."""
    return [record(content, *each) for each in resources_of(content, "DnsRecord", owner, "domain")]


def firewall(_: Json, identity: str, state: Json) -> Item:
    """Return a cloud firewall."""

    def view(rule: Json, side: str) -> Item:
        ends = {name.removeprefix(f"{side}_"): each for name, each in snake(rule).items()}
        ends = {name: ends[name] for name in ends if name not in ("protocol", "port_range")}
        ports = {None: "0", "1-65535": "0"}.get(rule.get("portRange"), rule.get("portRange"))
        return {"protocol": rule["protocol"], "ports": ports, f"{side}s": ends}

    return {
        "droplet_ids": [],
        "tags": [],
        "pending_changes": [],
        **pick(state, "name status droplet_ids tags"),
        **CREATED,
        "id": identity,
        "inbound_rules": [view(each, "source") for each in state.get("inboundRules", [])],
        "outbound_rules": [view(each, "destination") for each in state.get("outboundRules", [])],
    }


def reserved_ip(content: Json, identity: str, state: Json) -> Item:
    """Return a reserved IP, with its droplet if it is assigned."""
    assigned = resources_of(content, "ReservedIpAssignment", identity, "ipAddress")
    holder = str(next((each["dropletId"] for _, each in assigned), state.get("dropletId")))
    holder_state = state_of(content, "Droplet", holder)
    shown = droplet(content, holder, holder_state) if holder_state else None
    return {"ip": identity, "region": {"slug": state["region"]}, "droplet": shown}


def notifications(targets: Json) -> Item:
    """Return the targets of an alert."""
    return {"email": targets.get("emails", []), "slack": targets.get("slacks", [])}


def uptime_alerts(content: Json, owner: str) -> list[Item]:
    """Return the alerts of an uptime check."""
    names = "name type threshold comparison period"
    return [
        {"id": id_, **pick(state, names), "notifications": notifications(*state["notifications"])}
        for id_, state in resources_of(content, "UptimeAlert", owner, "checkId")
    ]


def policy(_: Json, identity: str, state: Json) -> Item:
    """Return a monitoring alert."""
    own = pick(state, "type description compare value window entities tags enabled")
    empty: Item = {"uuid": identity, "entities": [], "tags": [], "enabled": True}
    return {**empty, **own, "alerts": notifications(state["alerts"])}


def members(content: Json, project: str) -> list[Item]:
    """Return the resources in a project."""
    lists = resources_of(content, "ProjectResources", project, "project")
    urns = {urn for _, state in lists for urn in state["resources"]}
    urns |= {*state_of(content, "Project", project).get("resources", [])}
    assigned = {"assigned_at": CREATED["created_at"], "status": "ok"}
    return [{"urn": urn, **assigned} for urn in sorted(urns)]


def simple_view(names: str, always: Json, key: str = "id", identify: type = str) -> View:
    """Return a view of an id, constant values and the `names` of the state."""
    return lambda _, identity, state: {key: identify(identity), **always, **pick(state, names)}


@dataclass(frozen=True)
class Collection:
    """One collection: type, JSON key of the list and of one item, view, and field of the id."""

    kind: str
    plural: str
    single: str
    view: View
    key: str = "id"

    def items(self, content: Json) -> list[Item]:
        """Return all items."""
        return [self.view(content, *each) for each in resources_of(content, self.kind)]


_VPC = "name urn=vpc_urn region ip_range description"
_PROJECT = "name description purpose environment is_default"
_CDN = "origin endpoint ttl certificate_id custom_domain"
_SIMPLE = {
    "account/keys": simple_view("name public_key fingerprint", {}, identify=int),
    "cdn/endpoints": simple_view(_CDN, CREATED),
    "domains": simple_view("ttl", {}, "name"),
    "projects": simple_view(_PROJECT, CHANGED),
    "spaces/keys": simple_view("name grants", CREATED, "access_key"),
    "tags": simple_view("", {}, "name"),
    "uptime/checks": simple_view("name type target regions enabled", {"enabled": True}),
    "vpcs": simple_view(_VPC, {**CREATED, "description": "", "default": False}),
}
COLLECTIONS = {
    "droplets": Collection("Droplet", "droplets", "droplet", droplet),
    "databases": Collection("DatabaseCluster", "databases", "database", cluster),
    "apps": Collection("App", "apps", "app", app),
    "domains": Collection("Domain", "domains", "domain", _SIMPLE["domains"], "name"),
    "vpcs": Collection("Vpc", "vpcs", "vpc", _SIMPLE["vpcs"]),
    "firewalls": Collection("Firewall", "firewalls", "firewall", firewall),
    "account/keys": Collection("SshKey", "ssh_keys", "ssh_key", _SIMPLE["account/keys"]),
    "reserved_ips": Collection("ReservedIp", "reserved_ips", "reserved_ip", reserved_ip, "ip"),
    "projects": Collection("Project", "projects", "project", _SIMPLE["projects"]),
    "uptime/checks": Collection("UptimeCheck", "checks", "check", _SIMPLE["uptime/checks"]),
    "monitoring/alerts": Collection("MonitorAlert", "policies", "policy", policy, "uuid"),
    "cdn/endpoints": Collection("Cdn", "endpoints", "endpoint", _SIMPLE["cdn/endpoints"]),
    "spaces/keys": Collection("SpacesKey", "keys", "key", _SIMPLE["spaces/keys"], "access_key"),
    "tags": Collection("Tag", "tags", "tag", _SIMPLE["tags"], "name"),
}
# Lists of one item: the JSON key and the elements.
NESTED = {
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
