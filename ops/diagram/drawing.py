"""Draws the parts of the estate as SVG, which needs no font, script or file besides."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from ops.diagram.layout import HEIGHT, Box, Ends, Layout, Point, layered
from ops.diagram.parts import Estate, Part
from ops.standing import PRODUCTS, Effect, Kind

MARGIN = 28
HEAD = 44  # of a system, for its name
PAD = 14  # left and right of the text in a box
LEAST = 980  # for title and legend
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
    Effect.PARTLY: "partly without it",
    None: "only declared after it",
}
STYLE = """
svg.estate { --paper: #fff; --frame: #f6f8fa; --rule: #d8dee4; --ink: #1f2328; --soft: #59636e;
  --line: #8c959f; --url: #0969da; --service: #8250df; --machine: #57606a; --store: #bf8700;
  --part: #b6bec7; --degraded: #bc4c00; --partly: #9a6700; background: var(--paper);
  font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
@media (prefers-color-scheme: dark) { svg.estate { --paper: #0d1117; --frame: #151b23;
  --rule: #30363d; --ink: #f0f6fc; --soft: #9198a1; --line: #656c76; --url: #4493f8;
  --service: #ab7df8; --machine: #9198a1; --store: #d29922; --part: #484f58;
  --degraded: #ffa657; --partly: #e3b341; } }
.estate text { fill: var(--ink); }
.estate .title { font-size: 22px; font-weight: 700; }
.estate .system { font-size: 16px; font-weight: 700; }
.estate .detail, .estate .purpose, .estate .legend { font-size: 11px; font-weight: 400;
  fill: var(--soft); }
.estate .frame { fill: var(--frame); stroke: var(--rule); }
.estate .box { fill: var(--paper); stroke: var(--rule); }
.estate .edge { fill: none; stroke: var(--line); stroke-width: 1.4; }
.estate .edge.degraded { stroke: var(--degraded); }
.estate .edge.partly { stroke: var(--partly); }
.estate .edge.degraded .run { stroke-dasharray: 7 4; }
.estate .edge.partly .run { stroke-dasharray: 2 3; }
.estate .edge.beside { stroke: var(--rule); }
""" + "".join(f".estate .{kind} .kind {{ fill: var(--{kind}); }}\n" for kind in KINDS)


def as_svg(estate: Estate) -> str:
    """Draw it as a file of its own."""
    return tostring(draw(estate), "unicode") + "\n"


def draw(estate: Estate, *, linked: bool = False) -> Element:
    """Draw the systems one below the other; where linked, each box leads to `#` and its name."""
    systems = list(dict.fromkeys(part.system for part in estate.parts.values()))
    layouts = {system: _layout(estate, system) for system in systems}
    width = 2 * MARGIN + max([LEAST, *(layout.width for layout in layouts.values())])
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "estate"})
    SubElement(svg, "title").text = f"The estate: {estate.stack}"
    SubElement(svg, "style").text = STYLE
    _text(svg, MARGIN, 40, f"The estate: {estate.stack}", "title")
    _legend(svg, 66)
    frames, lines, boxes = (SubElement(svg, "g") for _ in range(3))
    spots: dict[str, Box] = {}
    routes: dict[Ends, list[Point]] = {}
    y = 112
    for system, layout in layouts.items():
        _frame(frames, system, y, width, HEAD + layout.height + MARGIN)
        for name, box in layout.boxes.items():
            spots[name] = Box(box.x + 2 * MARGIN, box.y + y + HEAD, box.width)
        for ends, points in layout.lines.items():
            routes[ends] = [(x + 2 * MARGIN, each + y + HEAD) for x, each in points]
        y += HEAD + layout.height + 2 * MARGIN
    for ends, effect in estate.edges.items():
        start, end = (spots[name] for name in ends)
        across = [(start.x + start.width, start.y + HEIGHT), (end.x, end.y)]  # between systems
        line = _line(lines, effect, routes.get(ends, across))
        line.attrib |= {"data-from": ends[0], "data-to": ends[1]}
    for name, part in estate.parts.items():
        _box(boxes, part, spots[name], linked=linked)
    width += 2 * MARGIN
    svg.attrib |= {"viewBox": f"0 0 {width} {y}", "width": str(width), "height": str(y)}
    return svg


def _layout(estate: Estate, system: str) -> Layout:
    own = [part for part in estate.parts.values() if part.system == system]
    names = {part.name for part in own}
    weights = {
        ends: 1 + (effect or 0) for ends, effect in estate.edges.items() if names.issuperset(ends)
    }
    return layered({part.name: _width(part) for part in own}, weights)


def _width(part: Part) -> int:
    """Give what a box needs: every character of a line is as wide, a little less than this."""
    return 2 * PAD + round(max(len(part.label) * 7.9, len(part.detail) * 6.7))


def _frame(svg: Element, system: str, y: int, width: int, height: int) -> None:
    _rect(svg, Box(MARGIN, y, width), height, "frame")
    product = PRODUCTS.get(system)
    name = _text(svg, 2 * MARGIN, y + 26, product.name if product else system, "system")
    if product:
        SubElement(name, "tspan", {"class": "purpose", "dx": "12"}).text = product.purpose


def _line(svg: Element, effect: Effect | None, points: list[Point]) -> Element:
    """Draw a line that leaves and reaches each point level, with an open head at its end."""
    kind = effect.name.lower() if effect else "beside"
    edge = SubElement(svg, "g", {"class": f"edge {kind}"})
    bends = [
        point
        for before, point, after in zip(points, points[1:], points[2:], strict=False)
        if not before[1] == point[1] == after[1]
    ]
    (x, y), *rest = points[0], *bends, points[-1]
    run = [f"M{x} {y}"]
    for to_x, to_y in rest:
        middle = (x + to_x) // 2
        run.append(f"H{to_x}" if y == to_y else f"C{middle} {y} {middle} {to_y} {to_x} {to_y}")
        x, y = to_x, to_y
    back = -6 if points[-2][0] < x else 6
    SubElement(edge, "path", {"class": "run", "d": " ".join(run)})
    SubElement(edge, "path", {"d": f"M{x + back} {y - 4}L{x} {y}L{x + back} {y + 4}"})
    return edge


def _box(svg: Element, part: Part, at: Box, *, linked: bool) -> None:
    group = SubElement(svg, "a" if linked else "g", {"class": f"node {part.kind}"})
    group.set("data-name", part.name)
    if linked:
        group.set("href", f"#{quote(part.name)}")
    _rect(group, at, HEIGHT, "box")
    _rect(group, Box(at.x, at.y, 5), HEIGHT, "kind")
    _text(group, at.x + PAD, at.y + 19, part.label, "label")
    _text(group, at.x + PAD, at.y + 35, part.detail, "detail")
    if linked:
        _text(group, at.x + at.width, at.y - 3, "", "state")


def _legend(svg: Element, y: int) -> None:
    """Say what colours and lines mean."""
    x = MARGIN
    for kind, meaning in KINDS.items():
        group = SubElement(svg, "g", {"class": kind})
        _rect(group, Box(x, y, 5), 16, "kind")
        _text(group, x + 11, y + 12, meaning, "legend")
        x += 40 + len(meaning) * 7
    x = MARGIN
    for effect, meaning in LINES.items():
        _line(svg, effect, [(x, y + 31), (x + 34, y + 31)])
        _text(svg, x + 42, y + 35, meaning, "legend")
        x += 70 + len(meaning) * 7


def _rect(svg: Element, at: Box, height: int, kind: str) -> None:
    sides = {"x": at.x, "y": at.y, "width": at.width, "height": height, "rx": 4}
    SubElement(svg, "rect", {"class": kind, **{key: str(side) for key, side in sides.items()}})


def _text(svg: Element, x: int, y: int, text: str, kind: str) -> Element:
    element = SubElement(svg, "text", {"class": kind, "x": str(x), "y": str(y)})
    element.text = text
    return element
