"""DNS records in our zones that no code declares, such as mail. They are lost with their zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.facts.dns import DOTTED
from ops.account.client import Environ, visit
from ops.account.live import KINDS, RECORD_FIELDS, Known, Live
from ops.engine.documents import Preview

DOMAIN, RECORDS = (
    f"digitalocean:index/{kind}" for kind in ("domain:Domain", "dnsRecord:DnsRecord")
)
OF_APPS = ("A", "AAAA", "CNAME")  # App Platform writes these for the domains of an app
ALWAYS = ("type", "name", "value", "ttl", "priority")


def unmanaged(refreshed: Preview, environ: Environ) -> list[dict[str, Any]]:
    """Return them in the form of the setting `records`. `refreshed` has the zones of the state.

    Leaves out records of the state, of DigitalOcean itself and of the account's apps. Raises
    NoAccessError without credentials, and UsageError where DigitalOcean refuses.
    """
    zones, known = _state(refreshed, DOMAIN), _state(refreshed, RECORDS)
    if not zones:
        return []
    lists = {kind.name: kind.list for kind in KINDS}
    known_zones: Known = {"Domain": [Live("Domain", zone, zone, {}) for zone in sorted(zones)]}
    with visit(environ) as account:
        records = list(lists["DnsRecord"](account, known_zones))
        apps = {
            domain["name"]
            for app in lists["App"](account, known_zones)
            for domain in app.inputs["spec"]["domainNames"]
        }
    return [
        _setting(each.inputs)
        for each in records
        if each.id not in known and not (each.inputs["type"] in OF_APPS and _name(each) in apps)
    ]


def lines(records: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each."""
    for each in records:
        more = [
            f"{key} {value}" for key, value in each.items() if key in RECORD_FIELDS[2:] and value
        ]
        yield f"{each['zone']}  {each['type']} {each['name']} {each['value']!r} ({', '.join(more)})"


def _state(refreshed: Preview, kind: str) -> set[str]:
    """Return the ids of live resources of a type that the state has."""
    return {state.id for state in refreshed.live() if state.type == kind}


def _name(record: Live) -> str:
    name, zone = record.inputs["name"], record.inputs["domain"]
    return str(zone if name == "@" else f"{name}.{zone}")


def _setting(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Write a record as the stack file does, with the final dot that the API leaves out."""
    kind, zone, value = inputs["type"], inputs["domain"], inputs["value"]
    if kind in DOTTED or (kind == "CAA" and inputs["tag"] != "iodef"):
        value = f"{value.rstrip('.')}."
    whole = {**inputs, "value": value}
    more = [key for key in RECORD_FIELDS if key not in ALWAYS and inputs[key] is not None]
    return {"zone": zone, **{key: whole[key] for key in (*ALWAYS, *more)}}
