"""Converts property values to JSON and back, and seals secrets as App Platform does."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN

Properties = Mapping[str, PropertyValue]
HIDDEN = "[secret]"


def fields(value: PropertyValue | None) -> Properties:
    """Return the fields of an object value that are set; no fields for any other value."""
    inner = value.value if value and isinstance(value.value, Mapping) else {}
    return {name: each for name, each in inner.items() if each.value is not None}


def plain(value: PropertyValue | Properties, *, hide: bool = False) -> Any:
    """Return a value as JSON; unknown values are `UNKNOWN`, and `hide` masks the secret ones."""
    value = value if isinstance(value, PropertyValue) else PropertyValue({**value})
    if hide and value.is_secret:
        return HIDDEN
    if isinstance(value.value, Mapping):
        return {name: plain(each, hide=hide) for name, each in fields(value).items()}
    if isinstance(value.value, tuple):
        return [plain(each, hide=hide) for each in value.value]
    if isinstance(value.value, float) and value.value.is_integer():
        return int(value.value)
    return UNKNOWN if isinstance(value.value, Computed) else value.value


def revive(stored: Any, last: PropertyValue | None = None) -> PropertyValue:
    """Return stored JSON as a property value; parts that equal `last` keep its secrets."""
    if last is not None and plain(last, hide=True) == stored:
        return last
    if isinstance(stored, dict):
        old = fields(last)
        return PropertyValue({name: revive(each, old.get(name)) for name, each in stored.items()})
    if isinstance(stored, list):
        before = dict(enumerate(last.value)) if last and isinstance(last.value, tuple) else {}
        return PropertyValue([revive(each, before.get(i)) for i, each in enumerate(stored)])
    return PropertyValue(float(stored) if type(stored) is int else stored)


def seal(value: PropertyValue, app: str) -> PropertyValue:
    """Return a value with each SECRET variable in it sealed as `EV[1:...]`."""
    if isinstance(value.value, tuple):
        return value.with_value([seal(each, app) for each in value.value])
    if not fields(value):
        return value
    parts = {name: seal(each, app) for name, each in fields(value).items()}
    text = str(plain(parts.get("value", PropertyValue(""))))
    if plain(value).get("type") == "SECRET" and text and not text.startswith("EV["):
        parts["value"] = parts["value"].with_value(_signed(_digest(app, text)[:16], app))
    return value.with_value(parts)


def sealed_by(app: str, text: str) -> bool:
    """Return whether this app has sealed an `EV[1:...]`."""
    return text == _signed(text.partition(":")[2].partition(":")[0], app)


def _signed(digest: str, app: str) -> str:
    return f"EV[1:{digest}:{_digest(app, digest)[:32]}]"


def _digest(app: str, text: str) -> str:
    return hmac.new(app.encode(), text.encode(), hashlib.sha256).hexdigest()
