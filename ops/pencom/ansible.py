"""An inventory for Ansible: groups by role, exposure, service and store."""

from __future__ import annotations

from typing import Any

import yaml

from ops.pencom import assumed
from ops.pencom.inventory import Estate, Host, bracketed

FILE = "inventory.yml"


def files(estate: Estate) -> dict[str, str]:
    """Give the one file. Raises UsageError where no host faces the internet."""
    groups: dict[str, Any] = {}

    def group(name: str, host: str, variables: dict[str, Any]) -> None:
        entry = groups.setdefault(name, {"hosts": {}})
        entry["hosts"][host] = {}
        if variables:
            entry["vars"] = variables

    for host in estate.hosts.values():
        group(f"role_{_word(host.role)}", host.name, {})
        group(f"exposure_{_word(host.exposure)}", host.name, _way(estate, host))
    for service in estate.services.values():
        facts = {
            "ports": dict(service.ports),
            "entry_point": service.entry_point,
            "process_manager": service.process_manager,
            "health_url": estate.health(service),
            "start_wave": service.start_wave,
            "calls": list(service.calls),
            "stores": list(service.stores),
        }
        word = _word(service.name)
        group(f"service_{word}", service.host, {f"pencom_{word}": facts})
    for store in estate.stores.values():
        facts = {
            "address": estate.address(store.name),
            "port": store.port,
            "databases": list(store.databases),
        }
        word = _word(store.name)
        group(f"store_{word}", store.host, {f"pencom_{word}": facts})
    document = {
        "all": {
            "vars": {"pencom_stack": estate.stack, "pencom_folder": assumed.DEPLOY_FOLDER},
            "hosts": {host.name: _host(host) for host in estate.hosts.values()},
            "children": groups,
        }
    }
    return {FILE: yaml.safe_dump(document, sort_keys=False, width=2**16)}


def _host(host: Host) -> dict[str, Any]:
    return {
        "ansible_host": host.address,
        "ansible_port": assumed.SSH_PORT,
        "pencom_role": host.role,
        "pencom_exposure": host.exposure,
        "pencom_carries": list(host.carries),
    }


def _way(estate: Estate, host: Host) -> dict[str, Any]:
    if host.exposure == "internet":
        return {}
    jump = f"{bracketed(estate.ingress.address)}:{assumed.SSH_PORT}"
    return {"ansible_ssh_common_args": f"-o ProxyJump={jump}"}


def _word(name: str) -> str:
    """Write a name as Ansible takes it for a group or a variable."""
    return name.replace("-", "_")
