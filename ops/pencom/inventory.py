"""Pencom's inventory as the program registers it: read from the offline plan or from a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from ops.cli.errors import UsageError
from ops.engine import pulumi_cli
from ops.engine.documents import State
from ops.pencom import assumed
from ops.plan import config
from ops.plan.graph import Resource, build
from stacks.discovery import environments

TYPE_PREFIX = "estate:pencom:"


class Entry(BaseModel):
    """One entry of the inventory. Ignores inputs that a newer program adds."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)
    name: str


class Host(Entry):
    """A machine. `carries` names its services, stores and web server."""

    role: str
    exposure: str
    address: str
    carries: tuple[str, ...]
    ssh_allow_list: tuple[str, ...] = ()


class Service(Entry):
    """One process. `stores` are `store` or `store/database`; `reads` are foreign systems."""

    host: str
    ports: Mapping[str, int]
    entry_point: str
    process_manager: str
    health_path: str
    gateway: bool
    calls: tuple[str, ...]
    stores: tuple[str, ...]
    reads: tuple[str, ...]
    starts_after: tuple[str, ...]
    start_wave: int
    variables: tuple[str, ...]
    secret_variables: tuple[str, ...]

    @property
    def port(self) -> int:
        """The port for calls and for the health check."""
        return self.ports[assumed.CALL_PROTOCOL]

    @property
    def databases(self) -> dict[str, str]:
        """Its database by store; empty text for a store without databases."""
        uses = (use.partition("/") for use in self.stores)
        return {store: database for store, _, database in uses}


class Store(Entry):
    """A data server on one of our hosts."""

    host: str
    port: int
    databases: tuple[str, ...]
    start_wave: int


class ForeignSystem(Entry):
    """A system that another organization runs."""

    owner: str
    address: str
    port: int


EntryType = TypeVar("EntryType", bound=Entry)


@dataclass(frozen=True)
class Inventory:
    """All entries of one stack, by name."""

    stack: str
    hosts: Mapping[str, Host]
    services: Mapping[str, Service]
    stores: Mapping[str, Store]
    foreign: Mapping[str, ForeignSystem]

    @cached_property
    def processes(self) -> Mapping[str, Service | Store]:
        """Services and stores: everything that starts and stops."""
        return {**self.services, **self.stores}

    @cached_property
    def ingress(self) -> Host:
        """The host that operators log in to. Raises UsageError if none faces the internet."""
        for host in self.hosts.values():
            if host.exposure == "internet":
                return host
        raise UsageError(
            f"no host of {self.stack} faces the internet: operators need one to log in"
        )

    def machine(self, name: str) -> str:
        """Return the host of a service or store; a host or foreign system is its own machine."""
        return self.processes[name].host if name in self.processes else name

    def address(self, name: str) -> str:
        """Return the IP address of a host, service, store or foreign system."""
        machine = self.machine(name)
        return (self.hosts.get(machine) or self.foreign[machine]).address

    def port(self, name: str) -> int:
        """Return the port of a service, store or foreign system."""
        return (self.processes.get(name) or self.foreign[name]).port

    def url(self, name: str) -> str:
        """Return the URL of a service, or of a store that speaks HTTP, without a path."""
        return f"http://{bracketed(self.address(name))}:{self.port(name)}"

    def health_url(self, service: Service) -> str:
        """Return the URL of a service's health check."""
        return self.url(service.name) + service.health_path

    def services_on(self, host: Host) -> list[Service]:
        """Return the services of a host."""
        return [self.services[name] for name in host.carries if name in self.services]


def bracketed(address: str) -> str:
    """Return an IP address in the form that a port may follow: IPv6 in brackets."""
    return f"[{address}]" if ip_address(address).version == 6 else address


def load(stack: str, config_file: str | None, *, from_state: bool) -> Inventory:
    """Read the inventory that the last `up` recorded, or that the program declares, offline.

    Raises UsageError if the stack file, the state or an entry cannot be read, or without Pencom.
    """
    if from_state:
        return from_resources(stack, pulumi_cli.deployment(stack).resources)
    return from_resources(stack, build(config.load(stack, file=config_file)).resources)


def from_resources(stack: str, resources: Iterable[Resource | State]) -> Inventory:
    """Read the inventory among resources. Raises UsageError if it is empty or lacks an input."""
    described = [each for each in resources if each.type.startswith(TYPE_PREFIX)]
    if not described:
        known = [name for name, each in environments().items() if "pencom" in each.systems]
        raise UsageError(
            f"{stack} has no Pencom: choose {' or '.join(known)}; its state has it after an `up`"
        )

    def entries(kind: str, model: type[EntryType]) -> dict[str, EntryType]:
        parsed = [_entry(model, each) for each in described if each.type == TYPE_PREFIX + kind]
        return {entry.name: entry for entry in sorted(parsed, key=lambda entry: entry.name)}

    return Inventory(
        stack,
        entries("Host", Host),
        entries("Service", Service),
        entries("Store", Store),
        entries("ForeignSystem", ForeignSystem),
    )


def _entry(model: type[EntryType], resource: Resource | State) -> EntryType:
    name = resource.name.partition("-")[2]  # without the component's: pencom-vps-1 is vps-1
    try:
        return model.model_validate({**resource.inputs, "name": name})
    except ValidationError as error:
        inputs = ", ".join(str(each["loc"][0]) for each in error.errors() if each["loc"])
        raise UsageError(
            f"{resource.name} lacks inputs that this version needs ({inputs}): an older version"
            " recorded it. Run `up` first, or leave out --from-state"
        ) from error
