"""An estate as its state tells it, in a form that two of them can be compared in."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of one
LONG = 7  # characters: what is shorter may stand in a text by chance


def resources(export: Mapping[str, Any]) -> dict[str, Any]:
    """Give each resource of `pulumi stack export` by logical name: type, protection and inputs.

    What the cloud made up (ids, addresses, passwords) is written as the output that it comes from,
    and no secret is shown: a resource that was made anew equals the one before.
    """
    held = [each for each in export["deployment"].get("resources") or () if _ours(each)]
    cloud = [each for each in held if each["custom"]]  # a component only passes on
    known = {text: name for each in cloud for text, name in _made_up(each)}
    found = sorted(known, key=lambda text: (-len(text), text))
    pattern = re.compile("|".join(map(re.escape, found)) or "(?!)")

    def named(value: Any) -> Any:
        if isinstance(value, Mapping):
            if SECRET in value:  # it is encrypted anew each time
                return "[secret]"
            return {key: named(each) for key, each in value.items() if not key.startswith("__")}
        if isinstance(value, list):
            return [named(each) for each in value]
        if isinstance(value, int | float) and not isinstance(value, bool):  # a droplet's id is one
            return known.get(f"{value:.0f}", value)
        return pattern.sub(lambda seen: known[seen[0]], value) if isinstance(value, str) else value

    return {
        _name(each["urn"]): {
            "type": each["type"],
            "protect": each.get("protect", False),
            "inputs": named(each.get("inputs") or {}),
        }
        for each in held
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Say of each resource that is not the same what differs: `gone`, `new`, or which inputs."""
    return {
        name: told
        for name in sorted(before.keys() | after.keys())
        if (told := _differs(before.get(name), after.get(name)))
    }


def _differs(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    if one is None or other is None:
        return "new" if one is None else "gone"
    then, now = ({**each, **each["inputs"], "inputs": None} for each in (one, other))
    return ", ".join(sorted(k for k in then.keys() | now.keys() if then.get(k) != now.get(k)))


def _ours(resource: Mapping[str, Any]) -> bool:
    return not str(resource["type"]).startswith("pulumi:")


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _made_up(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the cloud made up, and what to call it: the id, and texts that are no input."""
    name, inputs = _name(resource["urn"]), json.dumps(resource.get("inputs") or {})
    made = {**(resource.get("outputs") or {}), "id": resource.get("id", "")}
    for output, value in made.items():
        if isinstance(value, str) and len(value) >= LONG and value not in inputs:
            yield value, f"<{name}.{output}>"
