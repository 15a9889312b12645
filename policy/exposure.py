"""Rules on who may come in: SSH, databases, buckets, and the hosts on our own premises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from policy.estate import SECRET, UNKNOWN, Found, Resources, entries, items, leaves, of, worldwide

SSH = 22
HOST, SERVICE, STORE = (f"estate:pencom:{kind}" for kind in ("Host", "Service", "Store"))
FOREIGN = "estate:pencom:ForeignSystem"
AT_THE_EDGE = ("nginx", "api-gateway", "external-gateway")  # check who comes from the internet
PRIVATE_NETWORKS = tuple(
    ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
# A whole one: neither 10.0.0.1 in 10.0.0.12, nor fd00::1 in fd00::1:2; but with a port or a mask.
ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)"
    r"|(?<![\w.:])[0-9A-Fa-f]*:[0-9A-Fa-f:]*[0-9A-Fa-f](?![\w:])"
)


def ssh(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find firewalls that let the world in on port 22, and droplets behind no firewall."""
    guarded: set[str] = set()
    tags: set[str] = set()
    for firewall in of(resources, "Firewall"):
        guarded.update(firewall.used("dropletIds"))
        tags.update(map(str, items(firewall.inputs.get("tags"))))
        rules = firewall.inputs.get("inboundRules")
        if UNKNOWN in (rules, *items(rules)):
            yield firewall.name, "cannot be judged: who may come in is not known before an up"
        for rule in entries(rules):
            if rule.get("protocol") not in ("udp", "icmp") and _covers(rule.get("portRange"), SSH):
                for network in worldwide(items(rule.get("sourceAddresses"))):
                    yield firewall.name, f"port {SSH} is open to {network}"
    for droplet in of(resources, "Droplet"):
        own = set(map(str, items(droplet.inputs.get("tags"))))
        if droplet.name not in guarded and not own & tags:
            yield droplet.name, "stands behind no firewall"


def _covers(ports: Any, port: int) -> bool:
    """Tell whether a firewall's range holds a port; what cannot be read as a range does."""
    ends = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", str(ports))
    if not ends or int(ends[1]) == 0:  # `all`, `0`, nothing
        return True
    return int(ends[1]) <= port <= int(ends[2] or ends[1])


def trusted_sources(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find clusters without trusted sources, and sources that are the world."""
    closed: set[str] = set()
    for firewall in of(resources, "DatabaseFirewall"):
        rules = entries(firewall.inputs.get("rules"))
        if rules:
            closed.update(firewall.used("clusterId"))
        addresses = [rule.get("value") for rule in rules if rule.get("type") == "ip_addr"]
        for network in worldwide(addresses):
            yield firewall.name, f"trusts {network}"
    for cluster in of(resources, "DatabaseCluster"):
        if cluster.name not in closed:
            yield cluster.name, "has no trusted source"


def buckets(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find buckets that anybody may list, or that a page without TLS may use."""
    for bucket in of(resources, "SpacesBucket", "SpacesBucketCorsConfiguration"):
        acl = bucket.inputs.get("acl", "private")
        if acl != "private":
            yield bucket.name, f"its ACL is {acl}"
        for rule in entries(bucket.inputs.get("corsRules")):
            for origin in items(rule.get("allowedOrigins")):
                if origin not in (UNKNOWN, SECRET) and not _is_site(str(origin)):
                    yield bucket.name, f"its CORS lets {origin} in"
    for policy in of(resources, "SpacesBucketPolicy"):
        try:
            found = list(_policy_mistakes(json.loads(policy.inputs.get("policy", ""))))
        except (ValueError, TypeError, AttributeError):
            found = ["its text cannot be judged: it is no JSON, or not known yet"]
        yield from ((policy.name, text) for text in found)


def _is_site(origin: str) -> bool:
    url = urlsplit(origin)
    return url.scheme == "https" and bool(url.hostname) and "*" not in origin


def _policy_mistakes(policy: Any) -> Iterator[str]:
    """Read a bucket policy. Raises TypeError or AttributeError where it is none."""
    statements = policy["Statement"]
    statements = [statements] if isinstance(statements, dict) else items(statements)
    refuses_http = any(
        each.get("Effect") == "Deny" and _is_anybody(each) and _secure(each) == "false"
        for each in statements
    )
    for each in statements:
        if each.get("Effect") != "Allow":
            continue
        if _is_anybody(each) and any(map(_lists, _texts(each.get("Action")))):
            yield "lets anybody list the bucket"
        if not refuses_http and _secure(each) != "true":
            yield "allows plain HTTP: a statement lacks aws:SecureTransport"


def _is_anybody(statement: dict[str, Any]) -> bool:
    who = statement.get("Principal")
    return "*" in _texts(who.get("AWS") if isinstance(who, dict) else who)


def _secure(statement: dict[str, Any]) -> str:
    conditions = (statement.get("Condition") or {}).get("Bool") or {}
    return str(conditions.get("aws:SecureTransport")).lower()


def _lists(action: str) -> bool:
    """Tell whether an action, which may hold `*`, is one that lists."""
    pattern = re.escape(action.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    listing = ("s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads")
    return any(re.fullmatch(pattern, each) for each in listing)


def _texts(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def on_premises(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find internal hosts of ours that could be reached from outside."""
    hosts = list(of(resources, HOST))
    inside = {
        str(each.inputs.get("address")).lower(): each.name
        for each in (*of(resources, FOREIGN), *hosts)
        if each.inputs.get("exposure") in (None, "internal")
    }
    for host in hosts:
        exposed = host.inputs.get("exposure") != "internal"
        if exposed and host.inputs.get("role") != "ingress":
            yield host.name, f"its role is {host.inputs.get('role')}, and it is not internal"
        if exposed:
            for thing in items(host.inputs.get("carries")):
                if thing not in AT_THE_EDGE:
                    yield host.name, f"faces the internet and carries {thing}"
            short = host.name.removeprefix(f"{host.parent}-")
            for thing in of(resources, SERVICE, STORE):
                own = thing.name.removeprefix(f"{thing.parent}-")
                if thing.inputs.get("host") == short and own not in AT_THE_EDGE:
                    yield thing.name, f"stands on {short}, which faces the internet"
        elif not _is_private(str(host.inputs.get("address"))):
            yield host.name, "is internal, and its address is no private one"
    yield from _named(inside, resources)


def _named(inside: dict[str, str], resources: Resources) -> Found:
    """Find what names an internal address: a record, a variable, a firewall's source."""
    for resource in resources:
        for path, value in leaves(resource.inputs):
            for address in map(str.lower, ADDRESS.findall(str(value))):
                if address in inside and (
                    resource.type not in (HOST, FOREIGN) or path != "address"
                ):
                    yield resource.name, f"{path} names the address of {inside[address]}"


def _is_private(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in PRIVATE_NETWORKS)
