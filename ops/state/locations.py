"""Where a state and its copies lie, by the engine's own URLs: a folder, or a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ops.account import client
from ops.account.client import NoAccessError
from ops.cli.errors import UsageError

Environ = Mapping[str, str]
# The variables by which the engine itself opens the state's bucket.
STATE_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
YES = ("1", "t", "true")


@dataclass(frozen=True)
class Folder:
    """A folder, which has to be there: one that is not may be a disk that is not."""

    path: Path

    def names(self, under: str = "") -> list[str]:
        """Name every file below, in order."""
        if not self.path.is_dir():
            raise UsageError(f"there is no folder {self.path}: make it, or name another")
        found = (file for file in (self.path / under).rglob("*") if file.is_file())
        return sorted(file.relative_to(self.path).as_posix() for file in found)

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises UsageError where it cannot be read."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise UsageError(f"{self.path / name} cannot be read: {error.strerror}") from None

    def write(self, name: str, content: bytes) -> None:
        """Write a file. Raises UsageError where that fails."""
        try:
            (self.path / name).write_bytes(content)
        except OSError as error:
            raise UsageError(f"{self.path / name} cannot be written: {error.strerror}") from None

    def versions(self, name: str) -> Iterator[bytes]:  # noqa: ARG002 - a folder keeps none
        """Yield nothing: a folder keeps no older content."""
        yield from ()

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Bucket:
    """A bucket, or what in it begins with a prefix."""

    name: str
    client: Any = field(repr=False, compare=False)
    prefix: str = ""

    def names(self, under: str = "") -> list[str]:
        """Name every object below, in order."""
        with client.refusals():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self.prefix + under
            )
            keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return sorted(key.removeprefix(self.prefix) for key in keys)

    def read(self, name: str) -> bytes:
        """Return the content of an object."""
        with client.refusals():
            return self._content(Key=self.prefix + name)

    def write(self, name: str, content: bytes) -> None:
        """Write an object."""
        with client.refusals():
            self.client.put_object(Bucket=self.name, Key=self.prefix + name, Body=content)

    def versions(self, name: str) -> Iterator[bytes]:
        """Yield what an object was before, the newest first, also after it was deleted."""
        key = self.prefix + name
        with client.refusals():
            pages = self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.name, Prefix=key
            )
            for page in pages:
                for each in page.get("Versions", ()):
                    if each["Key"] == key:
                        yield self._content(Key=key, VersionId=each["VersionId"])

    def _content(self, **which: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.name, **which)["Body"].read()
        return content

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


Place = Folder | Bucket


def place(url: str, environ: Environ, keys: tuple[str, str] = STATE_KEYS) -> Place:
    """Open what a URL names: `s3://BUCKET?endpoint=...&region=...`, `file://` or a path.

    `keys` are the variables that hold the bucket's key. Raises UsageError where it is no such URL,
    and NoAccessError without the key.
    """
    kind, name, endpoint, below = address(url)
    if kind == "file":
        return Folder(Path(below))
    if missing := [each for each in keys if not environ.get(each)]:
        raise NoAccessError(
            f"{' and '.join(missing)} not set: they open the bucket {name}. Set them to a Spaces"
            " key of that bucket and its secret"
        )
    identity, secret = (environ[each] for each in keys)
    region = parse_qs(urlsplit(url).query).get("region", ["us-east-1"])[-1]
    s3 = client.s3(environ, endpoint or None, identity, secret, region)
    return Bucket(name, s3, f"{below}/" if below else "")


def address(url: str) -> tuple[str, str, str, str]:
    """Take a URL apart as the engine does: kind, bucket, endpoint, and the path or the prefix.

    Raises UsageError where it is of another kind.
    """
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        path = unquote(url.removeprefix("file://").partition("?")[0]) if parts.scheme else url
        return "file", "", "", str(Path(path).expanduser().absolute())
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageError(
            f"{parts.scheme}://{parts.hostname or ''}: allowed is s3://BUCKET?endpoint=...,"
            " file:// or a path"
        )
    asked = {name: each[-1] for name, each in parse_qs(parts.query).items()}
    endpoint = asked.get("endpoint", "")
    if endpoint and "://" not in endpoint:
        plain = asked.get("disableSSL", asked.get("disable_https", "")).lower() in YES
        endpoint = f"{'http' if plain else 'https'}://{endpoint}"
    return "s3", parts.netloc, endpoint, parts.path.strip("/")


def file(url: str, environ: Environ, keys: tuple[str, str] = STATE_KEYS) -> bytes:
    """Return the content of the one file that a URL or a path names."""
    found = place(url, environ, keys)
    if isinstance(found, Folder):
        return Folder(found.path.parent).read(found.path.name)
    return Bucket(found.name, found.client).read(found.prefix.rstrip("/"))
