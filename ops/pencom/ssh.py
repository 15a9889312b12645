"""A configuration for `ssh`: operators reach internal hosts through the ingress host.

It names no user and no key. Those belong in the operator's own configuration, read before it.
"""

from __future__ import annotations

from ops.pencom import assumed
from ops.pencom.inventory import Inventory

FILE = "ssh_config"


def files(inventory: Inventory) -> dict[str, str]:
    """Return one file with a block for each host. Raises UsageError if none faces the internet."""
    blocks = []
    for host in inventory.hosts.values():
        lines = [f"Host {host.name}", f"  HostName {host.address}", f"  Port {assumed.SSH_PORT}"]
        if host.exposure != "internet":
            lines.append(f"  ProxyJump {inventory.ingress.name}")
        blocks.append("\n".join(lines) + "\n")
    return {FILE: "\n".join(blocks)}
