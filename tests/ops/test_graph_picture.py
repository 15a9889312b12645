"""`ops graph`: every part and edge of the plan drawn once, apart from each other, and no secret."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import CANARIES, SEAL_KEY, STACKS
from hypothesis import given, settings
from hypothesis import strategies as st

from ops import ROOT
from ops import plan as plan_command
from ops.__main__ import main
from ops.drawing import as_svg
from ops.graph import Graph
from ops.layout import HEIGHT, Point, layered
from ops.parts import estate

Plan = Callable[[str], Graph]
Sides = tuple[float, float, float, float]  # left, top, right, bottom
SPACE = "{http://www.w3.org/2000/svg}"
EDGE = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))
BOTH_FORMS = """
from ops import config
from ops.drawing import as_svg
from ops.graph import build
from ops.parts import estate
from ops.picture import as_html
drawn = estate(build(config.load("prod")))
print(as_svg(drawn), as_html(drawn))
"""


def _svg(planned: Graph) -> ElementTree.Element:
    return ElementTree.fromstring(as_svg(estate(planned)))


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
    found = {(each.attrib["data-from"], each.attrib["data-to"]): each for each in drawn}
    assert len(found) == len(drawn)
    return found


def _apart(one: Sides, other: Sides) -> bool:
    return one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


def _holds(outer: Sides, inner: Sides) -> bool:
    return (
        outer[0] < inner[0] and outer[1] < inner[1] and inner[2] < outer[2] and inner[3] < outer[3]
    )


def _along(edge: ElementTree.Element) -> Iterator[Point]:
    """Give points all along a line: it is level where it starts and ends each of its curves."""
    path = next(_of_class(edge, "run")).attrib["d"]
    x = y = 0
    for kind, numbers in re.findall(r"([MHC])([\d ]+)", path):
        *_, end_x, end_y = [*map(int, numbers.split()), *([y] if kind == "H" else [])]
        if kind != "M":
            for step in range(41):
                t = step / 40
                bend = 3 * t * t - 2 * t**3
                yield (
                    round(
                        x + (end_x - x) * (1.5 * t * (1 - t) ** 2 + 1.5 * t * t * (1 - t) + t**3)
                    ),
                    round(y + (end_y - y) * bend),
                )
        x, y = end_x, end_y


@pytest.mark.parametrize("stack", STACKS)
def test_every_part_and_every_edge_of_the_plan_is_drawn(plan: Plan, stack: str) -> None:
    svg = _svg(plan(stack))
    told = plan_command.as_mermaid(plan(stack))
    assert list(_boxes(svg)) == re.findall(r"^    (\S+)\[", told, re.M)
    assert set(_edges(svg)) >= set(re.findall(r"^  (\S+) --> (\S+)$", told, re.M))
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
    boxes, frames = _boxes(svg), [_sides(each) for each in _of_class(svg, "frame")]
    systems = dict(zip(plan(stack).systems(), frames, strict=True))
    assert all(_apart(*pair) for pair in combinations(boxes.values(), 2))
    assert all(_apart(*pair) for pair in combinations(frames, 2))
    part = estate(plan(stack)).parts
    assert all(_holds(systems[part[name].system], sides) for name, sides in boxes.items())
    whole = (0.0, 0.0, float(svg.attrib["width"]), float(svg.attrib["height"]))
    assert all(_holds(whole, frame) for frame in frames)


@pytest.mark.parametrize("stack", STACKS)
def test_no_line_runs_under_a_box_and_each_ends_at_its_two(plan: Plan, stack: str) -> None:
    svg = _svg(plan(stack))
    boxes = _boxes(svg)
    for ends, edge in _edges(svg).items():
        points = list(_along(edge))
        for (x, y), name in ((points[0], ends[0]), (points[-1], ends[1])):
            left, top, right, bottom = boxes[name]
            assert x in (left, right)
            assert top < y < bottom
        for name, (left, top, right, bottom) in boxes.items():
            under = [(x, y) for x, y in points if left < x < right and top < y < bottom]
            assert (ends, name, under) == (ends, name, [])


@settings(deadline=None)  # a machine may be busy
@given(st.dictionaries(EDGE.filter(lambda ends: ends[0] != ends[1]), st.integers(1, 4)))
def test_any_graph_has_its_boxes_apart_in_columns_that_its_lines_join(
    edges: dict[tuple[str, str], int],
) -> None:
    laid = layered({name: 60 + ord(name) for name in "abcdefgh"}, edges)
    boxes = {
        name: (box.x, box.y, box.x + box.width, box.y + HEIGHT) for name, box in laid.boxes.items()
    }
    assert set(boxes) == set("abcdefgh")
    assert all(_apart(*pair) for pair in combinations(boxes.values(), 2))
    assert all(_holds((-1, -1, laid.width + 1, laid.height + 1), sides) for sides in boxes.values())
    assert set(laid.lines) == set(edges)
    for (start, end), points in laid.lines.items():
        assert points[0][0] in (boxes[start][0], boxes[start][2])
        assert points[-1][0] in (boxes[end][0], boxes[end][2])
        for (x, y), (to_x, to_y) in zip(points[1::2], points[2::2], strict=False):
            assert y == to_y  # through a column it runs level, so that it stays between boxes
            crossed = (min(x, to_x), y, max(x, to_x), y)
            assert all(_apart(crossed, sides) for sides in boxes.values())


def test_of_a_circle_the_lightest_edge_is_drawn_against_the_others() -> None:
    laid = layered(dict.fromkeys("abc", 80), {("a", "b"): 4, ("b", "c"): 4, ("c", "a"): 2})
    assert laid.boxes["a"].x < laid.boxes["b"].x < laid.boxes["c"].x
    assert laid.lines["c", "a"][0][0] > laid.lines["c", "a"][-1][0]


def test_both_forms_are_the_same_in_another_process_with_another_hash_seed() -> None:
    seen = {
        subprocess.run(
            [sys.executable, "-c", BOTH_FORMS],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    assert len(seen.pop()) > 50_000


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
    text = as_svg(estate(plan("prod")))
    assert re.findall(r"https?:[^\"]*", text) == [SPACE[1:-1]]
    assert not re.search(r"url\(|@import|@font-face|href|<script|<image|<foreignObject", text)


def test_it_is_printed_where_no_file_is_named(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _ops(monkeypatch, "--format", "svg") == 0
    assert capsysbinary.readouterr().out.decode() == as_svg(estate(plan("prod")))


def test_a_file_that_cannot_be_written_is_one_message_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "missing" / "estate.svg"
    assert _ops(monkeypatch, "--format", "svg", "--output", str(file)) == 1
    assert (
        capsys.readouterr().err == f"error: {file} cannot be written: No such file or directory\n"
    )
