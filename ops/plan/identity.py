"""What identifies a thing: keys of its inputs, alike for what is planned and what is live.

A key is None where a side does not know, and a set where one in common is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

Inputs = Mapping[str, Any]
Key = Callable[[Inputs], Hashable]
# An input that makes another thing of one, though the provider and the engine say: an update.
IDENTITY: Mapping[str, str] = {"SpacesBucket": "name"}


def of(*names: str) -> Key:
    """Tell a thing by some inputs together."""
    return lambda inputs: _whole(inputs.get(name) for name in names)


def _whole(parts: Iterable[Any]) -> Hashable:
    known = [_text(each) for each in parts]
    return None if None in known else tuple(known)


def _text(value: Any) -> str | None:
    """Write ids alike, whether they come as numbers or as texts; a list in any order."""
    if isinstance(value, list):
        texts = [_text(each) for each in value]
        return ",".join(sorted(filter(None, texts))) if all(texts) else None
    return None if value is None else str(value)


def record_value(record: Inputs) -> Hashable:
    """Tell a record by all that two of one name may differ in; a trailing dot is no difference."""
    value = record.get("value")
    if value and record.get("type") != "TXT":
        value = value.rstrip(".").lower()
    return _whole([*_place(record), record.get("tag") or "", value])


def single_record(record: Inputs) -> Hashable:
    """Tell a record of which a name has one as a rule: another value is most likely a change."""
    single = record.get("type") in ("A", "AAAA", "CNAME")
    return _whole(_place(record)) if single else None


def _place(record: Inputs) -> list[Any]:
    """Tell where a record stands; capitals of its name are no difference, nor is its zone."""
    name, zone = (record.get("name") or "").lower(), record.get("domain")
    within = "@" if name == f"{zone}." else name.removesuffix(f".{zone}.")
    return [zone, record.get("type"), within or None]


def public_key(key: Inputs) -> Hashable:
    """Tell a key by what opens, whatever its comment says."""
    return _whole((key.get("publicKey") or "").split()[:2] or [None])


def app_name(app: Inputs) -> Hashable:
    """Tell an app by its name."""
    return _whole([app["spec"]["name"]])


def app_domains(app: Inputs) -> Hashable:
    """Tell an app by the names that it answers."""
    return frozenset(each["name"] for each in app["spec"].get("domainNames") or ())


def addresses(droplet: Inputs) -> Hashable:
    """Tell a droplet by where it is reached."""
    return frozenset(droplet.get("addresses") or ())


def origin(cdn: Inputs) -> Hashable:
    """Tell a CDN by the bucket and the region that it stands before."""
    return _whole((cdn.get("origin") or "").split(".")[:2])


def target(check: Inputs) -> Hashable:
    """Tell a check by what it asks; a slash at the end is no difference."""
    return _whole([(check.get("target") or "").rstrip("/") or None])


def agree(one: Hashable, other: Hashable) -> bool:
    """Compare two keys."""
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return bool(one & other)
    return one is not None and one == other
