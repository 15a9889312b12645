"""A configuration for `ssh`: internal hosts are reached through the one that faces the internet.

It names no user and no key: those are the operator's own, in a configuration read before it.
"""

from __future__ import annotations

from ops.pencom import assumed
from ops.pencom.inventory import Estate

FILE = "ssh_config"


def files(estate: Estate) -> dict[str, str]:
    """Give one block a host. Raises UsageError where no host faces the internet."""
    blocks = []
    for host in estate.hosts.values():
        lines = [f"Host {host.name}", f"  HostName {host.address}", f"  Port {assumed.SSH_PORT}"]
        if host.exposure != "internet":
            lines.append(f"  ProxyJump {estate.ingress.name}")
        blocks.append("\n".join(lines) + "\n")
    return {FILE: "\n".join(blocks)}
