"""An ecosystem file for pm2 on each host that runs services under it."""

from __future__ import annotations

import json

from ops.cli.errors import UsageError
from ops.pencom import assumed
from ops.pencom.inventory import Inventory, Service
from ops.pencom.variables import variables


def file_name(host: str) -> str:
    """Return the name of a host's file. pm2 requires the ending `.config.js`."""
    return f"ecosystem.{host}.config.js"


def files(inventory: Inventory) -> dict[str, str]:
    """Return a JavaScript file for each host. Raises UsageError if no service runs under pm2."""
    texts = {}
    for host in inventory.hosts.values():
        services = inventory.services_on(host)
        apps = [_app(inventory, each) for each in services if each.process_manager == "pm2"]
        if apps:
            document = json.dumps({"apps": apps}, indent=2)
            texts[file_name(host.name)] = f"module.exports = {document};\n"
    if not texts:
        raise UsageError(
            f"no service of {inventory.stack} runs under pm2: set estate:pencom.processManager to"
            " pm2, or choose another --format"
        )
    return texts


def _app(inventory: Inventory, service: Service) -> dict[str, object]:
    """Return one process. Its ports come from here, everything else from its .env."""
    return {
        "name": service.name,
        "cwd": assumed.DEPLOY_FOLDER,
        "script": service.entry_point,
        "instances": 1,  # migrations run on boot, and two would race
        "exec_mode": "fork",
        "env": {
            each.name: each.value
            for each in variables(inventory, service)
            if each.target == service.name and each.kind == "port"
        },
    }
