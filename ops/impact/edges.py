"""Derives the dependency graph from a plan.

Edges come from the resources: dependencies, `uses`, parents, trusted sources, records, uptime
checks, variables with a public URL or the name of a third party, and Pencom's hosts, calls, stores
and reads.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from components.facts import krotrust, pencom
from components.facts.third_parties import THIRD_PARTIES
from ops.impact.dependencies import (
    OUTSIDE,
    DependencyGraph,
    Edge,
    Effect,
    Kind,
    Node,
    store_facts,
)
from ops.plan.graph import Graph, Resource
from ops.plan.urn import name_of

# Types that only watch or group others: nothing depends on them, their loss affects no user.
OBSERVERS = {"UptimeAlert", "UptimeCheck", "MonitorAlert", "Project", "ProjectResources"}
PENCOM_SERVICE = "estate:pencom:Service"  # the component of an app has the kind Service, too
STORE_KINDS = {"DatabaseCluster", "SpacesBucket"}
URL = re.compile(r"https?://[^\s\"'/]+")


def dependency_graph(*plans: Graph) -> DependencyGraph:
    """Derive the graph of one plan or several; of resources in several, the last plan counts."""
    result = DependencyGraph()
    for plan in plans:
        _Reader(plan, result).read()
    return result


class _Reader:
    """Adds the nodes and edges of one plan to a graph."""

    def __init__(self, plan: Graph, result: DependencyGraph) -> None:
        self._result = result
        self._parts = plan.parts()
        self._all = {resource.name: resource for resource in plan.resources}
        self._kinds: dict[str, list[Resource]] = defaultdict(list)
        for resource in plan.resources:
            self._kinds[resource.kind].append(resource)
        self._apps: dict[str, list[Resource]] = defaultdict(list)  # by host
        for app in self._kinds["App"]:
            for domain in app.inputs["spec"].get("domainNames", ()):
                self._apps[domain["name"]].append(app)
        self._records: dict[str, list[Resource]] = defaultdict(list)  # by host
        for record in self._kinds["DnsRecord"]:
            self._records[record_name(record)].append(record)

    def read(self) -> None:
        """Add all nodes, then the edges between them; of parallel edges the worst."""
        self._result.resources |= self._all
        self._assign_nodes()
        for resource in self._all.values():
            key, node = self._result.node_of[resource.name], self._node(resource)
            if key == resource.name or node.kind == "store":
                self._result.nodes[key] = node
        for edge in [
            *self._dependencies(),
            *self._firewalls(),
            *self._trusted_sources(),
            *self._urls(),
            *self._variables(),
            *self._hosts(),
            *self._databases(),
            *self._services(),
            *self._third_parties(),
        ]:
            ends = (edge.dependent, edge.needed)
            known = self._result.edges.get(ends)
            if ends[0] != ends[1] and (known is None or known.effect < edge.effect):
                self._result.edges[ends] = edge

    def _assign_nodes(self) -> None:
        """Map each resource to its node: firewall, user or CDN of a store belong to the store."""
        stores: dict[str, list[str]] = defaultdict(list)  # by part
        for kind in STORE_KINDS:
            for resource in self._kinds[kind]:
                stores[self._part(resource)].append(resource.name)
        for resource in self._all.values():
            names = stores.get(self._part(resource), [])
            if len(names) > 1:  # one was restored beside the other
                names = [name for name in names if name in resource.uses.get("clusterId", ())]
            belongs = len(names) == 1 and resource.kind not in STORE_KINDS
            self._result.node_of[resource.name] = names[0] if belongs else resource.name

    def _part(self, resource: Resource) -> str:
        return self._parts.get(resource.name, resource.name)

    def _node(self, resource: Resource) -> Node:
        inputs, kind = resource.inputs, resource.kind
        label, what = resource.name, kind
        node_kind: Kind = "part"
        if kind in STORE_KINDS:
            label, node_kind = inputs["name"], "store"
            what = f"{inputs['engine']} cluster" if "engine" in inputs else "bucket"
        elif kind == "App":
            label, node_kind = inputs["spec"]["name"], "service"
            what = "static site" if "staticSites" in inputs["spec"] else "app"
        elif kind == "Droplet":
            label, node_kind, what = inputs["name"], "machine", "droplet"
        elif resource.type == "estate:pencom:Host":
            label, node_kind, what = _bare(resource), "machine", f"{inputs['role']} host"
        elif resource.type == PENCOM_SERVICE:
            label, node_kind, what = _bare(resource), "service", f"on {inputs['host']}"
        elif resource.type == "estate:pencom:Store" and not inputs["databases"]:
            label, node_kind, what = _bare(resource), "store", inputs["engine"]
        return Node(resource.name, node_kind, resource.system, label, what)

    def _edge(self, dependent: str, needed: str, why: str) -> Edge:
        """Return an edge between the nodes of two resources, DOWN unless the store is optional."""
        node_of = self._result.node_of
        dependent, needed = node_of.get(dependent, dependent), node_of.get(needed, needed)
        facts = store_facts(needed)
        if facts and facts.without:
            return Edge(dependent, needed, Effect.PARTLY, facts.without)
        return Edge(dependent, needed, Effect.DOWN, why)

    def _dependencies(self) -> Iterator[Edge]:
        """Yield an edge for each dependency, except those through ignored inputs alone."""
        for resource in self._all.values():
            if resource.kind in OBSERVERS or self._result.node_of[resource.name] != resource.name:
                continue  # of a store and its parts, only the store's dependencies count
            for name in map(name_of, resource.dependencies):
                inputs = {key for key, names in resource.uses.items() if name in names}
                if name in self._all and not (inputs and inputs <= set(resource.ignore_changes)):
                    yield self._edge(resource.name, name, f"uses {name}")

    def _firewalls(self) -> Iterator[Edge]:
        """Yield an edge from each droplet to its firewall."""
        for firewall in self._kinds["Firewall"]:
            for name in firewall.uses.get("dropletIds", ()):
                yield self._edge(name, firewall.name, f"is behind {firewall.name}")

    def _trusted_sources(self) -> Iterator[Edge]:
        """Yield an edge to a cluster's trusted sources from each app and droplet among them."""
        members: dict[str, set[str]] = defaultdict(set)
        for resource in [*self._kinds["App"], *self._kinds["Droplet"]]:
            for name in map(name_of, resource.dependencies):
                members[name].add(resource.name)
        networks = {vpc.inputs.get("ipRange"): vpc.name for vpc in self._kinds["Vpc"]}
        for rules in filter(self._in_use, self._kinds["DatabaseFirewall"]):
            ranges = [rule.get("value") for rule in rules.inputs.get("rules", ())]
            trusted = {networks[each] for each in ranges if each in networks}
            for name in sorted(trusted.union(rules.uses.get("rules", ()))):
                for user in sorted(members[name]) if name in networks.values() else [name]:
                    yield self._edge(user, rules.name, f"is let in by {rules.name}")

    def _in_use(self, rules: Resource) -> bool:
        """Whether applications use the cluster of these trusted sources, not a restored copy."""
        component = self._all.get(name_of(rules.parent))
        clusters = [self._all[name] for name in rules.uses.get("clusterId", ())]
        in_use = component.inputs.get("inUse") if component else None
        return in_use is None or any(each.inputs["name"] == in_use for each in clusters)

    def _urls(self) -> Iterator[Edge]:
        """Yield edges from each public URL to its app, address records and CAA records."""
        for url, host, system in self._public_urls():
            self._add(Node(url, "url", system, url, "public URL"))
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

    def _public_urls(self) -> Iterator[tuple[str, str, str]]:
        """Yield (URL, host, system) of each uptime check, then of each unchecked host of an app."""
        checked = set()
        for check in self._kinds["UptimeCheck"]:
            url = check.inputs["target"]
            checked.add(host := urlsplit(url).hostname or "")
            yield url, host, check.system
        for host, apps in self._apps.items():
            if host not in checked and apps:
                yield f"https://{host}", host, apps[0].system

    def _variables(self) -> Iterator[Edge]:
        """Yield edges from an app to the public URLs in its variables, called or linked."""
        urls = {host: url for url, host, _ in self._public_urls()}
        for app in self._kinds["App"]:
            variables = json.dumps([part.get("envs", ()) for part in _parts(app)])
            hosts = {urlsplit(url).hostname or "" for url in URL.findall(variables)}
            for host in sorted(hosts & urls.keys()):
                serving = self._apps[host]
                if app in serving:
                    continue
                if serving and all("staticSites" in each.inputs["spec"] for each in serving):
                    why = f"its links to {urls[host]} lead nowhere"
                    yield Edge(app.name, urls[host], Effect.PARTLY, why)
                else:
                    yield Edge(app.name, urls[host], Effect.DEGRADED, f"calls {urls[host]}")

    def _hosts(self) -> Iterator[Edge]:
        """Yield edges to Pencom's hosts from what they carry, and to a web server from the rest."""
        for host in self._kinds["Host"]:
            bare = _bare(host)
            prefix = host.name.removesuffix(bare)
            servers = [name for name in host.inputs["carries"] if prefix + name not in self._all]
            for name in host.inputs["carries"]:
                yield Edge(prefix + name, host.name, Effect.DOWN, f"runs on {bare}")
                if name in servers:
                    what = f"web server on {bare}"
                    self._add(Node(prefix + name, "machine", host.system, name, what))
                    continue
                for server in servers:
                    why = f"is reached through {server}"
                    yield Edge(prefix + name, prefix + server, Effect.DOWN, why)

    def _databases(self) -> Iterator[Edge]:
        """Yield an edge from each database to its server."""
        for store in self._kinds["Store"]:
            for database in store.inputs["databases"]:
                label, key = f"{_bare(store)}/{database}", f"{store.name}/{database}"
                self._add(Node(key, "store", store.system, label, store.inputs["engine"]))
                yield Edge(key, store.name, Effect.DOWN, f"is a database of {_bare(store)}")

    def _services(self) -> Iterator[Edge]:
        """Yield edges from Pencom's services to the stores, services and systems that they use."""
        for service in self._kinds["Service"]:
            if service.type != PENCOM_SERVICE:
                continue
            prefix = service.name.removesuffix(_bare(service))
            for store in service.inputs["stores"]:
                yield self._edge(service.name, f"{prefix}{store}", f"keeps its data in {store}")
            for name in service.inputs["calls"]:
                yield Edge(service.name, f"{prefix}{name}", Effect.DEGRADED, f"calls {name}")
            for name in service.inputs["reads"]:
                why = f"reads of {name} fail, the rest stays up"
                yield Edge(service.name, f"{prefix}{name}", Effect.PARTLY, why)

    def _third_parties(self) -> Iterator[Edge]:
        """Yield edges to third parties, by the names of variables and by KROTrust's facts."""
        for resource in self._all.values():
            names = _variable_names(resource)
            for party, facts in THIRD_PARTIES.items():
                word = f"_{party.partition('.')[0].upper()}_"  # anywhere: REACT_APP_POSTHOG_KEY
                variables = {name for name in names if word in f"_{name}"}
                stated = party in krotrust.THIRD_PARTIES.get(resource.name, ())
                if variables or stated:
                    self._add(Node(party, "part", OUTSIDE, party, "third party"))
                if variables - set(pencom.UNUSED) or stated:
                    effect = Effect.UNSEEN if facts.unseen else Effect.PARTLY
                    yield Edge(resource.name, party, effect, facts.without)

    def _add(self, node: Node) -> None:
        """Add a node that is no resource."""
        self._result.nodes[node.key] = node
        self._result.node_of[node.key] = node.key


def record_name(record: Resource) -> str:
    """Return the full host name of a DNS record."""
    name, zone = record.inputs["name"], str(record.inputs["domain"])
    return zone if name == "@" else f"{name}.{zone}"


def _bare(resource: Resource) -> str:
    """Return the name without the product's prefix."""
    return resource.name.removeprefix(f"{resource.system}-")


def _parts(app: Resource) -> list[dict[str, list[dict[str, str]]]]:
    spec = app.inputs["spec"]
    return [spec, *spec.get("services", ()), *spec.get("staticSites", ())]


def _variable_names(resource: Resource) -> set[str]:
    """Return the names of the variables of an app or of a Pencom service."""
    if resource.type == PENCOM_SERVICE:
        return {*resource.inputs["variables"], *resource.inputs["secretVariables"]}
    parts = _parts(resource) if resource.kind == "App" else []
    return {variable["key"] for part in parts for variable in part.get("envs", ())}
