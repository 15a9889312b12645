"""The rule on secrets: none in plain sight. No message ever repeats what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.estate import SECRET, Found, Resources, entries, items, leaves

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
_PROMISE = (
    r"(?:[A-Z0-9]+_)*(?:SECRET|PASSWORD|PASSWD|PASS|PWD|TOKEN|CREDENTIALS?|APIKEY|KEY(?=_ID\b|\b))"
    r"(?:_[A-Z0-9]+)*"
)
_NAME = re.compile(_PROMISE, re.IGNORECASE)
_SHOWN_TO_ALL = re.compile(r"^(?:REACT_APP_|VITE_)|(?:^|_)PUBLIC(?:_|$)", re.IGNORECASE)
_BINDABLE = re.compile(r"\$\{[\w.-]+\}")
# In a script or YAML: a name that promises a secret, and a value that no variable stands for.
_GIVEN = re.compile(
    rf"^[ \t-]*(?:export )?[\"']?{_PROMISE}[\"']?[ \t]*[:=][ \t]*(?![\"']?\$|[\"']*\s*$)\S",
    re.IGNORECASE | re.MULTILINE,
)


def looks_like(text: str) -> str:
    """Say what kind of secret a text holds, if it is of a known form."""
    if not _ANY.search(text):
        return ""
    return next(kind for kind, form in _FORMATS.items() if re.search(form, text))


def plain_secrets(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find values that look like a secret, and variables whose name promises one."""
    for resource in resources:
        for path, value in leaves(resource.inputs):
            if isinstance(value, str) and (form := looks_like(value)):
                yield resource.name, f"{path} looks like {form}"
        if _GIVEN.search(str(resource.inputs.get("userData", ""))):
            yield resource.name, "userData gives a value to a name that promises a secret"
        for variable in _variables(resource.inputs):
            name, value = str(variable.get("key")), variable.get("value")
            if _SHOWN_TO_ALL.search(name) or not _NAME.fullmatch(name) or looks_like(name):
                continue
            if variable.get("type") != "SECRET" and not _BINDABLE.fullmatch(str(value)):
                hidden = ", though hidden here" if value == SECRET else ""
                yield resource.name, f"the variable {name} is not of type SECRET{hidden}"


def _variables(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every environment variable of an app's spec, wherever in it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "envs":
                yield from entries(item)
            else:
                yield from _variables(item)
    for item in items(value):
        yield from _variables(item)
