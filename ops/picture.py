"""`ops graph`: the estate in one picture, still or as a page that tells what stands on a part."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from string import Template
from typing import Any
from xml.etree.ElementTree import tostring

from ops.cli.errors import UsageError
from ops.drawing import as_svg, draw
from ops.impact.blast import HEADS, BlastRadius, aliases, blast_radius, resolve
from ops.parts import Estate, estate
from ops.plan import config
from ops.plan.graph import build

PAGE = Path(__file__).with_suffix(".html")


def run(stack: str, form: str, output: str | None) -> int:
    """Write the picture. Raises UsageError where the file cannot be written."""
    drawn = estate(build(config.load(stack)))
    text = as_svg(drawn) if form == "svg" else as_html(drawn)
    if output is None:
        sys.stdout.buffer.write(text.encode())
        return 0
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    return 0


def as_html(drawn: Estate) -> str:
    """Give one page with the picture and what `ops blast` tells of each name in it."""
    # A `<` could end the element that holds it, whatever its text is: a name is not to be trusted.
    told = json.dumps(answers(drawn), separators=(",", ":")).replace("<", "\\u003c")
    picture = tostring(draw(drawn, linked=True), "unicode")
    return Template(PAGE.read_text("utf-8")).substitute(picture=picture, told=told)


def answers(drawn: Estate) -> dict[str, Any]:
    """Give every name that `ops blast` knows, what else it is called, and what stands on it.

    Names of the same things share one answer.
    """
    found = drawn.found
    called: dict[str, list[str]] = {}
    for alias, keys in aliases(found).items():
        for key in keys:
            called.setdefault(key, []).append(alias)
    numbers: dict[frozenset[str], int] = {}
    told: list[dict[str, Any]] = []
    names = []
    for name in sorted(found.resources.keys() | found.nodes.keys()):
        starts = frozenset(resolve(found, name))
        if starts not in numbers:
            numbers[starts] = len(told)
            told.append(_answer(drawn, blast_radius(found, starts)))
        others = sorted({*called.get(name, ())} - {name})
        names.append([name, numbers[starts], drawn.place.get(name, ""), others])
    return {"stack": drawn.stack, "names": names, "answers": told}


def _answer(drawn: Estate, told: BlastRadius) -> dict[str, Any]:
    """Give rows under their heads, each of a state and a text, and the state of each part."""
    rows: dict[str, list[tuple[str, str]]] = {"products": [("", text) for text in told.products]}
    for kind, head in HEADS.items():
        rows[head] = [(hit.state, f"{hit.node.label}: {hit.why}") for hit in told.of(kind)]
    rows["contact"] = [("", text) for text in told.contacts]
    rows["recovery"] = [("", text) for text in told.recovery]
    states: dict[str, str] = {}
    for hit in told.hits:  # the worst first
        if part := drawn.place.get(hit.node.key):
            states.setdefault(part, hit.state)
    return {"rows": {head: each for head, each in rows.items() if each}, "states": states}
