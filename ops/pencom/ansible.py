"""An inventory for Ansible: groups by role, exposure, service and store."""

from __future__ import annotations

from typing import Any

import yaml

from ops.pencom import assumed
from ops.pencom.inventory import Host, Inventory, bracketed

FILE = "inventory.yml"


def files(inventory: Inventory) -> dict[str, str]:
    """Return one YAML file. Raises UsageError if no host faces the internet."""
    groups: dict[str, Any] = {}

    def add(group: str, host: str, variables: dict[str, Any]) -> None:
        entry = groups.setdefault(group.replace("-", "_"), {"hosts": {}})
        entry["hosts"][host] = {}
        if variables:
            entry["vars"] = {name.replace("-", "_"): each for name, each in variables.items()}

    for host in inventory.hosts.values():
        add(f"role_{host.role}", host.name, {})
        add(f"exposure_{host.exposure}", host.name, _ssh_variables(inventory, host))
    for service in inventory.services.values():
        facts = {
            "ports": dict(service.ports),
            "entry_point": service.entry_point,
            "process_manager": service.process_manager,
            "health_url": inventory.health_url(service),
            "start_wave": service.start_wave,
            "calls": list(service.calls),
            "stores": list(service.stores),
        }
        add(f"service_{service.name}", service.host, {f"pencom_{service.name}": facts})
    for store in inventory.stores.values():
        facts = {
            "address": inventory.address(store.name),
            "port": store.port,
            "databases": list(store.databases),
        }
        add(f"store_{store.name}", store.host, {f"pencom_{store.name}": facts})
    document = {
        "all": {
            "vars": {"pencom_stack": inventory.stack, "pencom_folder": assumed.DEPLOY_FOLDER},
            "hosts": {host.name: _host_variables(host) for host in inventory.hosts.values()},
            "children": groups,
        }
    }
    return {FILE: yaml.safe_dump(document, sort_keys=False, width=2**16)}


def _host_variables(host: Host) -> dict[str, Any]:
    return {
        "ansible_host": host.address,
        "ansible_port": assumed.SSH_PORT,
        "pencom_role": host.role,
        "pencom_exposure": host.exposure,
        "pencom_carries": list(host.carries),
    }


def _ssh_variables(inventory: Inventory, host: Host) -> dict[str, Any]:
    if host.exposure == "internet":
        return {}
    jump = f"{bracketed(inventory.ingress.address)}:{assumed.SSH_PORT}"
    return {"ansible_ssh_common_args": f"-o ProxyJump={jump}"}
