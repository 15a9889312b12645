"""`ops blast`: the blast radius of one loss."""

from __future__ import annotations

import json

import typer

from ops.impact.blast import as_mermaid, blast_radius, lines, resolve
from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import build


def run(stack: str, name: str, form: str) -> int:
    """Print what depends on a name, as `text`, `json` or `mermaid`. Returns 0.

    Raises UsageError with similar names for an unknown one.
    """
    graph = dependency_graph(build(config.load(stack)))
    radius = blast_radius(graph, resolve(graph, name))
    if form == "json":
        typer.echo(json.dumps({"stack": stack, "name": name, **radius.as_json()}, indent=2))
    elif form == "mermaid":
        typer.echo(as_mermaid(radius), nl=False)
    else:
        typer.echo("\n".join([f"{name} in {stack}: what depends on it\n", *lines(radius)]))
    return 0
