"""Draws the parts as SVG: Graphviz places boxes and routes lines, this module writes the text.

Graphviz gets no text, only sizes. It would measure text with the fonts of the machine it runs on,
and the same plan would give another picture elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pygraphviz import AGraph  # type: ignore[import-untyped]

from ops.diagram.parts import Diagram, Ends, Part
from ops.impact.dependencies import PRODUCTS, Effect, Kind

STYLE = Path(__file__).with_suffix(".css")
SVG = "{http://www.w3.org/2000/svg}"
INCH = 72  # Graphviz takes sizes in inches and draws 72 units an inch
HEIGHT = 44  # of a box
PAD = 14  # left of the text in a box, and right of it
MARGIN = 20  # between a frame and its boxes
HEADING = '<<table border="0" width="420" height="30"><tr><td></td></tr></table>>'  # of a frame
TOP = 84  # above the frames, for title and legend
LEAST = 840  # what the legend is wide
MANY = 300  # boxes; with more, Graphviz takes three times as long to save a few crossings
KINDS: dict[Kind, str] = {
    "url": "public URL",
    "service": "service",
    "machine": "host",
    "store": "data store",
    "part": "other",
}
LINES = {
    Effect.DOWN: "down without it",
    Effect.DEGRADED: "degraded without it",
    Effect.PARTLY: "partly down without it",
    None: "unaffected without it",
}


def as_svg(diagram: Diagram) -> str:
    """Draw it as a file that needs no other file."""
    svg = draw(diagram)
    svg.set("xmlns", SVG[1:-1])
    return ElementTree.tostring(svg, "unicode") + "\n"


def draw(diagram: Diagram, *, linked: bool = False) -> Element:
    """Draw a frame for each system; where linked, each box leads to `#` and its name."""
    parts = [*diagram.parts.values()]
    systems = [*dict.fromkeys(part.system for part in parts)]
    # Graphviz draws the last system on top, and follows a circle from its first box.
    parts.sort(key=lambda part: (-systems.index(part.system), [*KINDS].index(part.kind)))
    graph = _laid_out(parts, systems, diagram.edges)
    width, height = (float(side) for side in graph.attrib["viewBox"].split()[2:])
    width = max(width, LEAST)
    for group in graph.iter("g"):
        kind, number = group.get("class"), group.findtext("title", "")
        if kind == "cluster":
            _frame(group, systems[int(number.removeprefix("cluster"))], width)
        elif kind == "node":
            _box(group, parts[int(number)], linked=linked)
        elif kind == "edge":
            start, end = (parts[int(place)].name for place in number.split("->"))
            _line(group, (start, end), diagram.edges[start, end])
    order = {name: place for place, name in enumerate(diagram.parts)}  # of the Tab key
    (layer,) = graph
    layer[:] = sorted(layer, key=lambda child: order.get(child.get("data-name", ""), -1))
    svg = Element("svg", {"class": "estate", "viewBox": f"0 {-TOP} {width:g} {height + TOP:g}"})
    svg.attrib |= {"width": f"{width:g}", "height": f"{height + TOP:g}"}
    SubElement(svg, "title").text = f"The estate: {diagram.stack}"
    SubElement(svg, "style").text = STYLE.read_text("utf-8")
    _text(svg, MARGIN, 32 - TOP, f"The estate: {diagram.stack}", "name")
    _legend(svg, 52 - TOP)
    svg.append(layer)
    return svg


def _laid_out(parts: list[Part], systems: list[str], edges: dict[Ends, Effect | None]) -> Element:
    """Let Graphviz draw numbered boxes in numbered frames, and lines between them."""
    graph = AGraph(directed=True, rankdir="LR", ranksep=0.8, nodesep=0.22, outputorder="edgesfirst")
    if len(parts) > MANY:
        graph.graph_attr.update(nslimit=1, mclimit=0.1)
    graph.node_attr.update(shape="box", label="", fixedsize="true", height=HEIGHT / INCH)
    graph.edge_attr.update(arrowhead="vee", arrowsize=0.6)
    for place, part in enumerate(parts):
        graph.add_node(place, width=_width(part) / INCH)
    for number, system in enumerate(systems):
        own = [place for place, part in enumerate(parts) if part.system == system]
        graph.add_subgraph(own, f"cluster{number}", label=HEADING, margin=MARGIN)
    places = {part.name: place for place, part in enumerate(parts)}
    backward = _backward(edges)
    for ends, effect in edges.items():
        start, end = (places[name] for name in ends)
        ranked = "false" if ends in backward else "true"
        graph.add_edge(start, end, weight=1 + (effect or 0), constraint=ranked)
    svg = ElementTree.fromstring(graph.draw(format="svg", prog="dot"))  # noqa: S314  not foreign
    for element in svg.iter():
        element.tag = element.tag.removeprefix(SVG)
    return svg


def _backward(edges: dict[Ends, Effect | None]) -> set[Ends]:
    """Find the edges to draw from right to left: of each circle the weakest, if there is one."""
    backward: set[Ends] = set()
    open_edges = dict(sorted(edges.items()))
    while True:
        needed_by: dict[str, list[str]] = defaultdict(list)
        for start, end in open_edges:
            needed_by[end].append(start)
        try:
            TopologicalSorter(needed_by).prepare()
        except CycleError as error:
            circle = {ends: open_edges[ends] or 0 for ends in pairwise(error.args[1])}
            weakest = min(circle, key=circle.__getitem__)
            del open_edges[weakest]
            if circle[weakest] < max(circle.values()):
                backward.add(weakest)
        else:
            return backward


def _width(part: Part) -> int:
    """Estimate what a box needs: a character of a fixed-width font is 0.6 of its size wide."""
    return 2 * PAD + round(max(len(part.label) * 7.9, len(part.detail) * 6.7))


def _frame(group: Element, system: str, width: float) -> None:
    """Make the frame of a system as wide as the picture, and write the name into it."""
    group.set("class", "system")
    frame = _rectangle(group, "frame")
    frame.attrib |= {"x": "4", "width": f"{width - 16:g}"}
    product = PRODUCTS.get(system)
    y = float(frame.attrib["y"]) + 30
    text = _text(group, 4 + MARGIN, y, product.name if product else system, "name")
    if product:
        SubElement(text, "tspan", {"class": "purpose", "dx": "12"}).text = product.purpose


def _box(group: Element, part: Part, *, linked: bool) -> None:
    """Write label, detail and kind into a box."""
    group.attrib |= {"class": f"node {part.kind}", "data-name": part.name}
    box = _rectangle(group, "box")
    x, y = float(box.attrib["x"]), float(box.attrib["y"])
    SubElement(group, "rect", {**box.attrib, "class": "kind", "width": "5"})
    _text(group, x + PAD, y + 19, part.label, "label")
    _text(group, x + PAD, y + 35, part.detail, "detail")
    if linked:
        group.tag = "a"
        group.set("href", f"#{quote(part.name)}")
        _text(group, x + _width(part), y - 3, "", "state")


def _line(group: Element, ends: Ends, effect: Effect | None) -> None:
    """Say on a line what it joins and means; Graphviz drew it."""
    group.attrib |= {"class": _line_class(effect), "data-from": ends[0], "data-to": ends[1]}
    group.remove(_child(group, "title"))


def _line_class(effect: Effect | None) -> str:
    return f"edge {effect.name.lower() if effect else 'beside'}"


def _legend(svg: Element, y: float) -> None:
    """Explain the colors of boxes and lines, in one row each."""
    x = MARGIN
    for kind, meaning in KINDS.items():
        group = SubElement(svg, "g", {"class": kind})
        sides = {"x": f"{x}", "y": f"{y - 10:g}", "width": "5", "height": "14"}
        SubElement(group, "rect", {"class": "kind", **sides})
        _text(group, x + 11, y, meaning, "detail")
        x += 40 + len(meaning) * 7
    x = MARGIN
    for effect, meaning in LINES.items():
        group = SubElement(svg, "g", {"class": _line_class(effect)})
        SubElement(group, "path", {"d": f"M{x} {y + 16:g}H{x + 34}"})
        _text(group, x + 42, y + 20, meaning, "detail")
        x += 70 + len(meaning) * 7


def _rectangle(group: Element, kind: str) -> Element:
    """Put a rectangle in the place of the polygon that Graphviz drew."""
    group.remove(_child(group, "title"))
    polygon = _child(group, "polygon")
    group.remove(polygon)
    points = [point.split(",") for point in polygon.attrib["points"].split()]
    xs, ys = ([float(number) for number in numbers] for numbers in zip(*points, strict=True))
    sides = {"x": min(xs), "y": min(ys), "width": max(xs) - min(xs), "height": max(ys) - min(ys)}
    rounded = {side: f"{length:g}" for side, length in sides.items()}
    return SubElement(group, "rect", {"class": kind, **rounded, "rx": "4"})


def _child(group: Element, tag: str) -> Element:
    child = group.find(tag)
    assert child is not None  # noqa: S101  Graphviz draws one in each
    return child


def _text(group: Element, x: float, y: float, text: str, kind: str) -> Element:
    element = SubElement(group, "text", {"class": kind, "x": f"{x:g}", "y": f"{y:g}"})
    element.text = text
    return element
