"""An ecosystem file for pm2 on each host that runs services by it."""

from __future__ import annotations

import json

from ops.cli.errors import UsageError
from ops.pencom import assumed
from ops.pencom.inventory import Estate, Service
from ops.pencom.variables import variables

COMMENT = "//"


def file_name(host: str) -> str:
    """How a host's file is called; pm2 wants that ending."""
    return f"ecosystem.{host}.config.js"


def files(estate: Estate) -> dict[str, str]:
    """Give a file a host. Raises UsageError where another process manager is set."""
    given = {}
    for host in estate.hosts.values():
        services = [each for each in estate.running(host) if each.process_manager == "pm2"]
        if services:
            apps = {"apps": [_app(estate, service) for service in services]}
            given[file_name(host.name)] = f"module.exports = {json.dumps(apps, indent=2)};\n"
    if not given:
        raise UsageError(
            f"no service of {estate.stack} runs under pm2: set estate:pencom.processManager to pm2,"
            " or take another format"
        )
    return given


def _app(estate: Estate, service: Service) -> dict[str, object]:
    """Describe one process. Its secrets come from its .env; where it listens, from here."""
    return {
        "name": service.name,
        "cwd": assumed.DEPLOY_FOLDER,
        "script": service.entry_point,
        "instances": 1,  # migrations run on boot, and two would race
        "exec_mode": "fork",
        "env": {
            each.name: each.value
            for each in variables(estate, service)
            if each.target == service.name and each.kind == "port"
        },
    }
