"""Compares two exports of the engine's state, whatever ids and addresses the cloud made up."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of a secret
MIN_LENGTH = 7  # characters: a shorter value may be part of another text by chance


def resources(export: Mapping[str, Any]) -> dict[str, Any]:
    """Return type, protection and inputs of each resource of `pulumi stack export`, by name.

    A value that the cloud made up (an id, an address, a password) is written as a reference to its
    output, and no secret is shown. So a replaced resource equals the one before it.
    """
    state = [each for each in export["deployment"].get("resources") or () if _declared(each)]
    cloud = [each for each in state if each["custom"]]  # a component only passes values on
    references = {text: reference for each in cloud for text, reference in _made_up(each)}
    longest_first = sorted(references, key=lambda text: (-len(text), text))
    pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def comparable(value: Any) -> Any:
        if isinstance(value, Mapping):
            if SECRET in value:  # encrypted differently each time
                return "[secret]"
            items = value.items()
            return {key: comparable(each) for key, each in items if not key.startswith("__")}
        if isinstance(value, list):
            return [comparable(each) for each in value]
        if isinstance(value, int | float) and not isinstance(value, bool):  # as a droplet's id
            return references.get(f"{value:.0f}", value)
        if isinstance(value, str):
            return pattern.sub(lambda match: references[match[0]], value)
        return value

    return {
        _name(each["urn"]): {
            "type": each["type"],
            "protect": each.get("protect", False),
            "inputs": comparable(each.get("inputs") or {}),
        }
        for each in state
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Return what differs, by name of each resource that does: `missing`, `new`, or its inputs."""
    return {
        name: difference
        for name in sorted(before.keys() | after.keys())
        if (difference := _difference(before.get(name), after.get(name)))
    }


def _difference(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    if one is None or other is None:
        return "new" if one is None else "missing"
    then, now = ({**each, **each["inputs"], "inputs": None} for each in (one, other))
    return ", ".join(sorted(k for k in then.keys() | now.keys() if then.get(k) != now.get(k)))


def _declared(resource: Mapping[str, Any]) -> bool:
    return not str(resource["type"]).startswith("pulumi:")


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _made_up(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (value, reference) for the id and every output that is no input as well."""
    name, inputs = _name(resource["urn"]), json.dumps(resource.get("inputs") or {})
    outputs = {**(resource.get("outputs") or {}), "id": resource.get("id", "")}
    for output, value in outputs.items():
        if isinstance(value, str) and len(value) >= MIN_LENGTH and value not in inputs:
            yield value, f"<{name}.{output}>"
