"""Compares a real .env with the inventory. No finding shows a value of the file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from ops.pencom.inventory import Inventory, Service
from ops.pencom.variables import ORACLE, Variable, variables

# The grammar of Node's dotenv, which the services read their files with.
LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([\w.-]+)(?:[ \t]*=[ \t]*?|:[ \t]+?)
    ([ \t]*'(?:\\'|[^'])*'|[ \t]*"(?:\\"|[^"])*"|[ \t]*`(?:\\`|[^`])*`|[^#\r\n]+)?
    [ \t]*(?:\#.*)?$""",
    re.MULTILINE | re.VERBOSE,
)
ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104  a service may listen there
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
Kind = Literal["missing", "empty", "extra", "contradictory"]


@dataclass(frozen=True)
class EnvFinding:
    """One mistake in a file: `name` is the variable, `text` says how to repair it."""

    kind: Kind
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}: {self.text}"


def parse(text: str) -> list[tuple[str, str]]:
    """Return names and values as the services read them, in the order of the file."""
    assignments = []
    for match in LINE.finditer(text.replace("\r\n", "\n")):
        value = (match[2] or "").strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"`":
            value = value[1:-1]
        assignments.append((match[1], value))
    return assignments


def findings(inventory: Inventory, service: Service, text: str) -> list[EnvFinding]:
    """Return missing, extra, empty and contradictory variables of a service's file, as text."""
    assignments = parse(text)
    counts = Counter(name for name, _ in assignments)
    repeated = [
        EnvFinding("contradictory", name, f"set {count} times; the last one counts: keep one")
        for name, count in counts.items()
        if count > 1
    ]
    return [*repeated, *_Check(inventory, service, dict(assignments)).run()]


class _Check:
    def __init__(self, inventory: Inventory, service: Service, values: Mapping[str, str]) -> None:
        self._inventory = inventory
        self._service = service
        self._values = values
        self._variables = variables(inventory, service)
        self._names = {each.name for each in self._variables}

    def run(self) -> Iterator[EnvFinding]:
        for variable in self._variables:
            yield from self._presence(variable)
            value = self._values.get(variable.name)
            if value and (mistake := self._mistake(variable, value)):
                yield EnvFinding("contradictory", variable.name, mistake)
        for name, mistake in self._mistakes_of_several():
            yield EnvFinding("contradictory", name, mistake)
        yield from self._extra()

    def _presence(self, variable: Variable) -> Iterator[EnvFinding]:
        if variable.optional or (self._service.reads and variable.name.startswith(ORACLE)):
            return  # _oracle() reports the latter together
        hint = f"ask {variable.contact}"
        if variable.value is not None:
            hint = f"set it to {variable.value}" + (" (assumed)" if variable.assumed else "")
        matching = [name for name in self._values if fnmatchcase(name, variable.name)]
        if not matching:
            yield EnvFinding("missing", variable.name, hint)
        for name in matching:
            if not self._values[name]:
                yield EnvFinding("empty", name, hint)

    def _mistake(self, variable: Variable, value: str) -> str | None:
        target = variable.target
        if variable.kind == "json":
            return None if _is_json(value) else "it is not JSON, which blocks all logins"
        if variable.kind in ("url", "uri"):
            return self._url_mistake(variable, value)
        if variable.kind == "host":
            names = self._host_names(target)
            if target == self._service.name:  # its own address, which others call
                names = (names - LOOPBACK) | ANY_ADDRESS
            return None if value in names else f"it is not {self._location(target)}"
        if variable.kind in ("port", "name") and value != variable.value:
            subject = "port" if variable.kind == "port" else "database"
            return f"it is not {variable.value}, the {subject} of {target}"
        return None

    def _host_names(self, target: str) -> set[str]:
        """Return the names that the service may use for the machine of a target."""
        machine = self._inventory.machine(target)
        names = {self._inventory.address(target), machine}
        return names | LOOPBACK if machine == self._service.host else names

    def _location(self, target: str) -> str:
        address, machine = self._inventory.address(target), self._inventory.machine(target)
        name = target if machine == target else f"{target} on {machine}"
        return f"{name} ({address})"

    def _url_mistake(self, variable: Variable, value: str) -> str | None:
        try:
            url = urlsplit(value)
            endpoints = _endpoints(url)
        except ValueError:
            return "it is not a URL"
        scheme, default = ("http", 80) if variable.kind == "url" else ("mongodb", 27017)
        if url.scheme != scheme:
            return f"its scheme is not {scheme}; internal connections use no TLS"
        target, expected = variable.target, self._inventory.port(variable.target)
        if any(host not in self._host_names(target) for host, _ in endpoints):
            return f"it points to another host than {self._location(target)}"
        if any((port or default) != expected for _, port in endpoints):
            return f"it points to another port than {expected}, the port of {target}"
        if variable.kind == "uri" and url.path.strip("/") != variable.database:
            return f"it points to another database than {target}/{variable.database}"
        if variable.kind == "url" and (url.path.strip("/") or url.query or url.username):
            return "it has more than host and port; the services add their own paths"
        return None

    def _mistakes_of_several(self) -> Iterator[tuple[str, str]]:
        """Yield contradictions between variables, as pairs of a variable and its mistake."""
        oracle = [name for name in self._names if name.startswith(ORACLE)]
        blank = sorted(name for name in oracle if not self._values.get(name))
        if blank and self._service.reads:
            yield (
                f"{ORACLE}*",
                f"{self._service.name} reads {', '.join(self._service.reads)}, and these are"
                f" missing or empty: {', '.join(blank)}; ask the infrastructure team",
            )
        for plural in sorted(self._names):
            singular = plural.replace("S_DB_", "_DB_", 1)
            if plural != singular and singular in self._names:
                values = [self._values.get(each) for each in (singular, plural)]
                if all(values) and values[0] != values[1]:
                    yield plural, f"it differs from {singular}; the migration tool reads this one"
        reads_host = "REDIS_HOST" in self._names
        if reads_host and "REDIS_URL" in self._values and not self._values.get("REDIS_HOST"):
            yield "REDIS_URL", "the code does not read it: set REDIS_HOST and REDIS_PORT"

    def _extra(self) -> Iterator[EnvFinding]:
        for name in self._values:
            if not any(fnmatchcase(name, pattern) for pattern in self._names):
                readers = [
                    each.name
                    for each in self._inventory.services.values()
                    if name in (*each.variables, *each.secret_variables)
                ]
                users = ", ".join(readers) or "no service of the inventory"
                text = f"{self._service.name} does not read it; read by {users}"
                yield EnvFinding("extra", name, text)


def _endpoints(url: SplitResult) -> list[tuple[str, int | None]]:
    """Return each host and port; a MongoDB URI may have several. Raises ValueError."""
    endpoints = []
    for endpoint in url.netloc.rpartition("@")[2].split(","):
        parts = urlsplit(f"//{endpoint}")
        if not parts.hostname:
            raise ValueError(endpoint)
        endpoints.append((_canonical(parts.hostname), parts.port))
    return endpoints


def _canonical(host: str) -> str:
    """Return an IP address in its shortest form; a name stays as it is."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True
