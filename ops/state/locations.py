"""Where a state and its copies are: in a folder or a bucket, by the engine's own URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
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
    """A folder that must exist: a missing one may be a disk that is not mounted."""

    path: Path

    def names(self, under: str = "") -> list[str]:
        """Return the path of each file below, relative and sorted.

        Raises UsageError if the folder is missing.
        """
        if not self.path.is_dir():
            raise UsageError(f"there is no folder {self.path}: create it, or use another")
        files = (file for file in (self.path / under).rglob("*") if file.is_file())
        return sorted(file.relative_to(self.path).as_posix() for file in files)

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises UsageError if it cannot be read."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise UsageError(f"{self.path / name} cannot be read: {error.strerror}") from None

    def write(self, name: str, content: bytes) -> None:
        """Write a file. Raises UsageError if that fails."""
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
    """A bucket, or the objects in it below a prefix. What S3 refuses is a UsageError."""

    name: str
    client: Any = field(repr=False, compare=False)
    prefix: str = ""

    def names(self, under: str = "") -> list[str]:
        """Return the key of each object below, without the prefix and sorted."""
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
        """Yield each stored version of an object, newest first, even after it was deleted."""
        key = self.prefix + name
        with client.refusals():
            pages = self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.name, Prefix=key
            )
            for page in pages:
                for each in page.get("Versions", ()):
                    if each["Key"] == key:
                        yield self._content(Key=key, VersionId=each["VersionId"])

    def _content(self, **key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.name, **key)["Body"].read()
        return content

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


Place = Folder | Bucket


class Address(NamedTuple):
    """A parsed URL. `scheme` is `file` or `s3`, `path` a folder's path or a bucket's prefix."""

    scheme: str
    bucket: str
    endpoint: str
    path: str


def address(url: str) -> Address:
    """Parse a URL as the engine does. Raises UsageError for another scheme."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        path = unquote(url.removeprefix("file://").partition("?")[0]) if parts.scheme else url
        return Address("file", "", "", str(Path(path).expanduser().absolute()))
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageError(
            f"{parts.scheme}://{parts.hostname or ''}: allowed is s3://BUCKET?endpoint=...,"
            " file:// or a path"
        )
    options = {name: each[-1] for name, each in parse_qs(parts.query).items()}
    endpoint = options.get("endpoint", "")
    if endpoint and "://" not in endpoint:
        plain = options.get("disableSSL", options.get("disable_https", "")).lower() in YES
        endpoint = f"{'http' if plain else 'https'}://{endpoint}"
    return Address("s3", parts.netloc, endpoint, parts.path.strip("/"))


def place(url: str, environ: Environ, keys: tuple[str, str] = STATE_KEYS) -> Place:
    """Open a location: `s3://BUCKET?endpoint=...&region=...`, `file://` or a path.

    `keys` are the variables that hold the bucket's key. Raises UsageError for another URL, and
    NoAccessError without the key.
    """
    parsed = address(url)
    if parsed.scheme == "file":
        return Folder(Path(parsed.path))
    if missing := [each for each in keys if not environ.get(each)]:
        raise NoAccessError(
            f"{' and '.join(missing)} not set, needed for the bucket {parsed.bucket}: set them to"
            " a Spaces key of that bucket and its secret"
        )
    identity, secret = (environ[each] for each in keys)
    region = parse_qs(urlsplit(url).query).get("region", ["us-east-1"])[-1]
    s3 = client.s3(environ, parsed.endpoint or None, identity, secret, region)
    return Bucket(parsed.bucket, s3, f"{parsed.path}/" if parsed.path else "")


def read_file(url: str, environ: Environ, keys: tuple[str, str] = STATE_KEYS) -> bytes:
    """Return the content of the one file or object that a URL or a path leads to."""
    opened = place(url, environ, keys)
    if isinstance(opened, Folder):
        return Folder(opened.path.parent).read(opened.path.name)
    return Bucket(opened.name, opened.client).read(opened.prefix.rstrip("/"))
