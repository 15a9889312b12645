"""docs/runbook/: a page for each loss in production, and an index by symptom.

Pages come from the plan alone: the same commit gives the same pages on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from components.facts.secrets import CATALOGUE
from ops import ROOT
from ops.impact.dependencies import PRODUCTS, Effect
from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import build
from ops.recovery.case import Case
from ops.recovery.kinds import LossKind
from ops.recovery.loss import Loss, losable
from ops.recovery.report import Recovery, markdown, recovery, short_time

FOLDER = ROOT / "docs" / "runbook"
STACK, INDEX = "prod", "README.md"
HEAD = f"_Written by `make render` from the plan of {STACK}; do not edit._"
SYMPTOMS: dict[LossKind, str] = {  # of a loss that takes down no URL by itself
    "state": "`pulumi` finds no state, an empty or an old one, or cannot open it",
    "up": "an `up` was killed or failed half-way",
    "secret": "an app refuses a key or a password, or one has leaked (any secret: the same steps)",
}
COMMAND = re.compile(r"^ *```sh\n *(.+)\n *```$|`((?:python|pulumi) [^`\n]+)`", re.MULTILINE)


def recoveries(stack: str = STACK) -> list[Recovery]:
    """Return the recovery from each loss, without a check of its prerequisites."""
    settings = config.load(stack)
    graph = build(settings)
    dependencies = dependency_graph(graph)
    losses = losable(graph, dependencies)
    return [recovery(Case(settings, graph, dependencies, loss)) for loss in losses]


def texts() -> dict[str, str]:
    """Return the text of each page and of the index, by file name."""
    reports = recoveries()
    pages = {page(each.case.loss): "\n".join((HEAD, "", *markdown(each), "")) for each in reports}
    return {INDEX: "\n".join((HEAD, "", *_index(reports), "")), **pages}


def page(loss: Loss) -> str:
    """Return the file name of a loss's page."""
    return f"{loss.name}.md"


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the pages and delete those of losses that are no longer possible. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / name: text for name, text in texts().items()}
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    for old in set(folder.glob("*.md")) - set(files):
        old.unlink()
    return list(files)


def stale(folder: Path = FOLDER) -> list[str]:
    """Return the names of pages that differ from the plan: changed, missing or too many."""
    written = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    current = texts()
    names = sorted(written.keys() | current.keys())
    return [name for name in names if written.get(name) != current.get(name)]


def commands(folder: Path = FOLDER) -> set[str]:
    """Return every command of the pages, of a step or within a sentence.

    A test runs each of them: see tests/ops/recovery/dry_run.py.
    """
    pages = (file.read_text(encoding="utf-8") for file in folder.glob("*.md"))
    return {match[1] or match[2] for text in pages for match in COMMAND.finditer(text)}


def _index(reports: Sequence[Recovery]) -> Iterator[str]:
    yield from ("# When something is lost", "")
    yield "Open the page of the loss and follow its steps. The command under its title prints"
    yield "the same page and checks the prerequisites. It also knows what has no page here: any"
    yield "part of the plan, any secret, other stacks, a moment to restore to."
    yield from ("", "## Symptoms", "", "| symptom | pages, in this order |", "|-|-|")
    for symptom, links in _symptoms(reports):
        yield f"| {symptom} | {', '.join(links)} |"
    systems: dict[str, list[Recovery]] = {}
    for each in reports:
        systems.setdefault(_system(each.case.loss), []).append(each)
    for system, inside in systems.items():
        product = PRODUCTS.get(system)
        yield from ("", f"## {product.name if product else 'The whole estate'}", "")
        yield from ("| lost | kind | page | time in DigitalOcean |", "|-|-|-|-|")
        for each in inside:
            loss = each.case.loss
            yield f"| {loss.label} | {loss.kind} | {_link(loss)} | {short_time(each)} |"


def _symptoms(reports: Sequence[Recovery]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what no longer answers, and the losses that explain it, the smallest first.

    These are public URLs; for a product without any, its services.
    """
    things = reports[0].case.dependencies.nodes.values()
    public = {thing.system for thing in things if thing.kind == "url"}
    causes: dict[str, list[str]] = {}
    for each in sorted(reports, key=_size):
        for hit in each.blast.hits:
            visible = "url" if hit.node.system in public else "service"
            if hit.node.kind == visible and hit.effect is Effect.DOWN:
                causes.setdefault(hit.node.label, []).append(_link(each.case.loss))
    by_causes: dict[tuple[str, ...], list[str]] = {}
    for label, links in sorted(causes.items()):
        by_causes.setdefault(tuple(links), []).append(label)
    for pages, labels in by_causes.items():
        yield f"no answer from {', '.join(labels)}", pages
    for each in reports:
        if symptom := SYMPTOMS.get(each.case.loss.kind):
            yield symptom, [_link(each.case.loss)]


def _size(report: Recovery) -> tuple[int, bool]:
    """Count the things that are down; of two losses of one size, that of data is less likely."""
    hits = [each for each in report.blast.hits if each.effect is Effect.DOWN]
    down = sum(each.node.kind != "part" for each in hits)
    return down, report.case.loss.kind in ("database", "store")


def _system(loss: Loss) -> str:
    if loss.resource:
        return loss.resource.system
    return next((each.system for each in CATALOGUE if each.key == loss.name), "")


def _link(loss: Loss) -> str:
    return f"[{loss.name}]({page(loss)})"
