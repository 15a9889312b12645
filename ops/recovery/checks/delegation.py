"""Where a zone is delegated to: its parent is asked, for the zone itself may be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.cli.findings import Finding

if TYPE_CHECKING:
    import dns.name

NAMESERVER = "ESTATE_NAMESERVER"  # HOST[:PORT] that is asked in the parent's place
OURS = ".digitalocean.com."
PATIENCE = 5.0  # seconds for an answer


def look(zone: str, environ: Mapping[str, str]) -> Finding:
    """Say to whom a zone is delegated; a zone made anew elsewhere would help nobody."""
    import dns.exception

    try:
        servers = sorted(_servers(zone, environ.get(NAMESERVER)))
    except (dns.exception.DNSException, OSError, ValueError) as error:
        told = f"no answer about its delegation: {error}"
        return Finding("zones", zone, "not checked", told, f"dig +trace NS {zone}")
    foreign = [each for each in servers if not each.endswith(OURS)]
    if servers and not foreign:
        return Finding("zones", zone, "ok", f"delegated to {', '.join(servers)}")
    told = f"delegated to {', '.join(servers)}" if servers else "delegated to nobody"
    mend = (
        f"at the registrar of {zone} (or in its parent zone), set ns1, ns2 and"
        " ns3.digitalocean.com; until then a zone made here answers nobody"
    )
    return Finding("zones", zone, "bad", told, mend)


def _servers(zone: str, nameserver: str | None) -> Iterator[str]:
    """Name the servers: the parent's answer has them as a referral, the zone's own as an answer."""
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdatatype

    name = dns.name.from_text(zone)
    host, port = _split(nameserver) if nameserver else (_parent(name), 53)
    query = dns.message.make_query(name, dns.rdatatype.NS)
    answer, _ = dns.query.udp_with_fallback(query, _address(host), PATIENCE, port)
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise ValueError(f"{host} answers {dns.rcode.to_text(answer.rcode())}")
    for found in (*answer.answer, *answer.authority):
        if found.name == name and found.rdtype == dns.rdatatype.NS:
            yield from (str(each.target).lower() for each in found)


def _parent(name: dns.name.Name) -> str:
    """Name a server of the zone above."""
    import dns.resolver

    above = dns.resolver.zone_for_name(name.parent(), lifetime=PATIENCE)
    return str(dns.resolver.resolve(above, "NS", lifetime=PATIENCE)[0].target)


def _address(host: str) -> str:
    import dns.resolver

    try:
        return str(ip_address(host))
    except ValueError:
        return str(dns.resolver.resolve(host, "A", lifetime=PATIENCE)[0])


def _split(text: str) -> tuple[str, int]:
    """Take HOST[:PORT] apart. Raises ValueError where the port is no number."""
    parts = urlsplit(f"//{text}")
    return parts.hostname or text, parts.port or 53
