"""Prepares the folder of a rehearsal, with made-up values for everything that is not known yet.

The stack file is copied and filled in; the tracked file is only read. Of the secrets only the names
are known, which `python -m ops secrets` prints.
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

from rehearsal import INSTALL_PAGE, OPTION_PREFIX, ROOT, TOKEN, environment

PASSPHRASE = TOKEN  # protects only made-up secrets
MADE_UP = {  # for settings whose form is checked; any other value is `rehearsal-` and its key
    "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJlaGVhcnNhbFJlaGVhcnNhbFJlaGVhcnNhbFJl",
    "paystackPublicKey": "pk_test_rehearsal",
}
NULLABLE = (  # settings whose null means none, not a value that is missing
    *("answersFor", "at", "from", "id", "name", "nodes", "restore", "standIn", "weekday"),
)
PLACEHOLDERS = tuple(  # reserved for documentation: in a stack file, an address not known yet
    ip_network(cidr)
    for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
CREDENTIALS = ("digitalocean:token", "digitalocean:spacesAccessId", "digitalocean:spacesSecretKey")


class RehearsalError(Exception):
    """A rehearsal cannot start or go on; the text says why and how to fix it."""


@dataclass(frozen=True)
class Workspace:
    """The folder of one rehearsal.

    `secrets` are made-up values by name, and in no printed form. `known` has every name of the
    catalogue.
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
        """The JSON file of the simulated cloud."""
        return self.folder / "cloud.json"

    @property
    def log(self) -> Path:
        """The log of the operations that really happened, one JSON line each."""
        return self.cloud.with_name(self.cloud.name + ".log")

    @property
    def backend(self) -> str:
        """The URL of the state, as pulumi accepts it."""
        return (self.folder / "state").resolve().as_uri()

    def environment(self, speed: float = 0) -> dict[str, str]:
        """Return the whole environment of a rehearsed pulumi.

        It has no secret of the shell, and no pulumi option that the shell sets.
        """
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in self.known and not name.startswith(OPTION_PREFIX)
        }
        return {
            **inherited,
            **environment(self.cloud, speed),
            **self.secrets,
            "PULUMI_BACKEND_URL": self.backend,
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "false",  # else the stand-in would not be found
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def shell_lines(self) -> list[str]:
        """Return the commands that continue in a shell of the project; none has a secret."""
        python, cloud, secrets, file = (
            shlex.quote(relative(path))
            for path in (
                Path(sys.executable),
                self.cloud,
                self.folder / "secrets.sh",
                self.file,
            )
        )
        return [
            f'eval "$({python} -m rehearsal env --cloud {cloud})"',
            f". {secrets}  # every value there is made up",
            f"export PULUMI_BACKEND_URL={shlex.quote(self.backend)}",
            f"export PULUMI_CONFIG_PASSPHRASE={PASSPHRASE}",
            f"pulumi preview --stack {self.stack} --config-file {file}",
        ]


def relative(path: Path) -> str:
    """Return a path relative to the project, if it is inside."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def require_engine() -> None:
    """Raise `RehearsalError` if the pulumi command line is not installed."""
    if not shutil.which("pulumi"):
        raise RehearsalError(f"a rehearsal needs the pulumi command line: see {INSTALL_PAGE}")


def ops_json(*arguments: str) -> Any:
    """Return the JSON that a command of `python -m ops` prints. Raises `RehearsalError`."""
    command = [sys.executable, "-m", "ops", *arguments, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RehearsalError(done.stderr.strip().removeprefix("error: "))
    return json.loads(done.stdout)


def prepare(
    stack: str, folder: Path, catalogue: Iterable[Mapping[str, Any]], root: Path = ROOT
) -> Workspace:
    """Empty the folder and write the copy, the made-up secrets and an empty state into it.

    `catalogue` is the JSON of `ops secrets`: the secrets that an `up` needs are made up.
    Raises `RehearsalError` for a stack without a file, and for a file that is no stack file.
    """
    documents = {path.name: _read(path) for path in sorted(root.glob("Pulumi.*.yaml"))}
    tracked = documents.pop(f"Pulumi.{stack}.yaml", None)
    if tracked is None:
        names = ", ".join(name.split(".")[1] for name in documents)
        raise RehearsalError(f"there is no Pulumi.{stack}.yaml: known stacks are {names}")
    rows = list(catalogue)
    workspace = Workspace(
        stack,
        folder,
        {row["key"]: _secret(row["key"]) for row in rows if row["neededByUp"]},
        frozenset(row["key"] for row in rows),
    )
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True)
    shutil.copy(root / "Pulumi.yaml", folder)
    copied = with_made_up_values(tracked, list(documents.values()))
    workspace.file.write_text(yaml.safe_dump(copied, sort_keys=False), encoding="utf-8")
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in workspace.secrets.items()]
    (folder / "secrets.sh").write_text("".join(exports), encoding="utf-8")
    return workspace


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RehearsalError(f"{file.name} is not YAML in UTF-8: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("config") or {}, dict):
        raise RehearsalError(
            f"{file.name} is no stack file: a mapping `config:` of keys is allowed"
        )
    return document


def with_made_up_values(
    document: Mapping[str, Any], others: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a stack file's content with made-up values for those that are not known or unusable.

    `others` are the contents of the other stacks' files. A null stays if one of them has an object
    or a list there (the frontend, the backups): this stack has no such part. Entries that are
    encrypted for others, or sealed for another app, are left out.
    """
    configs = [other.get("config") or {} for other in others]
    config = {
        key: _made_up(key, value, [other.get(key) for other in configs])
        for key, value in (document.get("config") or {}).items()
        if not _encrypted(value) and key not in CREDENTIALS and key.split(":")[-1] != "seals"
    }
    rest = {key: value for key, value in document.items() if key not in ENCRYPTION}
    return {**rest, "config": config}


def _made_up(key: str, value: Any, others: list[Any]) -> Any:
    is_part = any(isinstance(other, dict | list) for other in others)
    if value is None and (is_part or key in NULLABLE):
        return None
    if value is None or _encrypted(value):
        return MADE_UP.get(key, f"rehearsal-{key}")
    if isinstance(value, dict):
        objects = [other for other in others if isinstance(other, dict)]
        return {
            name: _made_up(name, each, [other.get(name) for other in objects])
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_made_up(key, each, []) for each in value]
    return _network(value) if isinstance(value, str) and "/" in value else value


def _network(text: str) -> str:
    """Return a placeholder network moved into 198.18.0.0/15, and any other text unchanged."""
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
