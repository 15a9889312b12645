"""Rules on operating the estate: monitoring, grouping, certificates, addresses, regions."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from policy.resources import (
    PlannedResource,
    Problems,
    Resources,
    entries,
    items,
    of_type,
    product_of,
    spec,
)

REGIONS = ("fra1", "ams3")
PLACED = ("Droplet", "Vpc", "ReservedIp", "DatabaseCluster", "SpacesBucket")
# Not a reserved IP: of one in a project, the API's answers never settle.
GROUPABLE = ("Droplet", "DatabaseCluster", "SpacesBucket", "Domain", "App", "Volume")
TAGGABLE = ("Droplet", "DatabaseCluster", "Volume")
ZONE = "estate:dns:Zone"
OWN_ADDRESSES = ("Droplet", "ReservedIp", "ReservedIpv6", "LoadBalancer")


def watched(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report public host names that no uptime check requests."""
    checks = [
        check for check in of_type(resources, "UptimeCheck") if check.inputs.get("enabled", True)
    ]
    targets = [urlsplit(str(check.inputs.get("target"))) for check in checks]
    checked = {target.hostname for target in targets if target.scheme == "https"}
    for resource, host in _public_names(resources):
        if host not in checked:
            yield resource.name, f"no uptime check requests https://{host}"


def _public_names(resources: Resources) -> Iterator[tuple[PlannedResource, str]]:
    for record in of_type(resources, "DnsRecord"):
        name, zone = str(record.inputs.get("name", "@")), record.inputs.get("domain")
        # A name with an underscore belongs to a protocol such as DKIM: it serves no page.
        if record.inputs.get("type") in ("A", "AAAA", "CNAME") and "_" not in name:
            yield record, (str(zone) if name == "@" else f"{name}.{zone}").lower()
    for app in of_type(resources, "App"):
        for domain in entries(spec(app).get("domainNames")):
            yield app, str(domain.get("name")).lower()


def grouped(resources: Resources, environment: str) -> Problems:
    """Report resources outside their product's project, or without product or environment tag."""
    members = {
        (product_of(group, resources), name)
        for group in of_type(resources, "ProjectResources")
        for name in group.used("resources")
    }
    for resource in of_type(resources, *GROUPABLE):
        if (product := product_of(resource, resources), resource.name) not in members:
            yield resource.name, f"is not in the project of {product}"
    for resource in of_type(resources, *TAGGABLE):
        tags = {str(tag).lower() for tag in items(resource.inputs.get("tags"))}
        if missing := sorted({product_of(resource, resources), environment} - tags):
            yield resource.name, f"lacks the tag {' and '.join(missing)}"


def caa(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report zones in which any authority may issue certificates."""
    issuers = [
        record
        for record in of_type(resources, "DnsRecord")
        if [record.inputs.get(key) for key in ("type", "tag", "name")] == ["CAA", "issue", "@"]
    ]
    for zone in of_type(resources, "Domain"):
        name = zone.inputs.get("name")
        if not any(zone.name in r.used("domain") or r.inputs["domain"] == name for r in issuers):
            yield zone.name, "has no CAA record"


def own_addresses(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report records of an address that neither the estate nor its declared stand-in owns."""
    own = {resource.name for resource in of_type(resources, *OWN_ADDRESSES)}
    stand_ins = {zone.name: zone.inputs.get("standIn") for zone in of_type(resources, ZONE)}
    for record in of_type(resources, "DnsRecord"):
        stand_in = stand_ins.get(record.parent)
        stands_in = stand_in is not None and record.inputs.get("value") == stand_in
        addressed = record.inputs.get("type") in ("A", "AAAA")
        if addressed and not stands_in and not own & {*record.used("value")}:
            yield record.name, "its address belongs to no droplet, reserved IP or stand-in"
    for zone in of_type(resources, "Domain"):
        if zone.inputs.get("ipAddress") and not own & {*zone.used("ipAddress")}:
            yield zone.name, "ipAddress belongs to no droplet or reserved IP"


def regions(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report resources in other regions, or without one, which DigitalOcean then chooses."""
    for resource in resources:
        region = resource.inputs.get("region")
        if (resource.type in PLACED or region is not None) and region not in REGIONS:
            yield resource.name, f"its region is {region or 'not set'}"
    short = {region.rstrip("0123456789") for region in REGIONS}  # App Platform says fra, not fra1
    for app in of_type(resources, "App"):
        region = spec(app).get("region")
        if region not in (*REGIONS, *short):
            yield app.name, f"its region is {region or 'not set'}"
