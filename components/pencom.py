"""Pencom (eHub): an inventory of machines that this program describes and never touches.

Its resources are components without a provider. The engine records their props as inputs, so a
moved service or a new port shows in `pulumi preview`, and nothing is ever called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pulumi

from components.inventory import Inventory
from components.types import Address, AllowList, Model, Port, Unique

# components.inventory compares the hosts of one stack with each other.
HostAddress = Annotated[Address, Unique("a host address", within=False)]


class PencomSettings(Model):
    """Addresses by name, ports that the handover does not have, and the process manager.

    Operators log in from `ssh_allow_list` to what faces the internet, and from there further.
    """

    process_manager: Literal["pm2", "docker"]
    ssh_allow_list: AllowList
    hosts: Mapping[str, HostAddress]
    foreign: Mapping[str, Address]
    store_ports: Mapping[str, Port]

    def addresses(self) -> dict[str, str]:
        """Return every address as text, by its setting: hosts.vps-1, foreign.oracle-ecrs."""
        kinds = {"hosts": self.hosts, "foreign": self.foreign}
        return {
            f"{kind}.{name}": str(address)
            for kind, addresses in kinds.items()
            for name, address in addresses.items()
        }


@dataclass(frozen=True)
class PencomArgs:
    """An inventory in which `components.inventory.problems` finds no mistake."""

    inventory: Inventory
    settings: PencomSettings


class Inventoried(pulumi.ComponentResource):
    """One host, service, store or foreign system. Its props describe it."""

    def __init__(
        self, kind: str, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(f"estate:pencom:{kind}", name, dict(props), opts)
        self.register_outputs({})


class Pencom(pulumi.ComponentResource):
    """Outputs: `start_order` (waves; stop in the reverse)."""

    start_order: list[list[str]]

    def __init__(
        self, name: str, args: PencomArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:product:Pencom", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        inventory, settings = args.inventory, args.settings
        self.start_order = [list(wave) for wave in inventory.start_order()]
        wave_of = {thing: number for number, wave in enumerate(self.start_order) for thing in wave}
        host_of = inventory.carriers()
        for host_name, host in inventory.hosts.items():
            props: dict[str, Any] = {
                "role": host.role,
                "exposure": host.exposure,
                "address": str(settings.hosts[host_name]),
                "carries": list(host.carries),
            }
            if host.exposure == "internet":
                props["sshAllowList"] = [str(network) for network in settings.ssh_allow_list]
            Inventoried("Host", f"{name}-{host_name}", props, child)
        for service_name, service in inventory.services.items():
            props = {
                "host": host_of[service_name],
                "ports": dict(service.ports),
                "entryPoint": service.entry_point,
                "processManager": settings.process_manager,
                "healthPath": "/health",
                "gateway": service.gateway,
                "calls": list(service.calls),
                "stores": list(service.stores),
                "reads": list(service.reads),
                "startsAfter": list(service.starts_after),
                "startWave": wave_of[service_name],
                "variables": list(service.variables),
                "secretVariables": list(service.secrets),
            }
            Inventoried("Service", f"{name}-{service_name}", props, child)
        for store_name, store in inventory.stores.items():
            props = {
                "host": host_of[store_name],
                "engine": store.engine,
                "port": store.port or settings.store_ports[store_name],
                "databases": list(store.databases),
                "backups": store.backups,
                "startWave": wave_of[store_name],
            }
            Inventoried("Store", f"{name}-{store_name}", props, child)
        for system_name, system in inventory.foreign.items():
            props = {
                "owner": system.owner,
                "engine": system.engine,
                "address": str(settings.foreign[system_name]),
                "port": system.port,
                "access": system.access,
            }
            Inventoried("ForeignSystem", f"{name}-{system_name}", props, child)
        self.register_outputs({"startOrder": self.start_order})
