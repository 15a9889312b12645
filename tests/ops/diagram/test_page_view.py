"""The page of `ops graph` in a real browser: legible on any screen and at any zoom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ops.diagram.page import as_html
from ops.diagram.parts import diagram
from ops.plan.graph import Graph

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTH = 390  # of a phone


@pytest.fixture
def written(plan: Callable[[str], Graph], tmp_path: Path) -> str:
    file = tmp_path / "estate.html"
    file.write_text(as_html(diagram(plan("prod"))), "utf-8")
    return file.as_uri()


def test_every_text_fits_into_its_box(page: Page, written: str) -> None:
    page.goto(written)
    outside = page.evaluate(
        """[...document.querySelectorAll('.node')].flatMap(node => {
        const box = node.querySelector('.box').getBBox();
        return [...node.querySelectorAll('.label, .detail')].map(text => text.getBBox()).filter(
            text => text.x < box.x || text.x + text.width > box.x + box.width
                || text.y < box.y || text.y + text.height > box.y + box.height);
        }).length"""
    )
    assert outside == 0


@pytest.mark.parametrize("name", ["", "krotrust-droplet", "krogiving-zone", "pencom-vps-2"])
def test_no_text_is_over_another(page: Page, written: str, name: str) -> None:
    page.goto(f"{written}#{name}")
    overlapping = page.evaluate(
        """(() => {
        const texts = [...document.querySelectorAll('svg text')].filter(each => each.textContent);
        const sides = texts.map(each => each.getBoundingClientRect());
        return texts.flatMap((text, number) => texts.slice(0, number)
            .filter((_, other) => sides[number].left < sides[other].right
                && sides[other].left < sides[number].right
                && sides[number].top < sides[other].bottom - 1
                && sides[other].top < sides[number].bottom - 1)
            .map(other => [text.textContent, other.textContent])); })()"""
    )
    assert overlapping == []


def _size(page: Page) -> tuple[float, float]:
    box = page.locator("main svg").bounding_box()
    assert box is not None
    return box["width"], box["height"]


@pytest.mark.parametrize("size", [(1400, 900), (900, 1400), (WIDTH, 844), (2560, 1440)])
def test_fit_shows_the_whole_picture(page: Page, written: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(written)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Fit").click()
    hidden = page.evaluate(
        """(main => [main.scrollWidth - main.clientWidth, main.scrollHeight - main.clientHeight])(
        document.querySelector('main'))"""
    )
    assert hidden == [0, 0]
    width, height = _size(page)
    assert width / height == pytest.approx(
        page.evaluate("(({width, height}) => width / height)(svg.viewBox.baseVal)"), rel=0.01
    )


def test_at_first_nothing_is_cut_on_a_common_screen(page: Page, written: str) -> None:
    page.goto(written)
    main = page.locator("main").bounding_box()
    assert main is not None
    assert _size(page)[0] <= main["width"]


def test_it_is_zoomed_with_buttons_and_keys(page: Page, written: str) -> None:
    page.goto(written)
    fitted = _size(page)
    page.get_by_role("button", name="Zoom in").click()
    assert _size(page)[0] > fitted[0] * 1.2
    page.get_by_role("button", name="Zoom out").click()
    assert _size(page) == pytest.approx(fitted)
    page.keyboard.press("+")
    page.keyboard.press("+")
    larger = _size(page)
    assert larger[0] > fitted[0] * 1.5
    page.keyboard.press("-")
    assert fitted[0] < _size(page)[0] < larger[0]
    page.keyboard.press("0")
    assert _size(page)[1] <= 900
    page.get_by_role("searchbox").focus()
    before = _size(page)
    page.keyboard.type("+-0")
    assert _size(page) == before
    assert page.get_by_role("searchbox").input_value() == "+-0"


def test_the_wheel_with_ctrl_zooms_at_the_pointer_and_a_drag_moves(
    page: Page, written: str
) -> None:
    page.goto(written)
    box = page.locator('.node[data-name="pencom-core"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function("scale > 1")
    over = "([x, y]) => document.elementFromPoint(x, y).closest('.node')?.dataset.name"
    assert page.evaluate(over, [x, y]) == "pencom-core"
    page.mouse.down()
    page.mouse.move(x - 90, y - 70, steps=5)
    assert page.evaluate(over, [x - 90, y - 70]) == "pencom-core"
    page.mouse.up()


def test_on_a_phone_nothing_but_the_picture_has_to_be_moved_sideways(
    page: Page, written: str
) -> None:
    page.set_viewport_size({"width": WIDTH, "height": 844})
    page.goto(f"{written}#pencom-postgresql")
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH
    assert page.locator("#answer h2").first.is_visible()
    box = page.locator(".node.chosen").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= WIDTH - box["width"]


def test_it_is_dark_where_the_browser_prefers_it_dark(page: Page, written: str) -> None:
    colors = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(written)
        colors[scheme] = page.evaluate(
            """['body', '.box', '.label'].map(name => {
            const style = getComputedStyle(document.querySelector(name));
            return name === 'body' ? style.backgroundColor : style.fill; })"""
        )
    assert all(one != other for one, other in zip(colors["light"], colors["dark"], strict=True))
