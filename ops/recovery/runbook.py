"""docs/runbook/: a page for each thing that production may lose, and which page to open.

Written from the plan alone, so that the same commit gives the same pages on every machine.
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
SEEN: dict[LossKind, str] = {  # what one sees of a loss that takes no URL away by itself
    "state": "`pulumi` finds no state, an empty one, an old one, or cannot open it",
    "up": "an `up` was killed, or failed half-way",
    "secret": "an app refuses a key or a password, or one has leaked; of another, the same steps",
}
PIECE = re.compile(r"^ *```sh\n *(.+)\n *```$|`((?:python|pulumi) [^`\n]+)`", re.MULTILINE)


def recoveries(stack: str = STACK) -> list[Recovery]:
    """Give the recovery of each thing that may be lost, without a look at what is there."""
    settings = config.load(stack)
    planned = build(settings)
    found = dependency_graph(planned)
    return [recovery(Case(settings, planned, found, loss)) for loss in losable(planned, found)]


def texts() -> dict[str, str]:
    """Give each page by its file's name, and the index."""
    given = recoveries()
    pages = {page(each.case.loss): "\n".join((HEAD, "", *markdown(each), "")) for each in given}
    return {INDEX: "\n".join((HEAD, "", *_index(given), "")), **pages}


def page(loss: Loss) -> str:
    """Name the page of a loss."""
    return f"{loss.name}.md"


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the pages, and drop those of what cannot be lost any more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / name: text for name, text in texts().items()}
    for file, text in wanted.items():
        file.write_text(text, encoding="utf-8")
    for gone in set(folder.glob("*.md")) - set(wanted):
        gone.unlink()
    return list(wanted)


def stale(folder: Path = FOLDER) -> list[str]:
    """Name the pages that are not what the plan says: changed, missing, or of nothing any more."""
    there = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    wanted = texts()
    names = sorted(there.keys() | wanted.keys())
    return [name for name in names if there.get(name) != wanted.get(name)]


def commands(folder: Path = FOLDER) -> set[str]:
    """Give every command that a page has, whether a step's own or within a sentence.

    None is there that a test has not executed: see tests/ops/recovery/dry_run.py.
    """
    pages = (file.read_text(encoding="utf-8") for file in folder.glob("*.md"))
    return {found[1] or found[2] for text in pages for found in PIECE.finditer(text)}


def _index(given: Sequence[Recovery]) -> Iterator[str]:
    yield from ("# When something is lost", "")
    yield "Open the page of what is lost, and go through its steps. The command under its title"
    yield "prints the same, and looks whether all is there that it needs. It knows more than has a"
    yield "page here: any part of the plan, any secret, other stacks, a moment to go back to."
    yield from (
        "",
        "## What do I see?",
        "",
        "| what is wrong | look here, in this order |",
        "|-|-|",
    )
    for seen, pages in _seen(given):
        yield f"| {seen} | {', '.join(pages)} |"
    systems: dict[str, list[Recovery]] = {}
    for each in given:
        systems.setdefault(_system(each.case.loss), []).append(each)
    for system, inside in systems.items():
        known = PRODUCTS.get(system)
        yield from ("", f"## {known.name if known else 'The whole estate'}", "")
        yield from ("| lost | what it is | page | time in DigitalOcean |", "|-|-|-|-|")
        for each in inside:
            loss = each.case.loss
            yield f"| {loss.label} | {loss.kind} | {_link(loss)} | {short_time(each)} |"


def _seen(given: Sequence[Recovery]) -> Iterator[tuple[str, Sequence[str]]]:
    """Give what answers no more, and whose loss does that: what takes the least along goes first.

    Of a product without public URLs these are its services.
    """
    things = given[0].case.found.nodes.values()
    public = {thing.system for thing in things if thing.kind == "url"}
    causes: dict[str, list[str]] = {}
    for each in sorted(given, key=_taken):
        for hit in each.blast.hits:
            thing = hit.node
            shown = thing.kind == ("url" if thing.system in public else "service")
            if shown and hit.effect is Effect.DOWN:
                causes.setdefault(thing.label, []).append(_link(each.case.loss))
    alike: dict[tuple[str, ...], list[str]] = {}
    for label, links in sorted(causes.items()):
        alike.setdefault(tuple(links), []).append(label)
    for pages, labels in alike.items():
        yield f"no answer from {', '.join(labels)}", pages
    for each in given:
        if told := SEEN.get(each.case.loss.kind):
            yield told, [_link(each.case.loss)]


def _taken(each: Recovery) -> tuple[int, bool]:
    """Count what goes down with a loss; of two that take as much, data is the rarer one."""
    down = [hit for hit in each.blast.hits if hit.effect is Effect.DOWN and hit.node.kind != "part"]
    return len(down), each.case.loss.kind in ("database", "store")


def _system(loss: Loss) -> str:
    if loss.resource:
        return loss.resource.system
    return next((each.system for each in CATALOGUE if each.key == loss.name), "")


def _link(loss: Loss) -> str:
    return f"[{loss.name}]({page(loss)})"
