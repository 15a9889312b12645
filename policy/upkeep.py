"""Rules on what keeps the estate watched, found and in its place."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from policy.estate import Found, Resource, Resources, entries, items, of, spec, system

REGIONS = ("fra1", "ams3")
PLACED = ("Droplet", "Vpc", "ReservedIp", "DatabaseCluster", "SpacesBucket")
# A reserved IP can be in a project, but what the API answers then never settles.
GROUPABLE = ("Droplet", "DatabaseCluster", "SpacesBucket", "Domain", "App", "Volume")
TAGGABLE = ("Droplet", "DatabaseCluster", "Volume")
ZONE = "estate:dns:Zone"
OWN_ADDRESSES = ("Droplet", "ReservedIp", "ReservedIpv6", "LoadBalancer")


def watched(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find public names that no uptime check asks for."""
    checks = [check for check in of(resources, "UptimeCheck") if check.inputs.get("enabled", True)]
    targets = [urlsplit(str(check.inputs.get("target"))) for check in checks]
    asked = {target.hostname for target in targets if target.scheme == "https"}
    for resource, host in _public_names(resources):
        if host not in asked:
            yield resource.name, f"no uptime check asks https://{host}"


def _public_names(resources: Resources) -> Iterator[tuple[Resource, str]]:
    for record in of(resources, "DnsRecord"):
        name, zone = str(record.inputs.get("name", "@")), record.inputs.get("domain")
        # A name with an underscore belongs to a protocol (DKIM, for one): no page is there.
        if record.inputs.get("type") in ("A", "AAAA", "CNAME") and "_" not in name:
            yield record, (str(zone) if name == "@" else f"{name}.{zone}").lower()
    for app in of(resources, "App"):
        for domain in entries(spec(app).get("domainNames")):
            yield app, str(domain.get("name")).lower()


def grouped(resources: Resources, environment: str) -> Found:
    """Find what is in no project of its product, or lacks the tags of product and environment."""
    members = {
        (system(group, resources), name)
        for group in of(resources, "ProjectResources")
        for name in group.used("resources")
    }
    for resource in of(resources, *GROUPABLE):
        if (product := system(resource, resources), resource.name) not in members:
            yield resource.name, f"is not in the project of {product}"
    for resource in of(resources, *TAGGABLE):
        tags = {str(tag).lower() for tag in items(resource.inputs.get("tags"))}
        if missing := sorted({system(resource, resources), environment} - tags):
            yield resource.name, f"lacks the tag {' and '.join(missing)}"


def caa(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find zones in which any authority may issue certificates."""
    issuers = [
        record
        for record in of(resources, "DnsRecord")
        if [record.inputs.get(key) for key in ("type", "tag", "name")] == ["CAA", "issue", "@"]
    ]
    for zone in of(resources, "Domain"):
        name = zone.inputs.get("name")
        if not any(zone.name in r.used("domain") or r.inputs["domain"] == name for r in issuers):
            yield zone.name, "has no CAA record"


def own_addresses(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find records of an address that neither the estate nor its declared stand-in holds."""
    own = {resource.name for resource in of(resources, *OWN_ADDRESSES)}
    stand_ins = {zone.name: zone.inputs.get("standIn") for zone in of(resources, ZONE)}
    for record in of(resources, "DnsRecord"):
        stand_in = stand_ins.get(record.parent)
        stands_in = stand_in is not None and record.inputs.get("value") == stand_in
        addressed = record.inputs.get("type") in ("A", "AAAA")
        if addressed and not stands_in and not own & {*record.used("value")}:
            yield record.name, "its address is no droplet's, no reserved IP's and no stand-in's"
    for zone in of(resources, "Domain"):
        if zone.inputs.get("ipAddress") and not own & {*zone.used("ipAddress")}:
            yield zone.name, "ipAddress is no droplet's and no reserved IP's"


def regions(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find what is in another region, or left to DigitalOcean to place."""
    for resource in resources:
        region = resource.inputs.get("region")
        if (resource.type in PLACED or region is not None) and region not in REGIONS:
            yield resource.name, f"its region is {region or 'left to DigitalOcean'}"
    short = {region.rstrip("0123456789") for region in REGIONS}  # App Platform says fra, not fra1
    for app in of(resources, "App"):
        region = spec(app).get("region")
        if region not in (*REGIONS, *short):
            yield app.name, f"its region is {region or 'left to DigitalOcean'}"
