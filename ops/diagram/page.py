"""The picture as a page: a click on a box shows what `ops blast` says of it."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any
from xml.etree.ElementTree import tostring

from ops.diagram.parts import Diagram
from ops.diagram.svg import draw
from ops.impact.blast import HEADS, BlastRadius, aliases, blast_radius, resolve

PAGE = Path(__file__).with_suffix(".html")


def as_html(diagram: Diagram) -> str:
    """Write a page that loads nothing else."""
    # A `<` in a name could end the element that holds the data.
    data = json.dumps(answers(diagram), separators=(",", ":")).replace("<", "\\u003c")
    picture = tostring(draw(diagram, linked=True), "unicode")
    return Template(PAGE.read_text("utf-8")).substitute(picture=picture, data=data)


def answers(diagram: Diagram) -> dict[str, Any]:
    """Collect what the page's script needs.

    `names` has every name that `ops blast` knows as [name, number of its answer, its part or "",
    other names]; names of the same things share an answer.
    """
    impact = diagram.impact
    other_names: dict[str, list[str]] = {}
    for alias, keys in aliases(impact).items():
        for key in keys:
            other_names.setdefault(key, []).append(alias)
    numbers: dict[frozenset[str], int] = {}
    collected: list[dict[str, Any]] = []
    names = []
    for name in sorted(impact.resources.keys() | impact.nodes.keys()):
        lost = frozenset(resolve(impact, name))
        if lost not in numbers:
            numbers[lost] = len(collected)
            collected.append(_answer(diagram, blast_radius(impact, lost)))
        others = sorted({*other_names.get(name, ())} - {name})
        names.append([name, numbers[lost], diagram.part_of.get(name, ""), others])
    return {"stack": diagram.stack, "names": names, "answers": collected}


def _answer(diagram: Diagram, loss: BlastRadius) -> dict[str, Any]:
    """Return rows of [state, text] under each head, and the worst state of each part."""
    rows: dict[str, list[tuple[str, str]]] = {"products": [("", text) for text in loss.products]}
    for kind, head in HEADS.items():
        rows[head] = [(hit.state, f"{hit.node.label}: {hit.why}") for hit in loss.of(kind)]
    rows["contact"] = [("", text) for text in loss.contacts]
    rows["recovery"] = [("", text) for text in loss.recovery]
    states: dict[str, str] = {}
    for hit in loss.hits:  # the worst first
        if part := diagram.part_of.get(hit.node.key):
            states.setdefault(part, hit.state)
    return {"rows": {head: texts for head, texts in rows.items() if texts}, "states": states}
