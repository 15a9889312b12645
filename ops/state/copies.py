"""The weekly copies of a state: each encrypted as a whole, in a second place."""

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
# A key for that bucket alone; without it the state's own is used.
KEYS = ("ESTATE_STATE_COPIES_ACCESS_KEY_ID", "ESTATE_STATE_COPIES_SECRET_ACCESS_KEY")
NAME = re.compile(r"(.+)-(\d{8}T\d{6}Z)\.state")
TIME = "%Y%m%dT%H%M%SZ"


class Copy(NamedTuple):
    """A copy in the second place: when it was saved, and its file name."""

    when: datetime
    name: str


def name(stack: str, when: datetime) -> str:
    """Return the file name of a copy: prod-20260101T021700Z.state."""
    return f"{stack}-{when.astimezone(UTC):{TIME}}.state"


def second_place(environ: Environ, url: str | None = None) -> Place:
    """Open the place of the copies: `url`, else the one that the environment sets.

    Raises NoAccessError if neither is set, and UsageError for the place of the state itself.
    """
    if not (url := url or environ.get(VARIABLE)):
        raise NoAccessError(
            f"{VARIABLE} is not set: set it to the second place, like"
            " s3://BUCKET?endpoint=ams3.digitaloceanspaces.com&region=us-east-1 or a folder's path"
        )
    state = environ.get("PULUMI_BACKEND_URL", "")
    if state.startswith(("s3:", "file:")) and _container(url) == _container(state):
        raise UsageError(f"{url} is where the state itself is: use another place")
    return place(url, environ, keys(environ))


def keys(environ: Environ) -> tuple[str, str]:
    """Return the names of the variables that hold the key of the second place."""
    return KEYS if any(environ.get(each) for each in KEYS) else STATE_KEYS


def _container(url: str) -> tuple[str, str]:
    """Return the endpoint and the bucket, or the folder: a prefix makes no second place."""
    parsed = address(url)
    return parsed.endpoint, parsed.bucket or parsed.path


def newest(location: Place, stack: str) -> Copy | None:
    """Return the newest copy of a stack by its file name; None without one."""
    names = [(each, NAME.fullmatch(each)) for each in location.names()]
    saved = [
        Copy(datetime.strptime(match[2], TIME).replace(tzinfo=UTC), each)
        for each, match in names
        if match and match[1] == stack
    ]
    return max(saved, default=None)


def opened(content: bytes, environ: Environ, expected: str | None = None) -> str:
    """Return the state in a copy. Raises UsageError if it was saved under another name."""
    original, text = passphrase.unseal(content, passphrase.read(environ))
    if expected not in (None, original):
        raise UsageError(f"{expected} was saved as {original}: the file was renamed")
    return text


def save(stack: str, url: str | None, environ: Environ) -> int:
    """Export a state, encrypt it, store it in the second place and read it back. Returns 0."""
    secret = passphrase.read(environ)
    location = second_place(environ, url)
    text = pulumi_cli.text("stack", "export", "--stack", stack, environ=environ)
    if not documents.deployment(text).resources:
        raise UsageError(
            f"the state of {stack} is empty, and an empty copy would count as the newest: nothing"
            f" was saved. See `python -m ops state --check --stack {stack}`"
        )
    file = name(stack, datetime.now(UTC))
    location.write(file, passphrase.seal(file, text, secret))
    if opened(location.read(file), environ, file) != text:
        raise UsageError(f"{file} came back from {location} as something else: save it again")
    typer.echo(f"saved {file} in {location}, read it back and opened it")
    return 0
