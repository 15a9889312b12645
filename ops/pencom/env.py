"""A skeleton of each service's .env: known values filled in, a blank with a contact for others."""

from __future__ import annotations

import re

from ops.pencom.inventory import Inventory, Service
from ops.pencom.variables import Variable, variables

NOTES = {
    "AUTH_PILOT_ALLOWLIST": "JSON; a wrong value blocks all logins",
    "NOTIFICATIONS_MONGO_DB_URL": "despite its name, core's own OTP store",
}
UNQUOTED = re.compile(r"[\w.:/@\[\]-]*")


def files(inventory: Inventory) -> dict[str, str]:
    """Return a file `<service>.env` for each service."""
    return {f"{each.name}.env": _skeleton(inventory, each) for each in inventory.services.values()}


def _skeleton(inventory: Inventory, service: Service) -> str:
    known: list[str] = []
    assumed: list[str] = []
    blank: list[str] = []
    secret: list[str] = []
    for variable in variables(inventory, service):
        if variable.value is not None:
            (assumed if variable.assumed else known).append(_assignment(variable))
        else:
            (secret if variable.secret else blank).extend(_blank(variable))
    sections = {"assumed: check these": assumed, "to fill in": blank, "secrets": secret}
    for title, lines in sections.items():
        if lines:
            known += ["", f"# {title}", *lines]
    return "\n".join(known) + "\n"


def _assignment(variable: Variable) -> str:
    value = variable.value or ""
    return f"{variable.name}={value}" if UNQUOTED.fullmatch(value) else f"{variable.name}='{value}'"


def _blank(variable: Variable) -> list[str]:
    note = f"; {NOTES[variable.name]}" if variable.name in NOTES else ""
    if variable.target:
        note += f"; it points to {variable.target}/{variable.database}"
    if variable.optional:
        return [f"# {variable.name}: unused, may be missing"]
    if variable.name.endswith("*"):  # only the prefix of several names is documented
        return [f"# {variable.name}: ask {variable.contact} for the names and values{note}"]
    return [f"# ask {variable.contact}{note}", f"{variable.name}="]
