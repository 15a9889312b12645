"""The rule against secrets in plain sight. No message repeats a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.resources import SECRET, Problems, Resources, entries, items, leaves

HIDDEN = "(not shown: it may be a secret)"
_FORMATS = {
    "a DigitalOcean token": r"\bdo[opr]_v1_\w{8,}",
    "a Spaces or AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bDO(?:00|801)[0-9A-Z]{15,16}\b",
    "a payment key": r"\b[sr]k_(?:live|test)_\w{8,}",
    "a mail key": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a GitHub token": r"\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}",
    "a Slack token": r"\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com/services/\w+/\w+/\w+",
    "a Google key": r"\bAIza[\w-]{35}",
    "a Telnyx key": r"\bKEY[0-9A-F]{32}_\w+",
    "a Pulumi token": r"\bpul-[0-9a-f]{40}",
    "a signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a URL with a password": r"://[^\s/:@'\"]*:(?!\$)[^\s/@'\"]+@",
}
_ANY = re.compile("|".join(_FORMATS.values()))
_PROTECTED_NAME = (
    r"(?:[A-Z0-9]+_)*(?:SECRET|PASSWORD|PASSWD|PASS|PWD|TOKEN|CREDENTIALS?|APIKEY|KEY(?=_ID\b|\b))"
    r"(?:_[A-Z0-9]+)*"
)
_NAME = re.compile(_PROTECTED_NAME, re.IGNORECASE)
_PUBLIC_NAME = re.compile(r"^(?:REACT_APP_|VITE_)|(?:^|_)PUBLIC(?:_|$)", re.IGNORECASE)
_BINDABLE = re.compile(r"\$\{[\w.-]+\}")
# In a script or YAML: the name of a secret, and a value that is no variable.
_ASSIGNMENT = re.compile(
    rf"^[ \t-]*(?:export )?[\"']?{_PROTECTED_NAME}[\"']?[ \t]*[:=][ \t]*(?![\"']?\$|[\"']*\s*$)\S",
    re.IGNORECASE | re.MULTILINE,
)


def looks_like(text: str) -> str:
    """Return which kind of secret a text contains, by its form; empty for none."""
    if not _ANY.search(text):
        return ""
    return next(kind for kind, form in _FORMATS.items() if re.search(form, text))


def plain_secrets(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report values that look like a secret, and plain variables named like one."""
    for resource in resources:
        for path, value in leaves(resource.inputs):
            if isinstance(value, str) and (form := looks_like(value)):
                yield resource.name, f"{path} looks like {form}"
        if _ASSIGNMENT.search(str(resource.inputs.get("userData", ""))):
            yield resource.name, "userData assigns a value to the name of a secret"
        for variable in _variables(resource.inputs):
            name, value = str(variable.get("key")), variable.get("value")
            if _PUBLIC_NAME.search(name) or not _NAME.fullmatch(name) or looks_like(name):
                continue
            if variable.get("type") != "SECRET" and not _BINDABLE.fullmatch(str(value)):
                hidden = ", although hidden here" if value == SECRET else ""
                yield resource.name, f"the variable {name} is not of type SECRET{hidden}"


def _variables(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every environment variable of an app's spec, at any depth."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "envs":
                yield from entries(item)
            else:
                yield from _variables(item)
    for item in items(value):
        yield from _variables(item)
