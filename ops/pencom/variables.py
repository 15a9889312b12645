"""What each service must be given, and what the inventory knows of it, variable by variable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from components.facts.pencom import UNUSED
from components.facts.secrets import CATALOGUE
from ops.pencom import assumed
from ops.pencom.inventory import Estate, Service
from stacks.discovery import environments

# How a value is held against the inventory; "" where any will do.
Kind = Literal["", "url", "host", "port", "name", "uri", "json"]

TEAM = "the infrastructure team"
ASK = {secret.name: secret.ask for secret in CATALOGUE if secret.system == "pencom"}
ORACLE = "PENCOM"  # how the variables of PenCom's own database begin
NOTES = {
    "AUTH_PILOT_ALLOWLIST": "JSON; a wrong value blocks all logins",
    "NOTIFICATIONS_MONGO_DB_URL": "despite its name, core's own store of OTPs",
}
# The store that a variable leads to, by how it begins, and by how it ends.
BEGINNINGS = {"REDIS_": "redis", "SPACES_": "minio"}
ENDINGS = {"_DB_URI": "mongodb", "_MONGO_DB_URL": "mongodb"}
DATABASES = "postgresql"


@dataclass(frozen=True)
class Variable:
    """One variable of a service. `value` None means a blank that somebody has to fill in.

    `target` is what it leads to, by name; `kind` how to hold a real value against that.
    `database` is the one that the service uses there.
    """

    name: str
    value: str | None = None
    kind: Kind = ""
    target: str = ""
    database: str = ""
    secret: bool = False
    assumed: bool = False

    @property
    def ask(self) -> str:
        """Who knows it."""
        return ASK.get(self.name, TEAM) if self.secret else TEAM

    @property
    def note(self) -> str:
        """What else to know of it."""
        return NOTES.get(self.name, "")

    @property
    def pattern(self) -> bool:
        """Whether it stands for several names, of which the handover tells only the beginning."""
        return self.name.endswith("*")

    @property
    def optional(self) -> bool:
        """Whether it may be left out or empty."""
        return self.name in UNUSED


def variables(estate: Estate, service: Service) -> list[Variable]:
    """Give a service's variables in the order of the facts, secrets last."""
    known = _Known(estate, service)
    plain = [known.variable(name) for name in service.variables]
    return [*plain, *(known.secret(name) for name in service.secret_variables)]


class _Known:
    """Fills in what the inventory knows for one service."""

    def __init__(self, estate: Estate, service: Service) -> None:
        self._estate = estate
        self._service = service
        self._stores = {use.partition("/")[0]: use.partition("/")[2] for use in service.stores}

    def secret(self, name: str) -> Variable:
        """Describe a secret; of one that is a URI it is known where it must lead."""
        for ending, store in ENDINGS.items():
            if name.endswith(ending) and store in self._stores:
                database = self._stores[store]
                return Variable(name, None, "uri", store, database, secret=True)
        return Variable(name, secret=True)

    def variable(self, name: str) -> Variable:
        """Describe a variable by the first that knows it."""
        for found in (*self._environment(name), *self._services(name), *self._systems(name)):
            return found
        return Variable(name, kind="json" if name == "AUTH_PILOT_ALLOWLIST" else "")

    def _environment(self, name: str) -> Iterator[Variable]:
        if name in ("ENVIRONMENT", "HIGHLIGHT_ENVIRONMENT"):
            # assumed: the variable has the environment's kind as its value
            environment = environments().get(self._estate.stack)
            yield Variable(name, environment.kind if environment else None, assumed=True)
        elif name.startswith("HIGHLIGHT_") and name.endswith("_SERVICE_NAME"):
            yield Variable(name, self._service.name, assumed=True)

    def _services(self, name: str) -> Iterator[Variable]:
        """Addresses of services: of others as URLs, of its own as host and ports."""
        own = self._service
        if name.endswith("_SERVICE_URL"):
            app = name.removesuffix("_SERVICE_URL").replace("_", "-").lower()
            for callee in (app, f"{app}s"):  # PAYMENT_SERVICE_URL is the one of payments
                if callee in self._estate.services:
                    yield Variable(name, self._estate.url(callee), "url", callee)
        elif name.endswith(("_SERVICE_HOST", "_TCP_HOST")):
            yield Variable(name, self._estate.address(own.name), "host", own.name)
        elif name.endswith("_TCP_PORT") and "tcp" in own.ports:
            yield Variable(name, str(own.ports["tcp"]), "port", own.name)
        elif name.endswith("_SERVICE_PORT"):
            yield Variable(name, str(own.port), "port", own.name)

    def _systems(self, name: str) -> Iterator[Variable]:
        """Addresses of stores and of the foreign database."""
        prefix, database, part = name.partition("_DB_")
        if database and prefix == ORACLE:
            for system in self._service.reads[:1]:
                yield from self._server(name, part, system)
        elif database and DATABASES in self._stores:
            if part == "NAME":
                used = self._stores[DATABASES]
                yield Variable(name, used or None, "name", DATABASES)
            yield from self._server(name, part, DATABASES)
        for beginning, store in BEGINNINGS.items():
            if name.startswith(beginning) and store in self._stores:
                part = name.removeprefix(beginning)
                if part == "ENDPOINT":
                    yield Variable(name, self._estate.url(store), "url", store)
                elif part == "REGION":
                    yield Variable(name, assumed.OBJECT_REGION, assumed=True)
                yield from self._server(name, part, store)

    def _server(self, name: str, part: str, target: str) -> Iterator[Variable]:
        if part == "HOST":
            yield Variable(name, self._estate.address(target), "host", target)
        elif part == "PORT":
            yield Variable(name, str(self._estate.port(target)), "port", target)
