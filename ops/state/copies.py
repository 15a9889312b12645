"""The weekly copies of a state, each encrypted as a whole, in a second place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import typer

from ops.account.client import NoAccessError
from ops.cli.errors import UsageError
from ops.engine import documents, pulumi_cli
from ops.state import passphrase
from ops.state.locations import STATE_KEYS, Place, address, place

Environ = Mapping[str, str]
VARIABLE = "ESTATE_STATE_COPIES"
# A key of that bucket alone; without them the state's own is tried.
KEYS = ("ESTATE_STATE_COPIES_ACCESS_KEY_ID", "ESTATE_STATE_COPIES_SECRET_ACCESS_KEY")
NAME = re.compile(r"(.+)-(\d{8}T\d{6}Z)\.state")
TIME = "%Y%m%dT%H%M%SZ"


class Saved(NamedTuple):
    """A copy that lies in the second place."""

    when: datetime
    name: str


def name(stack: str, when: datetime) -> str:
    """Name the copy of a stack and a time: prod-20260101T021700Z.state."""
    return f"{stack}-{when.astimezone(UTC):{TIME}}.state"


def named(environ: Environ, url: str | None = None) -> Place:
    """Open the second place. Raises NoAccessError where none is named.

    Raises UsageError where it is the place of the state itself.
    """
    if not (url := url or environ.get(VARIABLE)):
        raise NoAccessError(
            f"{VARIABLE} is not set: it names the second place, like"
            " s3://BUCKET?endpoint=ams3.digitaloceanspaces.com&region=us-east-1 or a folder's path"
        )
    state = environ.get("PULUMI_BACKEND_URL", "")
    if state.startswith(("s3:", "file:")) and _bucket(url) == _bucket(state):
        raise UsageError(f"{url} is where the state itself lies: name another place")
    return place(url, environ, keys(environ))


def keys(environ: Environ) -> tuple[str, str]:
    """Name the variables with the key of the second place."""
    return KEYS if any(environ.get(each) for each in KEYS) else STATE_KEYS


def _bucket(url: str) -> tuple[str, ...]:
    """Say which bucket, or which folder."""
    kind, name, endpoint, below = address(url)
    return (kind, name, endpoint) if name else (kind, below)


def newest(there: Place, stack: str) -> Saved | None:
    """Return the newest copy of a stack by its name."""
    known = [(each, NAME.fullmatch(each)) for each in there.names()]
    saved = [
        Saved(datetime.strptime(match[2], TIME).replace(tzinfo=UTC), each)
        for each, match in known
        if match and match[1] == stack
    ]
    return max(saved, default=None)


def opened(content: bytes, environ: Environ, expected: str | None = None) -> str:
    """Return the state in a copy. Raises UsageError where it is not what its name says."""
    told, text = passphrase.unseal(content, passphrase.at_hand(environ))
    if expected not in (None, told):
        raise UsageError(f"{expected} was saved as {told}: somebody gave it another name")
    return text


def save(stack: str, url: str | None, environ: Environ) -> int:
    """Export a state, encrypt it, put it into the second place, and read it back. Returns 0."""
    word = passphrase.at_hand(environ)
    there = named(environ, url)
    text = pulumi_cli.text("stack", "export", "--stack", stack, environ=environ)
    if not documents.deployment(text).resources:
        raise UsageError(
            f"the state of {stack} is empty, and an empty copy would pass for the newest: nothing"
            f" was saved. See `python -m ops state --check --stack {stack}`"
        )
    called = name(stack, datetime.now(UTC))
    there.write(called, passphrase.seal(called, text, word))
    if opened(there.read(called), environ, called) != text:
        raise UsageError(f"{called} came back from {there} as something else: save it again")
    typer.echo(f"saved {called} in {there}, read it back and opened it")
    return 0
