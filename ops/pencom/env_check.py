"""Holds a real .env against the inventory. What stands in the file is never part of a finding."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from ops.pencom.inventory import Estate, Service
from ops.pencom.variables import ORACLE, Variable, variables

# The grammar of dotenv for Node, which the services read their files with.
LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([\w.-]+)(?:[ \t]*=[ \t]*?|:[ \t]+?)
    ([ \t]*'(?:\\'|[^'])*'|[ \t]*"(?:\\"|[^"])*"|[ \t]*`(?:\\`|[^`])*`|[^#\r\n]+)?
    [ \t]*(?:\#.*)?$""",
    re.MULTILINE | re.VERBOSE,
)
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104  a service may listen there
HERE = {"localhost", "127.0.0.1", "::1"}
Kind = Literal["missing", "empty", "extra", "contradictory"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a file; `text` says how to mend it."""

    kind: Kind
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}: {self.text}"


def parse(text: str) -> list[tuple[str, str]]:
    """Read names and values as the services do, in the order of the file."""
    given = []
    for match in LINE.finditer(text.replace("\r\n", "\n")):
        value = (match[2] or "").strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"`":
            value = value[1:-1]
        given.append((match[1], value))
    return given


def findings(estate: Estate, service: Service, text: str) -> list[Finding]:
    """Tell what is missing, extra, empty or contradictory in the text of a service's file."""
    given = parse(text)
    counted = Counter(name for name, _ in given)
    found = [
        Finding("contradictory", name, f"given {times} times; the last one counts: keep one")
        for name, times in counted.items()
        if times > 1
    ]
    return [*found, *_Check(estate, service, dict(given)).run()]


class _Check:
    def __init__(self, estate: Estate, service: Service, given: dict[str, str]) -> None:
        self._estate = estate
        self._service = service
        self._given = given
        self._known = variables(estate, service)

    def run(self) -> Iterator[Finding]:
        for variable in self._known:
            yield from self._presence(variable)
            value = self._given.get(variable.name)
            if value and (problem := self._problem(variable, value)):
                yield Finding("contradictory", variable.name, problem)
        yield from self._oracle()
        yield from self._twice()
        yield from self._redis()
        yield from self._extra()

    def _presence(self, variable: Variable) -> Iterator[Finding]:
        if variable.optional or (self._service.reads and variable.name.startswith(f"{ORACLE}_DB_")):
            return  # the latter are told together
        matching = [name for name in self._given if fnmatchcase(name, variable.name)]
        hint = f"ask {variable.ask}" if variable.value is None else f"it is {variable.value}"
        if variable.value is not None and variable.assumed:
            hint += " (assumed)"
        if not matching:
            yield Finding("missing", variable.name, hint)
        for name in matching:
            if not self._given[name]:
                yield Finding("empty", name, hint)

    def _problem(self, variable: Variable, value: str) -> str | None:
        if variable.kind == "json":
            return None if _is_json(value) else "it is no JSON, which blocks all logins"
        if variable.kind in ("url", "uri"):
            return self._wrong_url(variable, value)
        if variable.kind == "host":
            names = self._names(variable.target)
            if variable.target == self._service.name:  # where it listens, and others call it
                names = (names - HERE) | EVERYWHERE
            return None if value in names else f"it is not {self._told(variable.target)}"
        if variable.kind in ("port", "name") and value != variable.value:
            return f"it is not {variable.value}, that of {variable.target}"
        return None

    def _names(self, target: str) -> set[str]:
        """Tell how a file of this service may call the machine of a target."""
        machine = self._estate.machine(target)
        names = {self._estate.address(target), machine}
        return names | HERE if machine == self._service.host else names

    def _told(self, target: str) -> str:
        address, machine = self._estate.address(target), self._estate.machine(target)
        return (
            f"{target} on {machine} ({address})" if machine != target else f"{target} ({address})"
        )

    def _wrong_url(self, variable: Variable, value: str) -> str | None:
        try:
            url = urlsplit(value)
            places = _places(url)
        except ValueError:
            return "it is no URL"
        scheme, usual = ("http", 80) if variable.kind == "url" else ("mongodb", 27017)
        if url.scheme != scheme:
            return f"it is no {scheme} URL; nothing inside has TLS"
        target, port = variable.target, self._estate.port(variable.target)
        if any(host not in self._names(target) for host, _ in places):
            return f"it leads to another host than {self._told(target)}"
        if any((given or usual) != port for _, given in places):
            return f"it leads to another port than {port}, that of {target}"
        if variable.kind == "uri" and url.path.strip("/") != variable.database:
            return f"it leads to another database than {target}/{variable.database}"
        if variable.kind == "url" and (url.path.strip("/") or url.query or url.username):
            return "it has more than host and port; the services add their own paths"
        return None

    def _oracle(self) -> Iterator[Finding]:
        names = [each.name for each in self._known if each.name.startswith(f"{ORACLE}_DB_")]
        lacking = [name for name in names if not self._given.get(name)]
        for system in self._service.reads if lacking else ():
            yield Finding(
                "contradictory",
                f"{ORACLE}_DB_*",
                f"{self._service.name} reads {system}, and these are missing or empty:"
                f" {', '.join(lacking)}; ask the infrastructure team",
            )

    def _twice(self) -> Iterator[Finding]:
        """Compare what two names must both hold, the singular and the plural."""
        names = {each.name for each in self._known}
        for plural in sorted(names):
            singular = plural.replace("S_DB_", "_DB_", 1)
            if singular in names - {plural}:
                both = [self._given.get(each) for each in (singular, plural)]
                if all(both) and both[0] != both[1]:
                    text = f"it differs from {singular}; the migration tool reads this one"
                    yield Finding("contradictory", plural, text)

    def _redis(self) -> Iterator[Finding]:
        hosts = {each.name for each in self._known} & {"REDIS_HOST"}
        if "REDIS_URL" in self._given and hosts and not self._given.get("REDIS_HOST"):
            text = "the code does not read it: give REDIS_HOST and REDIS_PORT"
            yield Finding("contradictory", "REDIS_URL", text)

    def _extra(self) -> Iterator[Finding]:
        users = self._users()
        for name in self._given:
            if not any(fnmatchcase(name, each.name) for each in self._known):
                of = ", ".join(users.get(name, ())) or "nobody that the inventory knows"
                yield Finding("extra", name, f"{self._service.name} does not read it; read by {of}")

    def _users(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for service in self._estate.services.values():
            for name in (*service.variables, *service.secret_variables):
                users.setdefault(name, []).append(service.name)
        return users


def _places(url: SplitResult) -> list[tuple[str, int | None]]:
    """Give each host and port; a MongoDB URI may name several. Raises ValueError."""
    places = []
    for place in url.netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{place}")
        if not one.hostname:
            raise ValueError(place)
        places.append((_plain(one.hostname), one.port))
    return places


def _plain(host: str) -> str:
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
