"""The live resources, described by the inputs of the plan that identify each type. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import get_args

from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from components.facts.spaces import SpacesRegion
from components.facts.stores import CACHES
from ops.account.acl import canned
from ops.account.client import Account
from ops.plan.identity import (
    Inputs,
    Key,
    addresses,
    app_domains,
    app_name,
    of,
    origin,
    public_key,
    record_value,
    single_record,
    target,
)


@dataclass(frozen=True)
class Live:
    """One live resource.

    `id` is the id in a state, `import_id` what `pulumi import` takes. `inputs` identify it, with
    the names that the program uses; `outputs` are what others refer to. `built_in` came with the
    cluster that contains it.
    """

    kind: str
    id: str
    name: str
    inputs: Inputs
    outputs: Inputs = field(default_factory=dict)
    import_id: str = ""
    built_in: bool = False

    def __str__(self) -> str:
        """Return what a person needs to find it."""
        return f"{self.kind} {self.name} ({self.import_id or self.id})"


BUILT_IN = ("defaultdb", "admin", "local", "config", "_dodb")  # databases
DOMAIN_FIELDS = ("type", "zone", "wildcard")  # of a domain of an app
RECORD_FIELDS = ("type", "name", "ttl", "priority", "port", "weight", "flags", "tag")
Known = Mapping[str, list[Live]]  # by type: those that are known to be ours
Lister = Callable[[Account, Known], Iterable[Live]]


@dataclass(frozen=True)
class Kind:
    """How one type is listed and recognised.

    Two that agree in one of the keys `same` are the same resource. Two that agree only in one of
    `like` may be: a person decides.
    """

    name: str
    list: Lister
    same: tuple[Key, ...]
    like: tuple[Key, ...] = ()
    importer: bool = True


def _vpcs(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("VPCs"):
        inputs = {"name": each["name"]}
        yield Live("Vpc", each["id"], each["name"], inputs, {"ipRange": each["ip_range"]})


def _keys(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("SSH keys"):
        inputs = {"name": each["name"], "publicKey": each["public_key"]}
        outputs = {"fingerprint": each["fingerprint"]}
        yield Live("SshKey", str(each["id"]), each["name"], inputs, outputs)


def _droplets(account: Account, known: Known) -> Iterator[Live]:
    reserved = {each.inputs["dropletId"]: each.id for each in _reserved(account, known)}
    for each in account.read("droplets"):
        public = [a["ip_address"] for a in each["networks"]["v4"] if a["type"] == "public"]
        extra = reserved.get(each["id"])
        inputs = {"name": each["name"], "addresses": {*public, *([extra] if extra else [])}}
        own = next((address for address in public if address != extra), None)
        outputs = {"ipv4Address": own, "dropletUrn": f"do:droplet:{each['id']}"}
        yield Live("Droplet", str(each["id"]), each["name"], inputs, outputs)


def _reserved(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("reserved IPs"):
        droplet = (each.get("droplet") or {}).get("id")
        outputs = {"ipAddress": each["ip"]}
        yield Live("ReservedIp", each["ip"], each["ip"], {"dropletId": droplet}, outputs)


def _firewalls(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("firewalls"):
        inputs = {"name": each["name"], "dropletIds": each.get("droplet_ids") or None}
        yield Live("Firewall", each["id"], each["name"], inputs)


def _clusters(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("clusters"):
        inputs = {name: each[name] for name in ("name", "engine")}
        window = each.get("maintenance_window")
        inputs["maintenanceWindows"] = window and [
            {"day": window["day"], "hour": window["hour"][:5]}  # it may come with seconds
        ]
        yield Live("DatabaseCluster", each["id"], each["name"], inputs)


def _databases(account: Account, known: Known) -> Iterator[Live]:
    for cluster in _with_users(known):
        for each in account.read("cluster databases", cluster.id):
            yield _inside("DatabaseDb", cluster, each["name"], built_in=each["name"] in BUILT_IN)


def _users(account: Account, known: Known) -> Iterator[Live]:
    for cluster in _with_users(known):
        for each in account.read("cluster users", cluster.id):
            built_in = each.get("role") == "primary"
            yield _inside("DatabaseUser", cluster, each["name"], built_in=built_in)


def _with_users(known: Known) -> list[Live]:
    clusters = known.get("DatabaseCluster", ())
    return [each for each in clusters if each.inputs["engine"] not in CACHES]


def _inside(kind: str, cluster: Live, name: str, *, built_in: bool) -> Live:
    inputs, shown = {"clusterId": cluster.id, "name": name}, f"{cluster.name}/{name}"
    import_id = f"{cluster.id},{name}"
    state_id = f"{cluster.id}/{'database' if kind == 'DatabaseDb' else 'user'}/{name}"
    return Live(kind, state_id, shown, inputs, import_id=import_id, built_in=built_in)


def _trusted(account: Account, known: Known) -> Iterator[Live]:
    for cluster in known.get("DatabaseCluster", ()):
        if account.read("cluster rules", cluster.id):
            yield Live("DatabaseFirewall", cluster.id, cluster.name, {"clusterId": cluster.id})


def _domains(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("domains"):
        yield Live("Domain", each["name"], each["name"], {"name": each["name"]})


def _records(account: Account, known: Known) -> Iterator[Live]:
    for zone in known.get("Domain", ()):
        for each in account.read("domain records", zone.id):
            if each["type"] == "SOA" or (each["type"], each["name"]) == ("NS", "@"):
                continue  # DigitalOcean's own
            # The API's word for the zone itself.
            value = zone.id if each["data"] == "@" and each["type"] != "TXT" else each["data"]
            inputs = {name: each.get(name) for name in RECORD_FIELDS} | {
                "domain": zone.id,
                "value": value,
            }
            name = zone.id if each["name"] == "@" else f"{each['name']}.{zone.id}"
            shown = " ".join(filter(None, [name, each["type"], each.get("tag"), value]))
            number = str(each["id"])
            yield Live("DnsRecord", number, shown, inputs, import_id=f"{zone.id},{number}")


def _apps(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("apps"):
        spec = each["spec"]
        domains = [
            {"name": domain["domain"], **{n: domain[n] for n in DOMAIN_FIELDS if domain.get(n)}}
            for domain in spec.get("domains") or ()
        ]
        inputs = {"spec": {"name": spec["name"], "domainNames": domains}}
        yield Live("App", each["id"], spec["name"], inputs)


def _checks(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("uptime checks"):
        yield Live("UptimeCheck", each["id"], each["name"], {"target": each["target"]})


def _uptime_alerts(account: Account, known: Known) -> Iterator[Live]:
    for check in known.get("UptimeCheck", ()):
        for each in account.read("uptime alerts", check.id):
            inputs = {"checkId": check.id, "type": each["type"]}
            import_id = f"{check.id},{each['id']}"
            yield Live("UptimeAlert", each["id"], each["name"], inputs, import_id=import_id)


def _policies(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("monitor alerts"):
        inputs = {"type": each["type"], "entities": each["entities"]}
        yield Live("MonitorAlert", each["uuid"], each["description"], inputs)


def _buckets(account: Account, _: Known) -> Iterator[Live]:
    for region in get_args(SpacesRegion):
        for each in account.spaces(region).list_buckets()["Buckets"]:
            inputs = {"name": each["Name"], "region": region}
            outputs = {"bucketDomainName": f"{each['Name']}.{region}"}
            import_id = f"{region},{each['Name']}"
            yield Live("SpacesBucket", each["Name"], each["Name"], inputs, outputs, import_id)


def _cors(account: Account, known: Known) -> Iterator[Live]:
    kind = "SpacesBucketCorsConfiguration"
    for bucket in known.get("SpacesBucket", ()):
        region = bucket.inputs["region"]
        try:
            account.spaces(region).get_bucket_cors(Bucket=bucket.id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchCORSConfiguration":
                raise
        else:
            inputs = {"bucket": bucket.id, "region": region}
            yield Live(kind, bucket.id, bucket.id, inputs, import_id=bucket.import_id)


def _cdns(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("cdns"):
        yield Live("Cdn", each["id"], each["origin"], {"origin": each["origin"]})


def _spaces_keys(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("Spaces keys"):
        yield Live("SpacesKey", each["access_key"], each["name"], {"name": each["name"]})


def _projects(account: Account, _: Known) -> Iterator[Live]:
    for each in account.read("projects"):
        yield Live("Project", each["id"], each["name"], {"name": each["name"]})


def unread(account: Account, live: Live) -> Inputs:
    """Return the live inputs that `pulumi import` does not read."""
    if live.kind == "App":
        return {"spec": {"domainNames": live.inputs["spec"]["domainNames"]}}
    if live.kind == "DatabaseCluster":
        return {"maintenanceWindows": live.inputs["maintenanceWindows"]}
    if live.kind == "SpacesBucket":
        spaces = account.spaces(live.inputs["region"])
        return {"acl": canned(spaces.get_bucket_acl(Bucket=live.id))}
    return {}


_NAME, _IN_CLUSTER = of("name"), of("clusterId", "name")
# Parents come before what they contain, since a reference is resolved through its match.
KINDS = (
    Kind("Vpc", _vpcs, (_NAME,)),
    Kind("SshKey", _keys, (public_key,), (_NAME,)),
    Kind("Domain", _domains, (_NAME,)),
    Kind("Droplet", _droplets, (_NAME, addresses)),
    Kind("ReservedIp", _reserved, (of("dropletId"),)),
    Kind("Firewall", _firewalls, (_NAME,), (of("dropletIds"),)),
    Kind("DatabaseCluster", _clusters, (_NAME,), (of("engine"),)),
    Kind("DatabaseDb", _databases, (_IN_CLUSTER,), (of("clusterId"),)),
    Kind("DatabaseUser", _users, (_IN_CLUSTER,), (of("clusterId"),)),
    Kind("DatabaseFirewall", _trusted, (of("clusterId"),)),
    Kind("DnsRecord", _records, (record_value,), (single_record,)),
    Kind("App", _apps, (app_name, app_domains)),
    Kind("UptimeCheck", _checks, (target,)),
    Kind("UptimeAlert", _uptime_alerts, (of("checkId", "type"),)),
    Kind("MonitorAlert", _policies, (of("type", "entities"),)),
    Kind("SpacesBucket", _buckets, (of("name", "region"),), (_NAME, of("region"))),
    Kind("SpacesBucketCorsConfiguration", _cors, (of("bucket", "region"),)),
    Kind("Cdn", _cdns, (origin,)),
    Kind("SpacesKey", _spaces_keys, (_NAME,), importer=False),
    Kind("Project", _projects, (_NAME,)),
    Kind("ProjectResources", lambda *_: (), (), importer=False),
)
