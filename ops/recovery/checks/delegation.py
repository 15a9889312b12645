"""Where a zone is delegated to. The parent zone is asked: the zone itself may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ops.cli.errors import UsageError
from ops.cli.findings import Finding, Part
from ops.verify.names import resolver

if TYPE_CHECKING:
    import dns.name

ZONES = Part("zones")
NAMESERVER = "ESTATE_NAMESERVER"  # HOST[:PORT] of a server to ask instead of the parent's
OURS = ".digitalocean.com."


def check(zone: str, environ: Mapping[str, str]) -> Finding:
    """Check that DigitalOcean serves a zone: if not, a replaced zone would have no effect."""
    import dns.exception

    try:
        servers = _servers(zone, environ.get(NAMESERVER))
    except (dns.exception.DNSException, OSError, UsageError) as error:
        detail = f"no answer about its delegation: {error}"
        return ZONES.not_checked(zone, detail, f"dig +trace NS {zone}")
    detail = f"delegated to {', '.join(servers)}" if servers else "not delegated"
    repair = (
        f"at the registrar of {zone} (or in its parent zone), set ns1, ns2 and"
        " ns3.digitalocean.com; until then records created here have no effect"
    )
    ours = bool(servers) and all(each.endswith(OURS) for each in servers)
    return ZONES.verdict(zone, detail, repair, ok=ours)


def _servers(zone: str, nameserver: str | None) -> list[str]:
    """Return the zone's servers, from a referral by the parent or an answer by the zone itself."""
    import dns.name
    import dns.rdatatype
    import dns.resolver

    name = dns.name.from_text(zone)
    try:
        answer = resolver(nameserver or _parent(name)).resolve(
            name, "NS", raise_on_no_answer=False, search=False
        )
    except dns.resolver.NXDOMAIN:
        return []
    return sorted(
        str(each.target).lower()
        for records in (*answer.response.answer, *answer.response.authority)
        if records.name == name and records.rdtype == dns.rdatatype.NS
        for each in records
    )


def _parent(name: dns.name.Name) -> str:
    """Return a name server of the zone above."""
    import dns.resolver

    above = dns.resolver.zone_for_name(name.parent())
    return str(dns.resolver.resolve(above, "NS")[0].target)
