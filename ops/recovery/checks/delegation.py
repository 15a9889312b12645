"""Where a zone is delegated to. The parent zone is asked: the zone itself may be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.cli.findings import Finding, Part

if TYPE_CHECKING:
    import dns.name

ZONES = Part("zones")
NAMESERVER = "ESTATE_NAMESERVER"  # HOST[:PORT] of a server to ask instead of the parent's
OURS = ".digitalocean.com."
LIMIT = 5.0  # seconds for an answer


def check(zone: str, environ: Mapping[str, str]) -> Finding:
    """Check that DigitalOcean serves a zone: if not, a replaced zone would have no effect."""
    import dns.exception

    try:
        servers = sorted(_servers(zone, environ.get(NAMESERVER)))
    except (dns.exception.DNSException, OSError, ValueError) as error:
        detail = f"no answer about its delegation: {error}"
        return ZONES.not_checked(zone, detail, f"dig +trace NS {zone}")
    detail = f"delegated to {', '.join(servers)}" if servers else "not delegated"
    repair = (
        f"at the registrar of {zone} (or in its parent zone), set ns1, ns2 and"
        " ns3.digitalocean.com; until then records created here have no effect"
    )
    ours = bool(servers) and all(each.endswith(OURS) for each in servers)
    return ZONES.verdict(zone, detail, repair, ok=ours)


def _servers(zone: str, nameserver: str | None) -> Iterator[str]:
    """Yield the zone's servers: a referral by the parent, or an answer by the zone itself."""
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdatatype

    name = dns.name.from_text(zone)
    if nameserver:
        parts = urlsplit(f"//{nameserver}")
        host, port = parts.hostname or nameserver, parts.port or 53
    else:
        host, port = _parent(name), 53
    query = dns.message.make_query(name, dns.rdatatype.NS)
    answer, _ = dns.query.udp_with_fallback(query, _address(host), LIMIT, port)
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise ValueError(f"{host} answers {dns.rcode.to_text(answer.rcode())}")
    for records in (*answer.answer, *answer.authority):
        if records.name == name and records.rdtype == dns.rdatatype.NS:
            yield from (str(each.target).lower() for each in records)


def _parent(name: dns.name.Name) -> str:
    """Return a name server of the zone above."""
    import dns.resolver

    above = dns.resolver.zone_for_name(name.parent(), lifetime=LIMIT)
    return str(dns.resolver.resolve(above, "NS", lifetime=LIMIT)[0].target)


def _address(host: str) -> str:
    import dns.resolver

    try:
        return str(ip_address(host))
    except ValueError:
        return str(dns.resolver.resolve(host, "A", lifetime=LIMIT)[0])
