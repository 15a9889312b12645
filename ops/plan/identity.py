"""Keys that identify a resource by its inputs, the same for a planned and a live one.

A key is None while an input is unknown. Keys that are sets agree where they share an item.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

Inputs = Mapping[str, Any]
Key = Callable[[Inputs], Hashable]
# Inputs whose change means another resource, although provider and engine call it an update.
IDENTITY: Mapping[str, str] = {"SpacesBucket": "name"}


def of(*names: str) -> Key:
    """Return the key of these inputs together."""
    return lambda inputs: _whole(inputs.get(name) for name in names)


def _whole(parts: Iterable[Any]) -> Hashable:
    known = [_text(each) for each in parts]
    return None if None in known else tuple(known)


def _text(value: Any) -> str | None:
    """Return a number or text as text, a list as its sorted texts; None while any is unknown."""
    if isinstance(value, list):
        texts = [_text(each) for each in value]
        return ",".join(sorted(filter(None, texts))) if all(texts) else None
    return None if value is None else str(value)


def record_value(record: Inputs) -> Hashable:
    """Identify a DNS record by name, type and value, ignoring a trailing dot."""
    value = record.get("value")
    if value and record.get("type") != "TXT":
        value = value.rstrip(".").lower()
    return _whole([*_location(record), record.get("tag") or "", value])


def single_record(record: Inputs) -> Hashable:
    """Identify an address record by name and type: another value is most likely a change."""
    single = record.get("type") in ("A", "AAAA", "CNAME")
    return _whole(_location(record)) if single else None


def _location(record: Inputs) -> list[Any]:
    """Return zone, type and name within the zone, ignoring case."""
    name, zone = (record.get("name") or "").lower(), record.get("domain")
    relative = "@" if name == f"{zone}." else name.removesuffix(f".{zone}.")
    return [zone, record.get("type"), relative or None]


def public_key(key: Inputs) -> Hashable:
    """Identify an SSH key by type and key, ignoring its comment."""
    return _whole((key.get("publicKey") or "").split()[:2] or [None])


def app_name(app: Inputs) -> Hashable:
    """Identify an app by its name."""
    return _whole([app["spec"]["name"]])


def app_domains(app: Inputs) -> Hashable:
    """Identify an app by the host names that it serves."""
    return frozenset(each["name"] for each in app["spec"].get("domainNames") or ())


def addresses(droplet: Inputs) -> Hashable:
    """Identify a droplet by its addresses."""
    return frozenset(droplet.get("addresses") or ())


def origin(cdn: Inputs) -> Hashable:
    """Identify a CDN by the bucket and region of its origin."""
    return _whole((cdn.get("origin") or "").split(".")[:2])


def target(check: Inputs) -> Hashable:
    """Identify a check by its URL, ignoring a trailing slash."""
    return _whole([(check.get("target") or "").rstrip("/") or None])


def agree(one: Hashable, other: Hashable) -> bool:
    """Whether two keys identify the same resource."""
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return bool(one & other)
    return one is not None and one == other
