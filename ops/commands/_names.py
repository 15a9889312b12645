"""Names that the shell completes, read from committed files: the plan takes seconds to make."""

from __future__ import annotations

import re
from collections.abc import Collection

import typer

from ops import ROOT
from ops.plan import config

ENTRY = re.compile(r"^([\w-]+):\n  type: (\S+)", re.MULTILINE)  # of a file in rendered/
STORES = {"DatabaseCluster", "SpacesBucket"}
ORDERED = {"Service", "Store", "Host"}


def _rendered(context: typer.Context, kinds: Collection[str] = ()) -> list[str]:
    """Return the logical names of the stack's resources, or only those of some kinds."""
    folder = ROOT / "rendered" / str(context.params.get("stack") or "prod")
    return [
        name
        for file in sorted(folder.glob("*.yaml"))
        for name, token in ENTRY.findall(file.read_text("utf-8"))
        if not kinds or token.rpartition(":")[2] in kinds
    ]


def stacks() -> list[str]:
    """Return the names of the project's stacks."""
    return config.stacks()


def resources(context: typer.Context) -> list[str]:
    """Return the logical names of the stack's resources."""
    return _rendered(context)


def stores(context: typer.Context) -> list[str]:
    """Return the logical names of the stack's database clusters and buckets."""
    return _rendered(context, STORES)


def on_premises(context: typer.Context) -> list[str]:
    """Return Pencom's services, stores and hosts."""
    return [name.removeprefix("pencom-") for name in _rendered(context, ORDERED)]


def losses() -> list[str]:
    """Return what the runbook has a page for."""
    pages = (ROOT / "docs" / "runbook").glob("*.md")
    return sorted(page.stem for page in pages if page.stem != "README")
