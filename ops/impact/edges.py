"""Reads off a registered graph what stands on what.

Edges come from what the resources say: dependencies, `uses`, parents, trusted sources, records,
uptime checks, variables that hold a public URL or are a third party's, and Pencom's hosts, calls,
stores and reads.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from components.facts import krotrust, pencom
from components.facts.third_parties import THIRD_PARTIES
from ops.impact.dependencies import OUTSIDE, Edge, Effect, Kind, Standing, Thing, holding
from ops.plan.graph import Graph, Resource
from ops.plan.urn import name_of

# Nothing stands on what only looks on or only groups.
LOOKS_ON = {"UptimeAlert", "UptimeCheck", "MonitorAlert", "Project", "ProjectResources"}
PENCOM_SERVICE = "estate:pencom:Service"  # an app's component is called Service, too
MAIN = {"DatabaseCluster", "SpacesBucket"}
URL = re.compile(r"https?://[^\s\"'/]+")


def standing(*graphs: Graph) -> Standing:
    """Read graphs; of what several hold, the last one tells."""
    found = Standing()
    for graph in graphs:
        _Reader(graph, found).read()
    return found


class _Reader:
    """Reads one graph into a standing."""

    def __init__(self, graph: Graph, standing: Standing) -> None:
        self._standing = standing
        self._all = {resource.name: resource for resource in graph.resources}
        self._kinds: dict[str, list[Resource]] = defaultdict(list)
        for resource in graph.resources:
            self._kinds[resource.kind].append(resource)
        self._apps: dict[str, list[Resource]] = defaultdict(list)  # by host
        for app in self._kinds["App"]:
            for domain in app.inputs["spec"].get("domainNames", ()):
                self._apps[domain["name"]].append(app)
        self._records: dict[str, list[Resource]] = defaultdict(list)
        for record in self._kinds["DnsRecord"]:
            self._records[record_name(record)].append(record)

    def read(self) -> None:
        """Add things first, then the edges between them."""
        self._standing.resources |= self._all
        self._place()
        for resource in self._all.values():
            place = self._standing.place[resource.name]
            thing = self._thing(resource)
            if place == resource.name or thing.kind == "store":
                self._standing.things[place] = thing
        for edge in [
            *self._dependencies(),
            *self._guards(),
            *self._urls(),
            *self._variables(),
            *self._hosts(),
            *self._databases(),
            *self._services(),
            *self._third_parties(),
        ]:
            ends = (edge.dependent, edge.needed)
            known = self._standing.edges.get(ends)
            if ends[0] != ends[1] and (known is None or known.effect < edge.effect):
                self._standing.edges[ends] = edge

    def _place(self) -> None:
        """Count the parts of a store's component (its firewall, user, CDN) as the store."""
        tops: dict[str, list[str]] = defaultdict(list)
        for kind in MAIN:
            for resource in self._kinds[kind]:
                tops[self._top(resource)].append(resource.name)
        for resource in self._all.values():
            mains = tops.get(self._top(resource), [])
            if len(mains) > 1:  # one was restored beside the other
                mains = [name for name in mains if name in resource.uses.get("clusterId", ())]
            alone = len(mains) == 1 and resource.kind not in MAIN
            self._standing.place[resource.name] = mains[0] if alone else resource.name

    def _top(self, resource: Resource) -> str:
        """Name the outermost component around a resource that is not yet a product."""
        while (parent := self._all.get(name_of(resource.parent))) and name_of(parent.parent) in (
            self._all
        ):
            resource = parent
        return resource.name

    def _thing(self, resource: Resource) -> Thing:
        inputs, kind = resource.inputs, resource.kind
        label, what = resource.name, kind
        shown: Kind = "part"
        if kind in MAIN:
            label, shown = inputs["name"], "store"
            what = f"{inputs['engine']} cluster" if "engine" in inputs else "bucket"
        elif kind == "App":
            label, shown = inputs["spec"]["name"], "service"
            what = "static site" if "staticSites" in inputs["spec"] else "app"
        elif kind == "Droplet":
            label, shown, what = inputs["name"], "machine", "droplet"
        elif resource.type == "estate:pencom:Host":
            label, shown, what = self._bare(resource), "machine", f"{inputs['role']} host"
        elif resource.type == PENCOM_SERVICE:
            label, shown, what = self._bare(resource), "service", f"on {inputs['host']}"
        elif resource.type == "estate:pencom:Store" and not inputs["databases"]:
            label, shown, what = self._bare(resource), "store", inputs["engine"]
        return Thing(resource.name, shown, resource.system, label, what)

    def _bare(self, resource: Resource) -> str:
        return resource.name.removeprefix(f"{resource.system}-")

    def _edge(self, dependent: str, needed: str, why: str) -> Edge:
        """Make an edge to a resource's thing: hard, unless it is a store one can do without."""
        place = self._standing.place
        end = place.get(needed, needed)
        known = holding(end)
        if known and known.without:
            return Edge(place.get(dependent, dependent), end, Effect.PARTLY, known.without)
        return Edge(place.get(dependent, dependent), end, Effect.DOWN, why)

    def _dependencies(self) -> Iterator[Edge]:
        """Everything needs what it depends on, but for what it no longer looks at."""
        for resource in self._all.values():
            place = self._standing.place[resource.name]
            if resource.kind in LOOKS_ON or place != resource.name:
                continue  # of a store's parts, the store's own needs count
            for name in map(name_of, resource.dependencies):
                inputs = {key for key, names in resource.uses.items() if name in names}
                if name in self._all and not (inputs and inputs <= set(resource.ignore_changes)):
                    yield self._edge(resource.name, name, f"uses {name}")

    def _guards(self) -> Iterator[Edge]:
        """Put a firewall before its droplets; whom a cluster trusts uses it."""
        for firewall in self._kinds["Firewall"]:
            for name in firewall.uses.get("dropletIds", ()):
                yield self._edge(name, firewall.name, f"is behind {firewall.name}")
        members: dict[str, set[str]] = defaultdict(set)
        for resource in [*self._kinds["App"], *self._kinds["Droplet"]]:
            for name in map(name_of, resource.dependencies):
                members[name].add(resource.name)
        networks = {vpc.inputs.get("ipRange"): vpc.name for vpc in self._kinds["Vpc"]}
        for rules in self._kinds["DatabaseFirewall"]:
            if not self._in_use(rules):
                continue
            trusted = set(rules.uses.get("rules", ()))
            trusted |= {
                networks[rule.get("value")]
                for rule in rules.inputs.get("rules", ())
                if rule.get("value") in networks
            }
            for name in sorted(trusted):
                is_network = name in networks.values()
                for user in sorted(members[name]) if is_network else [name]:
                    yield self._edge(user, rules.name, f"is let in by {rules.name}")

    def _in_use(self, rules: Resource) -> bool:
        """Tell whether the cluster of these trusted sources is the one that its users look at."""
        of = self._all.get(name_of(rules.parent))
        clusters = [self._all[name] for name in rules.uses.get("clusterId", ())]
        in_use = of.inputs.get("inUse") if of else None
        return in_use is None or any(each.inputs["name"] == in_use for each in clusters)

    def _urls(self) -> Iterator[Edge]:
        """Lead a URL to the record or app that answers for its host, and to what certifies it."""
        for url, host, system in self._public():
            self._add(Thing(url, "url", system, url, "public URL"))
            for app in self._apps[host]:
                yield self._edge(url, app.name, f"is answered by {app.name}")
            for record in self._records[host]:
                if record.inputs["type"] in ("A", "AAAA", "CNAME"):
                    yield self._edge(url, record.name, f"has its address from {record.name}")
            labels = host.split(".")
            for zone in (".".join(labels[n:]) for n in range(len(labels))):
                for record in self._records[zone]:
                    if record.inputs["type"] == "CAA":
                        why = f"no new certificate unless {record.name} names its issuer"
                        yield Edge(url, record.name, Effect.PARTLY, why)

    def _public(self) -> Iterator[tuple[str, str, str]]:
        """Give each public URL with its host and system: those watched, then an app's others."""
        seen = set()
        for check in self._kinds["UptimeCheck"]:
            url = check.inputs["target"]
            seen.add(host := urlsplit(url).hostname or "")
            yield url, host, check.system
        for host, apps in self._apps.items():
            if host not in seen and apps:
                yield f"https://{host}", host, apps[0].system

    def _variables(self) -> Iterator[Edge]:
        """Lead an app to the public URLs that it is told: it calls them, or links to a site."""
        at = {host: url for url, host, _ in self._public()}
        for app in self._kinds["App"]:
            told = json.dumps([part.get("envs", ()) for part in _parts(app)])
            for host in sorted({urlsplit(found).hostname or "" for found in URL.findall(told)}):
                serving = self._apps[host]
                if host not in at or app in serving:
                    continue
                if serving and all("staticSites" in each.inputs["spec"] for each in serving):
                    why = f"its links to {at[host]} lead nowhere"
                    yield Edge(app.name, at[host], Effect.PARTLY, why)
                else:
                    yield Edge(app.name, at[host], Effect.DEGRADED, f"calls {at[host]}")

    def _hosts(self) -> Iterator[Edge]:
        """Lead to Pencom's hosts what they carry, and gateways to the web server before them."""
        for host in self._kinds["Host"]:
            bare = self._bare(host)
            prefix = host.name.removesuffix(bare)
            servers = [name for name in host.inputs["carries"] if prefix + name not in self._all]
            for name in host.inputs["carries"]:
                yield Edge(prefix + name, host.name, Effect.DOWN, f"runs on {bare}")
                if name in servers:
                    what = f"web server on {bare}"
                    self._add(Thing(prefix + name, "machine", host.system, name, what))
                    continue
                for server in servers:
                    why = f"is reached through {server}"
                    yield Edge(prefix + name, prefix + server, Effect.DOWN, why)

    def _databases(self) -> Iterator[Edge]:
        """Lead each database of a server to it."""
        for store in self._kinds["Store"]:
            for database in store.inputs["databases"]:
                label = f"{self._bare(store)}/{database}"
                key = f"{store.name}/{database}"
                self._add(Thing(key, "store", store.system, label, store.inputs["engine"]))
                yield Edge(key, store.name, Effect.DOWN, f"is kept by {self._bare(store)}")

    def _services(self) -> Iterator[Edge]:
        """Lead Pencom's services to what they store in, call and read."""
        for service in self._kinds["Service"]:
            if service.type != PENCOM_SERVICE:
                continue
            prefix = service.name.removesuffix(self._bare(service))
            for store in service.inputs["stores"]:
                yield self._edge(service.name, f"{prefix}{store}", f"keeps its data in {store}")
            for name in service.inputs["calls"]:
                yield Edge(service.name, f"{prefix}{name}", Effect.DEGRADED, f"calls {name}")
            for name in service.inputs["reads"]:
                why = f"reads of {name} fail, the rest stays up"
                yield Edge(service.name, f"{prefix}{name}", Effect.PARTLY, why)

    def _third_parties(self) -> Iterator[Edge]:
        """Lead to a third party what has variables of its name, or is told to use it."""
        for resource in self._all.values():
            names = _variable_names(resource)
            for party, facts in THIRD_PARTIES.items():
                begins = f"_{party.partition('.')[0].upper()}_"  # or goes on so: REACT_APP_...
                own = {name for name in names if begins in f"_{name}"}
                told = party in krotrust.THIRD_PARTIES.get(resource.name, ())
                if own or told:
                    self._add(Thing(party, "part", OUTSIDE, party, "third party"))
                if own - set(pencom.UNUSED) or told:
                    effect = Effect.UNSEEN if facts.unseen else Effect.PARTLY
                    yield Edge(resource.name, party, effect, facts.without)

    def _add(self, thing: Thing) -> None:
        """Add a thing that is no resource of its own."""
        self._standing.things[thing.key] = thing
        self._standing.place[thing.key] = thing.key


def record_name(record: Resource) -> str:
    """Give the full name that a DNS record answers for."""
    name, zone = record.inputs["name"], str(record.inputs["domain"])
    return zone if name == "@" else f"{name}.{zone}"


def _parts(app: Resource) -> list[dict[str, list[dict[str, str]]]]:
    spec = app.inputs["spec"]
    return [spec, *spec.get("services", ()), *spec.get("staticSites", ())]


def _variable_names(resource: Resource) -> set[str]:
    """Name the variables of an app or of a Pencom service."""
    if resource.type == PENCOM_SERVICE:
        return {*resource.inputs["variables"], *resource.inputs["secretVariables"]}
    apps = [resource] if resource.kind == "App" else []
    return {env["key"] for app in apps for part in _parts(app) for env in part.get("envs", ())}
