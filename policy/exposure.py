"""Rules on access from outside: SSH, databases, buckets, and the hosts on our own premises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from policy.resources import (
    SECRET,
    UNKNOWN,
    Problems,
    Resources,
    entries,
    items,
    leaves,
    of_type,
    worldwide,
)

SSH = 22
HOST, SERVICE, STORE = (f"estate:pencom:{kind}" for kind in ("Host", "Service", "Store"))
FOREIGN = "estate:pencom:ForeignSystem"
AT_THE_EDGE = ("nginx", "api-gateway", "external-gateway")  # authenticate public requests
PRIVATE_NETWORKS = tuple(
    ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
# Whole addresses, with or without port or mask: not 10.0.0.1 in 10.0.0.12, fd00::1 in fd00::1:2.
ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)"
    r"|(?<![\w.:])[0-9A-Fa-f]*:[0-9A-Fa-f:]*[0-9A-Fa-f](?![\w:])"
)


def ssh(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report firewalls that open port 22 to the internet, and droplets behind no firewall."""
    guarded: set[str] = set()
    tags: set[str] = set()
    for firewall in of_type(resources, "Firewall"):
        guarded.update(firewall.used("dropletIds"))
        tags.update(map(str, items(firewall.inputs.get("tags"))))
        rules = firewall.inputs.get("inboundRules")
        if UNKNOWN in (rules, *items(rules)):
            yield firewall.name, "cannot be checked: its sources are unknown before an `up`"
        for rule in entries(rules):
            if rule.get("protocol") not in ("udp", "icmp") and _covers(rule.get("portRange"), SSH):
                for network in worldwide(items(rule.get("sourceAddresses"))):
                    yield firewall.name, f"port {SSH} is open to {network}"
    for droplet in of_type(resources, "Droplet"):
        own = set(map(str, items(droplet.inputs.get("tags"))))
        if droplet.name not in guarded and not own & tags:
            yield droplet.name, "is behind no firewall"


def _covers(ports: Any, port: int) -> bool:
    """Whether a firewall's port range includes a port; an unreadable range counts as all ports."""
    ends = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", str(ports))
    if not ends or int(ends[1]) == 0:  # `all`, `0`, empty
        return True
    return int(ends[1]) <= port <= int(ends[2] or ends[1])


def trusted_sources(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report clusters without trusted sources, and trusted sources as wide as the internet."""
    closed: set[str] = set()
    for firewall in of_type(resources, "DatabaseFirewall"):
        rules = entries(firewall.inputs.get("rules"))
        if rules:
            closed.update(firewall.used("clusterId"))
        addresses = [rule.get("value") for rule in rules if rule.get("type") == "ip_addr"]
        for network in worldwide(addresses):
            yield firewall.name, f"trusts {network}"
    for cluster in of_type(resources, "DatabaseCluster"):
        if cluster.name not in closed:
            yield cluster.name, "has no trusted source"


def buckets(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report buckets that anyone may list, or that pages without TLS may use."""
    for bucket in of_type(resources, "SpacesBucket", "SpacesBucketCorsConfiguration"):
        acl = bucket.inputs.get("acl", "private")
        if acl != "private":
            yield bucket.name, f"its ACL is {acl}"
        for rule in entries(bucket.inputs.get("corsRules")):
            for origin in items(rule.get("allowedOrigins")):
                if origin not in (UNKNOWN, SECRET) and not _is_site(str(origin)):
                    yield bucket.name, f"its CORS lets {origin} in"
    for policy in of_type(resources, "SpacesBucketPolicy"):
        try:
            problems = list(_policy_problems(json.loads(policy.inputs.get("policy", ""))))
        except (ValueError, TypeError, AttributeError):
            problems = ["its text cannot be checked: it is not JSON, or still unknown"]
        yield from ((policy.name, problem) for problem in problems)


def _is_site(origin: str) -> bool:
    url = urlsplit(origin)
    return url.scheme == "https" and bool(url.hostname) and "*" not in origin


def _policy_problems(policy: Any) -> Iterator[str]:
    """Yield what a bucket policy allows and should not.

    Raises TypeError or AttributeError where `policy` is not a bucket policy.
    """
    statements = policy["Statement"]
    statements = [statements] if isinstance(statements, dict) else items(statements)
    refuses_http = any(
        each.get("Effect") == "Deny" and _is_public(each) and _tls_condition(each) == "false"
        for each in statements
    )
    for each in statements:
        if each.get("Effect") != "Allow":
            continue
        if _is_public(each) and any(map(_lists, _texts(each.get("Action")))):
            yield "lets anyone list the bucket"
        if not refuses_http and _tls_condition(each) != "true":
            yield "allows plain HTTP: a statement lacks aws:SecureTransport"


def _is_public(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    return "*" in _texts(principal.get("AWS") if isinstance(principal, dict) else principal)


def _tls_condition(statement: dict[str, Any]) -> str:
    conditions = (statement.get("Condition") or {}).get("Bool") or {}
    return str(conditions.get("aws:SecureTransport")).lower()


def _lists(action: str) -> bool:
    """Whether an action, which may contain `*` or `?`, covers one that lists objects."""
    pattern = re.escape(action.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    listing = ("s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads")
    return any(re.fullmatch(pattern, each) for each in listing)


def _texts(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def on_premises(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report internal hosts of ours that could be reached from outside."""
    hosts = list(of_type(resources, HOST))
    internal = {
        str(each.inputs.get("address")).lower(): each.name
        for each in (*of_type(resources, FOREIGN), *hosts)
        if each.inputs.get("exposure") in (None, "internal")
    }
    for host in hosts:
        exposed = host.inputs.get("exposure") != "internal"
        if exposed and host.inputs.get("role") != "ingress":
            yield host.name, f"its role is {host.inputs.get('role')}, and it is not internal"
        if exposed:
            for carried in items(host.inputs.get("carries")):
                if carried not in AT_THE_EDGE:
                    yield host.name, f"faces the internet and carries {carried}"
            short = host.name.removeprefix(f"{host.parent}-")
            for part in of_type(resources, SERVICE, STORE):
                own = part.name.removeprefix(f"{part.parent}-")
                if part.inputs.get("host") == short and own not in AT_THE_EDGE:
                    yield part.name, f"runs on {short}, which faces the internet"
        elif not _is_private(str(host.inputs.get("address"))):
            yield host.name, "is internal, but its address is not private"
    yield from _addresses_in_use(internal, resources)


def _addresses_in_use(internal: dict[str, str], resources: Resources) -> Problems:
    """Report inputs that contain an internal address: of a record, a variable, a firewall."""
    for resource in resources:
        for path, value in leaves(resource.inputs):
            for address in map(str.lower, ADDRESS.findall(str(value))):
                if address in internal and (
                    resource.type not in (HOST, FOREIGN) or path != "address"
                ):
                    yield resource.name, f"{path} contains the address of {internal[address]}"


def _is_private(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in PRIVATE_NETWORKS)
