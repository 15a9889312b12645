"""`ops graph`: every part and edge of the plan drawn once, none over another, and no secret."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import CANARIES, SEAL_KEY, STACKS
from hypothesis import given, settings
from hypothesis import strategies as st

from ops import ROOT
from ops.__main__ import main
from ops.diagram.page import as_html
from ops.diagram.parts import Diagram, Part, diagram
from ops.diagram.svg import as_svg
from ops.impact.dependencies import DependencyGraph, Effect
from ops.plan import formats as plan_command
from ops.plan.graph import Graph

Plan = Callable[[str], Graph]
Edges = Mapping[tuple[str, str], Effect | None]
Sides = tuple[float, float, float, float]  # left, top, right, bottom
SPACE = "{http://www.w3.org/2000/svg}"
NAME = st.sampled_from("abcdefgh")
EDGES = st.dictionaries(
    st.tuples(NAME, NAME).filter(lambda ends: ends[0] != ends[1]),
    st.sampled_from([None, Effect.PARTLY, Effect.DEGRADED, Effect.DOWN]),
)
BOTH_FORMS = """
from ops.plan import config
from ops.diagram.page import as_html
from ops.diagram.parts import diagram
from ops.diagram.svg import as_svg
from ops.plan.graph import build
drawn = diagram(build(config.load("prod")))
print(as_svg(drawn), as_html(drawn))
"""


def _svg(planned: Graph) -> ElementTree.Element:
    return ElementTree.fromstring(as_svg(diagram(planned)))


def _example(edges: Edges) -> ElementTree.Element:
    parts = {name: Part(name, "system", "service", name, "Service") for name in "abcdefgh"}
    drawn = Diagram("example", DependencyGraph(), parts, {}, dict(edges))
    return ElementTree.fromstring(as_svg(drawn))


def _of_class(svg: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (each for each in svg.iter() if name in each.get("class", "").split())


def _sides(rect: ElementTree.Element) -> Sides:
    x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def _boxes(svg: ElementTree.Element) -> dict[str, Sides]:
    return {
        node.attrib["data-name"]: _sides(next(_of_class(node, "box")))
        for node in _of_class(svg, "node")
    }


def _edges(svg: ElementTree.Element) -> dict[tuple[str, str], ElementTree.Element]:
    drawn = [each for each in _of_class(svg, "edge") if each.get("data-from")]
    by_ends = {(each.attrib["data-from"], each.attrib["data-to"]): each for each in drawn}
    assert len(by_ends) == len(drawn)
    return by_ends


def _apart(one: Sides, other: Sides) -> bool:
    return one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


def _holds(outer: Sides, inner: Sides) -> bool:
    return (
        outer[0] < inner[0] and outer[1] < inner[1] and inner[2] < outer[2] and inner[3] < outer[3]
    )


def _grown(sides: Sides, by: float) -> Sides:
    return sides[0] - by, sides[1] - by, sides[2] + by, sides[3] + by


def _point(x: float, y: float) -> Sides:
    return x, y, x, y


def _along(edge: ElementTree.Element) -> list[tuple[float, float]]:
    """Points all along a line: one start, then cubic curves."""
    path = edge.find(f"{SPACE}path")
    assert path is not None
    assert re.fullmatch(r"M[-\d.,]+C[-\d., ]+", path.attrib["d"])
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", path.attrib["d"])]
    stops = list(zip(numbers[::2], numbers[1::2], strict=True))
    points = []
    for first in range(0, len(stops) - 1, 3):
        curve = stops[first : first + 4]
        for t in (step / 40 for step in range(41)):
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            weighted = [(w * x, w * y) for w, (x, y) in zip(weights, curve, strict=True)]
            points.append((sum(x for x, _ in weighted), sum(y for _, y in weighted)))
    return points


@pytest.mark.parametrize("stack", STACKS)
def test_every_part_and_every_edge_of_the_plan_is_drawn(plan: Plan, stack: str) -> None:
    svg = _svg(plan(stack))
    mermaid = plan_command.as_mermaid(plan(stack))
    assert list(_boxes(svg)) == re.findall(r"^    (\S+)\[", mermaid, re.M)
    assert set(_edges(svg)) >= set(re.findall(r"^  (\S+) --> (\S+)$", mermaid, re.M))
    assert {end for ends in _edges(svg) for end in ends} <= set(_boxes(svg))


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [
        ("krotrust-server", "krotrust-vpc", "down"),
        ("krotrust-grouping", "krotrust-server", "beside"),
        ("krotrust-database", "krotrust-server", "beside"),
        ("krotrust-uptime-api", "krotrust-zone", "down"),
        ("krogiving-frontend", "krogiving-uptime-api", "degraded"),
        ("krogiving-backend", "krogiving-valkey", "partly"),
        ("pencom-core", "pencom-vps-2", "down"),
        ("pencom-core", "pencom-compliance", "degraded"),
        ("pencom-api-gateway", "pencom-vps-1", "down"),
    ],
)
def test_a_line_shows_what_the_loss_of_its_end_does(
    plan: Plan, start: str, end: str, kind: str
) -> None:
    assert _edges(_svg(plan("prod")))[start, end].attrib["class"] == f"edge {kind}"


@pytest.mark.parametrize("stack", STACKS)
def test_no_box_touches_another_and_each_is_in_the_frame_of_its_system(
    plan: Plan, stack: str
) -> None:
    svg = _svg(plan(stack))
    boxes = _boxes(svg)
    frames = {
        next(_of_class(group, "name")).text: _sides(next(_of_class(group, "frame")))
        for group in _of_class(svg, "system")
    }
    assert all(_apart(*pair) for pair in combinations(boxes.values(), 2))
    assert all(_apart(*pair) for pair in combinations(frames.values(), 2))
    frame_of = {name.lower(): sides for name, sides in frames.items() if name}
    for name, sides in boxes.items():
        assert _holds(frame_of[name.partition("-")[0]], sides)


@pytest.mark.parametrize("stack", STACKS)
def test_no_line_runs_under_a_box_and_each_joins_its_two(plan: Plan, stack: str) -> None:
    svg = _svg(plan(stack))
    boxes = _boxes(svg)
    for ends, edge in _edges(svg).items():
        points = _along(edge)
        joined = sorted((points[0], points[-1]))
        touched = sorted((boxes[ends[0]], boxes[ends[1]]))
        for point, sides in zip(joined, touched, strict=True):
            assert _holds(_grown(sides, 8), _point(*point))  # the arrow head is 6 long
        for name, sides in boxes.items():
            inner = _grown(sides, -1)
            assert (ends, name, [each for each in points if _holds(inner, _point(*each))]) == (
                ends,
                name,
                [],
            )


@settings(deadline=None, max_examples=50)  # a machine may be busy
@given(EDGES)
def test_any_graph_has_all_its_lines_and_its_boxes_apart(edges: Edges) -> None:
    svg = _example(edges)
    boxes = _boxes(svg)
    assert list(boxes) == list("abcdefgh")
    assert all(_apart(*pair) for pair in combinations(boxes.values(), 2))
    assert set(_edges(svg)) == set(edges)


def test_a_small_estate_has_room_for_the_legend_and_an_empty_one_is_drawn() -> None:
    for parts in ({}, {"a": Part("a", "system", "service", "a", "Service")}):
        drawn = Diagram("example", DependencyGraph(), parts, {}, {})
        svg = ElementTree.fromstring(as_svg(drawn))
        assert list(_boxes(svg)) == list(parts)
        lefts = [float(each.attrib["x"]) for each in _of_class(svg, "detail")]
        assert max(lefts) + 150 < float(svg.attrib["width"])


@pytest.mark.parametrize("weakest", [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")])
def test_of_a_circle_the_weakest_edge_is_drawn_from_right_to_left(weakest: tuple[str, str]) -> None:
    circle = dict.fromkeys(pairwise("abcda"), Effect.DOWN) | {weakest: Effect.PARTLY}
    boxes = _boxes(_example(circle))
    leftwards = {ends for ends in circle if boxes[ends[0]][0] > boxes[ends[1]][0]}
    assert leftwards == {weakest}


def test_both_forms_are_the_same_in_another_process_without_fonts(plan: Plan) -> None:
    drawn = diagram(plan("prod"))
    other = subprocess.run(
        [sys.executable, "-c", BOTH_FORMS],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "1", "PATH": "", "FONTCONFIG_FILE": "/missing"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stderr == ""
    assert other.stdout == f"{as_svg(drawn)} {as_html(drawn)}\n"


def _ops(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["ops", "graph", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code


@pytest.mark.parametrize("form", ["svg", "html"])
def test_no_form_shows_a_secret(form: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for key, value in {**CANARIES, **SEAL_KEY}.items():
        monkeypatch.setenv(key, value)
    file = tmp_path / "estate"
    assert _ops(monkeypatch, "--format", form, "--output", str(file)) == 0
    text = file.read_text("utf-8")
    assert "krotrust-server" in text
    assert "canary" not in text


def test_the_picture_needs_nothing_from_elsewhere(plan: Plan) -> None:
    text = as_svg(diagram(plan("prod")))
    assert re.findall(r"https?:[^\"]*", text) == [SPACE[1:-1]]
    assert not re.search(r"url\(|@import|@font-face|href|<script|<image|<foreignObject", text)


def test_it_is_printed_where_no_file_is_named(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _ops(monkeypatch, "--format", "svg") == 0
    assert capsysbinary.readouterr().out.decode() == as_svg(diagram(plan("prod")))


def test_a_file_that_cannot_be_written_is_one_message_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "missing" / "estate.svg"
    assert _ops(monkeypatch, "--format", "svg", "--output", str(file)) == 1
    assert (
        capsys.readouterr().err == f"error: {file} cannot be written: No such file or directory\n"
    )
