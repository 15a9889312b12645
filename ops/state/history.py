"""A state as its backend stores it, and each older version of it.

The paths are those of the engine's own backends for folders and buckets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import typer

from ops.cli.errors import UsageError
from ops.engine import documents, pulumi_cli
from ops.plan import config
from ops.state import copies
from ops.state.locations import Place, place, read_file

Environ = Mapping[str, str]
CHECKPOINT = ".checkpoint.json"  # the end of a history file that holds the state of its time


@dataclass(frozen=True)
class Version:
    """A readable state: when it was written, where it is, and the text for `stack import`."""

    when: datetime
    where: str
    text: str


@dataclass(frozen=True)
class Backend:
    """A stack in a folder or a bucket of the engine."""

    place: Place
    project: str
    stack: str

    @property
    def current(self) -> str:
        """The name of the file that is the current state."""
        return f".pulumi/stacks/{self.project}/{self.stack}.json"

    def locks(self) -> Iterator[dict[str, Any]]:
        """Yield each lock: username, hostname, pid, timestamp."""
        for name in self.place.names(f".pulumi/locks/organization/{self.project}/{self.stack}/"):
            if name.endswith(".json"):
                yield json.loads(self.place.read(name))

    def last_update(self) -> Version | None:
        """Return the state after the last update in the history that can be read."""
        names = self.place.names(f".pulumi/history/{self.project}/{self.stack}/")
        checkpoints = (self._read(each) for each in reversed(names) if each.endswith(CHECKPOINT))
        return next(filter(None, checkpoints), None)

    def versions(self) -> Iterator[Version]:
        """Yield the newest readable state with resources of each source."""
        older = (
            _version(each, f"{self.place}/{self.current}, an older version")
            for each in self.place.versions(self.current)
        )
        newest_of_each = (
            self._read(self.current),
            next(filter(None, older), None),
            self._read(f"{self.current}.bak"),
            self.last_update(),
        )
        yield from filter(None, newest_of_each)

    def _read(self, name: str) -> Version | None:
        try:
            return _version(self.place.read(name), f"{self.place}/{name}")
        except UsageError:  # the file is missing
            return None


def url(environ: Environ) -> str:
    """Return the backend's URL. Raises UsageError if none is set and none is logged in to."""
    configured = environ.get("PULUMI_BACKEND_URL")
    return configured or str(pulumi_cli.answer("whoami", environ=environ)["url"])


def newest(stack: str, environ: Environ) -> Version:
    """Return the newest readable state of the backend and the second place.

    A source that cannot be read is a line on standard error. Raises UsageError if there is none.
    """
    versions: list[Version] = []
    for source in (_in_backend, _in_copies):
        try:
            versions += source(stack, environ)
        except UsageError as error:
            typer.echo(f"not checked: {error}", err=True)
    if not versions:
        raise UsageError(
            f"no state of {stack} can be read, neither in the backend nor in the second place:"
            f" `python -m ops adopt --stack {stack}` builds one from the live account"
        )
    return max(versions, key=lambda each: each.when)


def _in_backend(stack: str, environ: Environ) -> list[Version]:
    project = config.load(stack).project
    if (backend := url(environ)).startswith(("s3:", "file:")):
        return [*Backend(place(backend, environ), project, stack).versions()]
    return []


def _in_copies(stack: str, environ: Environ) -> list[Version]:
    location = copies.second_place(environ)
    if not (copy := copies.newest(location, stack)):
        return []
    text = copies.opened(location.read(copy.name), environ, copy.name)
    return [Version(copy.when, f"{location}/{copy.name}", text)]


def show(stack: str, file: str | None, environ: Environ) -> int:
    """Print a state for `pulumi stack import`: that in a copy, or the newest. Returns 0.

    Where the newest was read from goes to standard error.
    """
    if file is None:
        version = newest(stack, environ)
        typer.echo(f"{version.where}, of {version.when:%Y-%m-%d %H:%M:%S} UTC", err=True)
        typer.echo(version.text)
    else:
        typer.echo(copies.opened(read_file(file, environ, copies.keys(environ)), environ))
    return 0


def _version(content: bytes, where: str) -> Version | None:
    """Read a file of the backend; None if it is cut off or has no resources."""
    try:
        text = documents.exported(content)
        return Version(documents.deployment(text).time, where, text)
    except (ValueError, KeyError, TypeError):
        return None
