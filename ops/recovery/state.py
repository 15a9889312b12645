"""Whether the state is there and can be opened."""

from __future__ import annotations

from collections.abc import Mapping

from ops import ask
from ops.config import UsageError
from ops.findings import Finding

BACKEND = "PULUMI_BACKEND_URL"


def look(stack: str, environ: Mapping[str, str]) -> list[Finding]:
    """Say whether the backend is named, the stack is in it, and the passphrase opens it."""
    backend = environ.get(BACKEND)
    found = [
        Finding("state", "backend", "ok", backend)
        if backend
        else Finding("state", "backend", "unseen", f"{BACKEND} is not set: where you logged in")
    ]
    for name, options, mend in (
        ("stack", (), f"{BACKEND} and its credentials; README.md, State"),
        ("passphrase", ("--show-secrets",), "PULUMI_CONFIG_PASSPHRASE_FILE: it is in the vault"),
    ):
        try:
            ask.answer("stack", "output", "--stack", stack, *options, environ=environ)
        except UsageError as error:
            return [*found, Finding("state", name, "bad", str(error), mend)]
        found.append(Finding("state", name, "ok", f"{stack} is there" if not options else "opens"))
    return found
