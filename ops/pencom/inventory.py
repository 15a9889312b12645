"""Pencom as the program registers it, read from the offline plan or from a stack's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from ops.cli.errors import UsageError
from ops.engine import pulumi_cli
from ops.pencom import assumed
from ops.plan.config import StackConfig
from ops.plan.graph import build

KIND = "estate:pencom:"
Registered = tuple[str, str, Mapping[str, Any]]  # type, logical name, inputs


class Thing(BaseModel):
    """One registered description. What a newer program adds to it does no harm here."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)
    name: str


class Host(Thing):
    """A machine of ours."""

    role: str
    exposure: str
    address: str
    carries: tuple[str, ...]
    ssh_allow_list: tuple[str, ...] = ()


class Service(Thing):
    """One process."""

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
        """Where it is called and tells of its health."""
        return self.ports[assumed.CALLED]


class Store(Thing):
    """A data server on one of our hosts."""

    host: str
    engine: str
    port: int
    databases: tuple[str, ...]
    start_wave: int


class Foreign(Thing):
    """A system of somebody else."""

    owner: str
    engine: str
    address: str
    port: int


Some = TypeVar("Some", bound=Thing)


@dataclass(frozen=True)
class Estate:
    """Everything of one stack by name."""

    stack: str
    hosts: Mapping[str, Host]
    services: Mapping[str, Service]
    stores: Mapping[str, Store]
    foreign: Mapping[str, Foreign]

    @cached_property
    def ingress(self) -> Host:
        """The host that people log in to. Raises UsageError where none faces the internet."""
        for host in self.hosts.values():
            if host.exposure == "internet":
                return host
        raise UsageError(f"no host of {self.stack} faces the internet: nobody could log in")

    @cached_property
    def monitor(self) -> Host | None:
        """The host that Prometheus runs on, where there is one of that role."""
        hosts = (host for host in self.hosts.values() if host.role == assumed.MONITOR_ROLE)
        return next(hosts, None)

    def machine(self, thing: str) -> str:
        """Name the host that carries a service or a store; any other stands for itself."""
        placed = self.services.get(thing) or self.stores.get(thing)
        return placed.host if placed else thing

    def address(self, thing: str) -> str:
        """Where a host, a service, a store or a foreign system is reached."""
        machine = self.machine(thing)
        return (self.hosts.get(machine) or self.foreign[machine]).address

    def port(self, thing: str) -> int:
        """Where a service, a store or a foreign system answers."""
        placed = self.services.get(thing) or self.stores.get(thing)
        return (placed or self.foreign[thing]).port

    def url(self, thing: str) -> str:
        """Write the address of a service or of a store that speaks HTTP."""
        return f"http://{bracketed(self.address(thing))}:{self.port(thing)}"

    def health(self, service: Service) -> str:
        """Where a service tells of its health."""
        return self.url(service.name) + service.health_path

    def running(self, host: Host) -> list[Service]:
        """Give the services that a host carries."""
        return [self.services[name] for name in host.carries if name in self.services]


def bracketed(address: str) -> str:
    """Write an address so that a port may follow."""
    return f"[{address}]" if ip_address(address).version == 6 else address


def declared(settings: StackConfig) -> Estate:
    """Read what the program declares, offline. Raises UsageError where it declares no Pencom."""
    planned = build(settings)
    return read(planned.stack, ((each.type, each.name, each.inputs) for each in planned.resources))


def recorded(stack: str) -> Estate:
    """Read what the last `up` recorded. Raises UsageError where the state has no Pencom."""
    resources = pulumi_cli.deployment(stack).resources
    return read(stack, ((each.type, each.name, each.inputs) for each in resources))


def read(stack: str, registered: Iterable[Registered]) -> Estate:
    """Gather the descriptions. Raises UsageError without any, or for one that lacks something."""
    found = [each for each in registered if each[0].startswith(KIND)]
    if not found:
        raise UsageError(f"{stack} has no Pencom: it is declared in prod and stage")

    def every(kind: str, model: type[Some]) -> dict[str, Some]:
        things = [_thing(model, name, inputs) for type_, name, inputs in found if type_ == kind]
        return {thing.name: thing for thing in sorted(things, key=lambda thing: thing.name)}

    return Estate(
        stack,
        every(f"{KIND}Host", Host),
        every(f"{KIND}Service", Service),
        every(f"{KIND}Store", Store),
        every(f"{KIND}ForeignSystem", Foreign),
    )


def _thing(model: type[Some], name: str, inputs: Mapping[str, Any]) -> Some:
    try:
        return model.model_validate({**inputs, "name": name.partition("-")[2]})
    except ValidationError as error:
        lacking = ", ".join(str(each["loc"][0]) for each in error.errors() if each["loc"])
        raise UsageError(
            f"{name} is recorded without what this program knows of it ({lacking}): an older one"
            " wrote the state. `up` first, or leave --from-state out"
        ) from error
