"""A state as the backend keeps it on disk or in a bucket, and every older one that is there.

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
from ops.state.locations import Place, file, place

Environ = Mapping[str, str]
RECORDED = ".checkpoint.json"  # how a file of the history ends that holds the state of then


@dataclass(frozen=True)
class Kept:
    """A state that can be read: of when it is, where it lies, and what `stack import` takes."""

    when: datetime
    where: str
    text: str


@dataclass(frozen=True)
class Backend:
    """Where the engine keeps a stack, where that is a folder or a bucket."""

    place: Place
    project: str
    stack: str

    @property
    def current(self) -> str:
        """The name of what is the state today."""
        return f".pulumi/stacks/{self.project}/{self.stack}.json"

    def locks(self) -> Iterator[dict[str, Any]]:
        """Yield who holds a lock, and since when."""
        for name in self.place.names(f".pulumi/locks/organization/{self.project}/{self.stack}/"):
            if name.endswith(".json"):
                yield json.loads(self.place.read(name))

    def recorded(self) -> Kept | None:
        """Return the state after the last update that the history tells of and can be read."""
        there = self.place.names(f".pulumi/history/{self.project}/{self.stack}/")
        names = reversed([each for each in there if each.endswith(RECORDED)])
        return next((kept for each in names if (kept := self._kept(each))), None)

    def states(self) -> Iterator[Kept]:
        """Yield the newest state of each kind that can be read and is not empty."""
        older = (
            _checkpoint(each, f"{self.place}/{self.current}, an older version")
            for each in self.place.versions(self.current)
        )
        found = (
            self._kept(self.current),
            next((each for each in older if each), None),
            self._kept(f"{self.current}.bak"),
            self.recorded(),
        )
        yield from (each for each in found if each)

    def _kept(self, name: str) -> Kept | None:
        try:
            return _checkpoint(self.place.read(name), f"{self.place}/{name}")
        except UsageError:  # it is not there
            return None


def url(environ: Environ) -> str:
    """Return the backend's URL. Raises UsageError where none is named, nor logged in to."""
    told: str = (
        environ.get("PULUMI_BACKEND_URL") or pulumi_cli.answer("whoami", environ=environ)["url"]
    )
    return told


def newest(stack: str, environ: Environ) -> Kept:
    """Return the newest state that can be read, in the backend or in the second place.

    What cannot be looked at is told on standard error. Raises UsageError where there is none.
    """
    found: list[Kept] = []
    for look in (_in_backend, _in_copies):
        try:
            found += look(stack, environ)
        except UsageError as error:
            typer.echo(f"not looked at: {error}", err=True)
    if not found:
        raise UsageError(
            f"no state of {stack} can be read, neither in the backend nor in the second place:"
            f" `python -m ops adopt --stack {stack}` makes one of what runs"
        )
    return max(found, key=lambda each: each.when)


def _in_backend(stack: str, environ: Environ) -> list[Kept]:
    project = config.load(stack).project
    if (there := url(environ)).startswith(("s3:", "file:")):
        return [*Backend(place(there, environ), project, stack).states()]
    return []


def _in_copies(stack: str, environ: Environ) -> list[Kept]:
    there = copies.named(environ)
    if not (saved := copies.newest(there, stack)):
        return []
    text = copies.opened(there.read(saved.name), environ, saved.name)
    return [Kept(saved.when, f"{there}/{saved.name}", text)]


def show(stack: str, which: str | None, environ: Environ) -> int:
    """Print a state as `pulumi stack import` takes it: a copy, or the newest there is. Returns 0.

    Which one it is goes to standard error.
    """
    if which is None:
        found = newest(stack, environ)
        typer.echo(f"{found.where}, of {found.when:%Y-%m-%d %H:%M:%S} UTC", err=True)
        typer.echo(found.text)
    else:
        typer.echo(copies.opened(file(which, environ, copies.keys(environ)), environ))
    return 0


def _checkpoint(content: bytes, where: str) -> Kept | None:
    """Read a file of the backend; None where it is cut off, or has no resource."""
    try:
        text = documents.exported(content)
        return Kept(documents.deployment(text).time, where, text)
    except (ValueError, KeyError, TypeError):
        return None
