"""The variables of each service, with the values that the inventory knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.facts.pencom import UNUSED
from components.facts.secrets import CATALOGUE
from ops.pencom import assumed
from ops.pencom.inventory import Inventory, Service
from stacks.discovery import environments

# How to compare a real value with the inventory; "" accepts any value.
Kind = Literal["", "url", "host", "port", "name", "uri", "json"]

TEAM = "the infrastructure team"
CONTACTS = {secret.name: secret.ask for secret in CATALOGUE if secret.system == "pencom"}
ORACLE = "PENCOM_DB_"  # the prefix of variables for PenCom's own database
POSTGRESQL = "postgresql"
# The store that a variable is about, by its prefix or suffix.
PREFIXES = {"REDIS_": "redis", "SPACES_": "minio"}
SUFFIXES = {"_DB_URI": "mongodb", "_MONGO_DB_URL": "mongodb"}


@dataclass(frozen=True)
class Variable:
    """One variable of a service. `value` None is a blank that a person fills in.

    `target` names the service, store or foreign system that it points to, `database` the one that
    the service uses there. `kind` says how to compare a real value with the inventory.
    """

    name: str
    value: str | None = None
    kind: Kind = ""
    target: str = ""
    database: str = ""
    secret: bool = False
    assumed: bool = False

    @property
    def contact(self) -> str:
        """Who knows the value."""
        return CONTACTS.get(self.name, TEAM) if self.secret else TEAM

    @property
    def optional(self) -> bool:
        """Whether it may be missing or empty."""
        return self.name in UNUSED


def variables(inventory: Inventory, service: Service) -> list[Variable]:
    """Return a service's variables in the order of the facts, secrets last."""
    plain = [
        _label(inventory, service, name)
        or _service_address(inventory, service, name)
        or _store_address(inventory, service, name)
        or Variable(name, kind="json" if name == "AUTH_PILOT_ALLOWLIST" else "")
        for name in service.variables
    ]
    return [*plain, *(_secret(service, name) for name in service.secret_variables)]


def _secret(service: Service, name: str) -> Variable:
    """Describe a secret. If it is a URI, its store and database are known."""
    for suffix, store in SUFFIXES.items():
        if name.endswith(suffix) and store in service.databases:
            return Variable(name, None, "uri", store, service.databases[store], secret=True)
    return Variable(name, secret=True)


def _label(inventory: Inventory, service: Service, name: str) -> Variable | None:
    if name in ("ENVIRONMENT", "HIGHLIGHT_ENVIRONMENT"):
        # assumed: the value is the kind of the environment
        environment = environments().get(inventory.stack)
        return Variable(name, environment.kind if environment else None, assumed=True)
    if name.startswith("HIGHLIGHT_") and name.endswith("_SERVICE_NAME"):
        return Variable(name, service.name, assumed=True)
    return None


def _service_address(inventory: Inventory, service: Service, name: str) -> Variable | None:
    """Resolve the URL of any service, or the host and ports of this one."""
    if name.endswith("_SERVICE_URL"):
        app = name.removesuffix("_SERVICE_URL").replace("_", "-").lower()
        for callee in (app, f"{app}s"):  # PAYMENT_SERVICE_URL is the URL of payments
            if callee in inventory.services:
                return Variable(name, inventory.url(callee), "url", callee)
    if name.endswith(("_SERVICE_HOST", "_TCP_HOST")):
        return _server(inventory, name, "HOST", service.name)
    if name.endswith("_TCP_PORT") and "tcp" in service.ports:
        return Variable(name, str(service.ports["tcp"]), "port", service.name)
    if name.endswith("_SERVICE_PORT"):
        return _server(inventory, name, "PORT", service.name)
    return None


def _store_address(inventory: Inventory, service: Service, name: str) -> Variable | None:
    """Resolve a part of the address of a store, or of PenCom's own database."""
    part = name.partition("_DB_")[2]
    if name.startswith(ORACLE):
        return _server(inventory, name, part, service.reads[0]) if service.reads else None
    if part and POSTGRESQL in service.databases:
        if part == "NAME":
            return Variable(name, service.databases[POSTGRESQL] or None, "name", POSTGRESQL)
        return _server(inventory, name, part, POSTGRESQL)
    for prefix, store in PREFIXES.items():
        if name.startswith(prefix) and store in service.databases:
            part = name.removeprefix(prefix)
            if part == "ENDPOINT":
                return Variable(name, inventory.url(store), "url", store)
            if part == "REGION":
                return Variable(name, assumed.OBJECT_REGION, assumed=True)
            return _server(inventory, name, part, store)
    return None


def _server(inventory: Inventory, name: str, part: str, target: str) -> Variable | None:
    if part == "HOST":
        return Variable(name, inventory.address(target), "host", target)
    if part == "PORT":
        return Variable(name, str(inventory.port(target)), "port", target)
    return None
