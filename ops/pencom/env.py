"""A skeleton of each service's .env: what the inventory knows is filled in, the rest is named."""

from __future__ import annotations

import re

from ops.pencom.inventory import Estate, Service
from ops.pencom.variables import Variable, variables

PLAIN = re.compile(r"[\w.:/@\[\]-]*")


def file_name(service: str) -> str:
    """How a service's file is called."""
    return f"{service}.env"


def files(estate: Estate) -> dict[str, str]:
    """Give a file a service."""
    return {
        file_name(service.name): _skeleton(estate, service) for service in estate.services.values()
    }


def _skeleton(estate: Estate, service: Service) -> str:
    listed = variables(estate, service)
    known = [each for each in listed if each.value is not None]
    blank = [each for each in listed if each.value is None]
    lines = [f"{each.name}={_quoted(each)}" for each in known if not each.assumed]
    if guessed := [each for each in known if each.assumed]:
        lines += ["", "# assumed: check these", *(f"{e.name}={_quoted(e)}" for e in guessed)]
    for head, secret in (("to fill in", False), ("secrets", True)):
        if some := [each for each in blank if each.secret == secret]:
            lines += ["", f"# {head}"]
            lines += [line for each in some for line in _blank(each)]
    return "\n".join(lines) + "\n"


def _quoted(variable: Variable) -> str:
    value = variable.value or ""
    return value if PLAIN.fullmatch(value) else f"'{value}'"


def _blank(variable: Variable) -> list[str]:
    note = f"; {variable.note}" if variable.note else ""
    if variable.target:
        note += f"; it leads to {variable.target}/{variable.database}"
    if variable.optional:
        return [f"# {variable.name}: unused, may be left out"]
    if variable.pattern:
        return [f"# {variable.name}: ask {variable.ask} which names, and their values{note}"]
    return [f"# ask {variable.ask}{note}", f"{variable.name}="]
