"""Property values to JSON and back, what is unknown, and how App Platform seals a secret."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN

Properties = Mapping[str, PropertyValue]
HIDDEN = "[secret]"


def is_unknown(value: PropertyValue | None) -> bool:
    """Tell whether a value is unknown: the SDK's plugin server passes `UNKNOWN`, a set string."""
    return value is not None and (isinstance(value.value, Computed) or value.value == UNKNOWN)


def items(value: PropertyValue | None) -> Sequence[PropertyValue]:
    """Return the elements of a list value, and none of any other value."""
    return value.value if value and isinstance(value.value, tuple) else ()


def fields(value: PropertyValue | None) -> Properties:
    """Return the fields of an object value that are set, and none of any other value."""
    inner = value.value if value and isinstance(value.value, Mapping) else {}
    return {name: each for name, each in inner.items() if each.value is not None}


def plain(value: PropertyValue, *, hide: bool = False) -> Any:
    """Return a value as JSON has it; with `hide`, a secret becomes one fixed mark."""
    if hide and value.is_secret:
        return HIDDEN
    if isinstance(value.value, Mapping):
        return {name: plain(each, hide=hide) for name, each in fields(value).items()}
    if isinstance(value.value, tuple):
        return [plain(each, hide=hide) for each in items(value)]
    if isinstance(value.value, float) and value.value.is_integer():
        return int(value.value)
    return UNKNOWN if is_unknown(value) else value.value


def revive(stored: Any, last: PropertyValue | None = None) -> PropertyValue:
    """Make a property value of stored JSON; parts that equal `last` keep its secrets."""
    if last is not None and plain(last, hide=True) == stored:
        return last
    if isinstance(stored, dict):
        old = fields(last)
        return PropertyValue({name: revive(each, old.get(name)) for name, each in stored.items()})
    if isinstance(stored, list):
        before = dict(enumerate(items(last)))
        return PropertyValue([revive(each, before.get(i)) for i, each in enumerate(stored)])
    return PropertyValue(float(stored) if type(stored) is int else stored)


def seal(value: PropertyValue, key: str) -> PropertyValue:
    """Return a value with each SECRET variable in it as `EV[1:...]`, a digest keyed with the app.

    What is sealed already, or unknown, stays as it is.
    """
    if items(value):
        return value.with_value([seal(each, key) for each in items(value)])
    if not fields(value):
        return value
    parts = {name: seal(each, key) for name, each in fields(value).items()}
    if "value" in parts and "type" in parts and parts["type"].value == "SECRET":
        text = str(parts["value"].value)
        if not is_unknown(parts["value"]) and not text.startswith("EV["):
            digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
            parts["value"] = parts["value"].with_value(f"EV[1:{digest[:16]}:{digest[16:48]}]")
    return value.with_value(parts)
