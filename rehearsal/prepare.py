"""A stack's own folder for a rehearsal, and in it all that an `up` needs and nobody has told us.

The stack file is copied and made-up values are filled in; the tracked file is only read. What is
known of the secrets are their names, which `python -m ops` tells.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml

from rehearsal import INSTALL_PAGE, OPTION, ROOT, TOKEN, environment

PASSPHRASE = TOKEN  # the word again: it guards nothing
PLAUSIBLE = {  # of settings whose form is checked; any other is `rehearsal-` and its name
    "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJlaGVhcnNhbFJlaGVhcnNhbFJlaGVhcnNhbFJl",
    "paystackPublicKey": "pk_test_rehearsal",
}
CHOICES = (  # settings whose null is a choice, not a value that is missing
    *("answersFor", "at", "from", "id", "name", "nodes", "restore", "standIn", "weekday"),
)
PLACEHOLDERS = tuple(  # of documentation: in a stack file, an address that is not known
    ip_network(cidr)
    for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
CREDENTIALS = ("digitalocean:token", "digitalocean:spacesAccessId", "digitalocean:spacesSecretKey")


class CannotRehearse(Exception):  # noqa: N818 - what the person reads and can mend
    """There is nothing to rehearse with; the text says why."""


@dataclass(frozen=True)
class Stage:
    """The folder of one rehearsal. `known` are all catalogued secrets' names, whoever holds them.

    `secrets` are the made-up ones, kept out of any printed form.
    """

    stack: str
    folder: Path
    secrets: Mapping[str, str] = field(repr=False)
    known: frozenset[str] = frozenset()

    @property
    def file(self) -> Path:
        """The copy of the stack file."""
        return self.folder / f"Pulumi.{self.stack}.yaml"

    @property
    def cloud(self) -> Path:
        """The file that stands for the cloud."""
        return self.folder / "cloud.json"

    @property
    def log(self) -> Path:
        """Where the cloud writes each operation that really happened."""
        return self.cloud.with_name(self.cloud.name + ".log")

    @property
    def backend(self) -> str:
        """The state's address, as pulumi takes it."""
        return (self.folder / "state").resolve().as_uri()

    def environment(self, speed: float = 0) -> dict[str, str]:
        """Return the whole environment of a rehearsed pulumi.

        No secret of the shell is in it, and no option that the shell sets for pulumi.
        """
        mine = {
            name: value
            for name, value in os.environ.items()
            if name not in self.known and not name.startswith(OPTION)
        }
        return {
            **mine,
            **environment(self.cloud, speed),
            **self.secrets,
            "PULUMI_BACKEND_URL": self.backend,
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "false",  # else the stand-in would not be found
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def lines(self) -> list[str]:
        """Return what to type, in the project's folder, to go on from here. No secret is in it."""
        python, cloud, secrets, file = (
            shlex.quote(short(path))
            for path in (
                Path(sys.executable),
                self.cloud,
                self.folder / "secrets.sh",
                self.file,
            )
        )
        return [
            f'eval "$({python} -m rehearsal env --cloud {cloud})"',
            f". {secrets}  # made up, as are all values there",
            f"export PULUMI_BACKEND_URL={shlex.quote(self.backend)}",
            f"export PULUMI_CONFIG_PASSPHRASE={PASSPHRASE}",
            f"pulumi preview --stack {self.stack} --config-file {file}",
        ]


def short(path: Path) -> str:
    """Return a path as seen from the project, where it lies in there."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def installed() -> None:
    """Raise `CannotRehearse` where there is no pulumi."""
    if not shutil.which("pulumi"):
        raise CannotRehearse(f"a rehearsal needs the pulumi command line: see {INSTALL_PAGE}")


def ask(*arguments: str) -> Any:
    """Return what a command of `python -m ops` tells as JSON. Raises `CannotRehearse`."""
    command = [sys.executable, "-m", "ops", *arguments, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CannotRehearse(done.stderr.strip().removeprefix("error: "))
    return json.loads(done.stdout)


def prepare(
    stack: str, folder: Path, catalogue: Iterable[Mapping[str, Any]], root: Path = ROOT
) -> Stage:
    """Make the folder anew, with the copy, the made-up secrets and an empty place for the state.

    `catalogue` is what `ops secrets` tells: those that an `up` needs are made up.
    Raises `CannotRehearse` for a stack that has no file, and for a file that is none of a stack.
    """
    documents = {path.name: _read(path) for path in sorted(root.glob("Pulumi.*.yaml"))}
    tracked = documents.pop(f"Pulumi.{stack}.yaml", None)
    if tracked is None:
        names = ", ".join(name.split(".")[1] for name in documents)
        raise CannotRehearse(f"there is no Pulumi.{stack}.yaml: known stacks are {names}")
    rows = list(catalogue)
    stage = Stage(
        stack,
        folder,
        {row["key"]: _secret(row["key"]) for row in rows if row["neededByUp"]},
        frozenset(row["key"] for row in rows),
    )
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True)
    shutil.copy(root / "Pulumi.yaml", folder)
    copied = filled(tracked, list(documents.values()))
    stage.file.write_text(yaml.safe_dump(copied, sort_keys=False), encoding="utf-8")
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in stage.secrets.items()]
    (folder / "secrets.sh").write_text("".join(exports), encoding="utf-8")
    return stage


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CannotRehearse(f"{file.name} is not YAML in UTF-8: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("config") or {}, dict):
        raise CannotRehearse(
            f"{file.name} is no stack file: a mapping `config:` of keys is allowed"
        )
    return document


def filled(document: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a stack file's content with made-up values where it has none that serve here.

    `others` are the other stacks' files. A null whose key holds a whole part in one of them (the
    frontend, the backups) says that this stack goes without, and stays. What is encrypted for
    somebody else, or sealed for another app, is left out.
    """
    elsewhere = [other.get("config") or {} for other in others]
    config = {
        key: _filled(key, value, [other.get(key) for other in elsewhere])
        for key, value in (document.get("config") or {}).items()
        if not _encrypted(value) and key not in CREDENTIALS and key.split(":")[-1] != "seals"
    }
    kept = {key: value for key, value in document.items() if key not in ENCRYPTION}
    return {**kept, "config": config}


def _filled(key: str, value: Any, elsewhere: list[Any]) -> Any:
    whole = any(isinstance(other, dict | list) for other in elsewhere)
    if value is None and (whole or key in CHOICES):
        return None
    if value is None or _encrypted(value):
        return PLAUSIBLE.get(key, f"rehearsal-{key}")
    if isinstance(value, dict):
        below = [other for other in elsewhere if isinstance(other, dict)]
        return {
            name: _filled(name, each, [other.get(name) for other in below])
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_filled(key, each, []) for each in value]
    return _network(value) if isinstance(value, str) and "/" in value else value


def _network(text: str) -> str:
    """Return a placeholder network moved into 198.18.0.0/15, and any other text as it is."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return text
    if not any(network.version == each.version and network.overlaps(each) for each in PLACEHOLDERS):
        return text
    if network.version == 4 and network.prefixlen >= 16:
        low = int(network.network_address) & 0xFFFF
        return f"198.18.{low >> 8}.{low & 0xFF}/{network.prefixlen}"
    return "198.18.0.0/24"


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _secret(name: str) -> str:
    return f"made-up-{hashlib.sha256(name.encode()).hexdigest()[:24]}"
