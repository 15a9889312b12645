"""The list of secrets: which have a value, from where, and who has the others. Never a value."""

from __future__ import annotations

import json
import os

from components.facts.secrets import CATALOGUE
from ops.plan import config
from stacks import secrets


def run(stack: str, form: str) -> None:
    """Print the catalogue, and where each secret of a stack has its value."""
    settings = config.load(stack)
    prefix = f"{settings.project}:"
    entries = {key.removeprefix(prefix): value for key, value in settings.values.items()}
    values = secrets.find(entries, os.environ)
    sealed = settings.seals()
    rows = [
        {
            "key": secret.key,
            "system": secret.system,
            "usedBy": list(secret.used_by),
            "valueFrom": values[secret.key].source or ("sealed" if secret.key in sealed else None),
            "neededByUp": secret.declared,
            "lives": secret.lives,
            "ask": secret.ask,
        }
        for secret in CATALOGUE
    ]
    if form == "json":
        print(json.dumps(rows, indent=2))  # noqa: T201
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"secrets of {stack}")
    table.add_column("secret", no_wrap=True)
    for column in ("value", "needed by up", "used by", "lives", "ask"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            str(row["key"]),
            str(row["valueFrom"] or "missing"),
            "yes" if row["neededByUp"] else "",
            ", ".join(secrets.KEYS[str(row["key"])].used_by),
            str(row["lives"]),
            str(row["ask"]),
        )
    console = Console()
    Console(width=None if console.is_terminal else 220).print(table)
