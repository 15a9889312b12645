"""The page of `ops graph` in a real browser: it tells what `ops blast` tells, and asks nobody."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ops.impact.blast import blast_radius, lines, resolve
from ops.impact.edges import dependency_graph
from ops.parts import estate
from ops.picture import as_html
from ops.plan.graph import Graph, Resource

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Plan = Callable[[str], Graph]
SERVICES = 1_000
WIDTH = 390  # of a phone


@pytest.fixture(scope="module")
def browser(plan: Plan) -> Iterator[Browser]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the Python package playwright is not installed"
    )
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on the PATH")
    plan("prod")  # before the browser's event loop runs: recording a plan needs its own
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that, whatever is done with it, says nothing on its console and asks for nothing."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.on("request", lambda request: told.append(request.url))
    yield page
    page.close()
    assert {each.partition("#")[0] for each in told} == {told[0].partition("#")[0]}
    assert told[0].startswith("file://")


@pytest.fixture
def written(plan: Plan, tmp_path: Path) -> str:
    return _write(plan("prod"), tmp_path)


def _write(planned: Graph, folder: Path) -> str:
    file = folder / "estate.html"
    file.write_text(as_html(estate(planned)), "utf-8")
    return file.as_uri()


def _click(page: Page, part: str) -> None:
    """Click a box; what it tells comes with the address, a moment later."""
    page.locator(f'.node[data-name="{part}"]').click()
    page.locator(f'.node.chosen[data-name="{part}"]').wait_for()


def _heading(page: Page) -> str:
    return page.locator("#told h1").inner_text()


def _told(page: Page) -> list[str]:
    """Give what the page tells, in the columns of `ops blast`."""
    rows = page.evaluate(
        """[...document.querySelectorAll('#told ul')].map(list => [list.dataset.head,
        [...list.children].map(item => {
            const state = item.querySelector('b')?.textContent ?? '';
            return [state, item.textContent.slice(state.length)];
        })])"""
    )
    return [
        f"{'' if number else head:13}{f'{state:9}' if state else ''}{text}"
        for head, texts in rows
        for number, (state, text) in enumerate(texts)
    ]


def _states(page: Page) -> dict[str, str]:
    states: dict[str, str] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('.node[data-state]')].map(
        node => [node.dataset.name, node.querySelector('.state').textContent]))"""
    )
    return states


def test_a_click_on_any_part_tells_exactly_what_blast_tells(
    plan: Plan, page: Page, written: str
) -> None:
    found = dependency_graph(plan("prod"))
    page.goto(written)
    parts = page.locator(".node").evaluate_all("nodes => nodes.map(node => node.dataset.name)")
    assert len(parts) > 40
    for part in parts:
        _click(page, part)
        assert _heading(page) == f"{part} in prod, and what stands on it"
        assert _told(page) == list(lines(blast_radius(found, resolve(found, part))))


def test_every_name_tells_what_blast_tells_of_it(plan: Plan, page: Page, written: str) -> None:
    found = dependency_graph(plan("prod"))
    page.goto(written)
    for name in sorted(found.nodes.keys() | found.resources.keys()):
        page.evaluate("name => { location.hash = encodeURIComponent(name); show(); }", name)
        assert _told(page) == list(lines(blast_radius(found, resolve(found, name))))


def test_a_click_marks_what_is_hit_and_nothing_else(page: Page, written: str) -> None:
    page.goto(written)
    _click(page, "krogiving-backend")
    assert _states(page) == {
        **dict.fromkeys(["krogiving-backend", "krogiving-uptime-api"], "down"),
        **dict.fromkeys(["krogiving-frontend", "krogiving-admin"], "degraded"),
        **{f"krogiving-uptime-{name}": "degraded" for name in ("admin", "site", "www")},
        **{f"krogiving-{name}": "stays" for name in ("postgresql", "mongodb", "valkey", "media")},
    }
    assert page.locator(".node.chosen").get_attribute("data-name") == "krogiving-backend"
    page.keyboard.press("Escape")
    assert _states(page) == {}
    assert page.locator("svg.told").count() == 0


def test_a_third_party_has_no_box_and_its_users_are_marked(page: Page, written: str) -> None:
    page.goto(f"{written}#PostHog")
    assert _states(page) == {"pencom-api-gateway": "unseen"}
    assert page.locator(".node.unseen").count() == 1  # its colour
    assert page.locator(".node.chosen").count() == 0


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("krotrust-zone-a-api", "krotrust-zone-a-api"),
        ("https://app2.krotrust.com/", "https://app2.krotrust.com/"),
        ("ADMIN.KROGIVING.COM", "https://admin.krogiving.com"),
        ("vps-2", "pencom-vps-2"),
        ("giv-admin-new", "krogiving-admin-app"),
        ("external-gateway", "pencom-external-gateway"),
        ("giv-prod-postgresql", "krogiving-postgresql-cluster"),
        ("pencom_payments", "pencom-postgresql/pencom_payments"),
        ("nginx", "pencom-nginx"),
    ],
)
def test_the_search_finds_it_and_enter_opens_it(
    page: Page, written: str, typed: str, name: str
) -> None:
    page.goto(written)
    page.keyboard.press("/")
    page.keyboard.type(typed)
    assert name in page.locator(".hits a").all_inner_texts()
    page.locator(".hits a").get_by_text(name, exact=True).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".node.chosen")
    assert _heading(page) == f"{name} in prod, and what stands on it"


def test_enter_in_the_search_opens_the_first_hit(page: Page, written: str) -> None:
    page.goto(written)
    page.get_by_role("searchbox").fill("krotrust-droplet")
    page.keyboard.press("Enter")
    page.wait_for_selector(".node.chosen")
    assert _heading(page).startswith("krotrust-droplet in prod")
    page.get_by_role("searchbox").fill("§")
    assert _heading(page) == "Nothing is called that"


@pytest.mark.parametrize("name", ["pencom-redis", "https://krogiving.com", "krotrust-droplet"])
def test_the_address_opens_it(page: Page, written: str, name: str) -> None:
    page.goto(f"{written}#{name}")
    assert _heading(page) == f"{name} in prod, and what stands on it"
    page.goto(f"{written}#pencom-minio")
    page.wait_for_selector('.chosen[data-name="pencom-minio"]')
    assert _heading(page).startswith("pencom-minio")


def test_an_address_that_is_no_logical_name_is_searched_for(page: Page, written: str) -> None:
    page.goto(f"{written}#kro-prod")
    hits = page.locator(".hits a").all_inner_texts()
    assert {"krotrust-droplet", "krotrust-vpc"} <= set(hits)
    page.goto(f"{written}#%E0%A4%A")
    assert _heading(page) == "Nothing is called that"


def test_a_box_is_reached_and_opened_with_the_keyboard(page: Page, written: str) -> None:
    page.goto(written)
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Tab")
    if page.locator("main:focus").count():  # a browser may stop at what scrolls
        page.keyboard.press("Tab")
    first = page.locator(".node").first.get_attribute("data-name")
    page.keyboard.press("Enter")
    page.wait_for_selector(f'.chosen[data-name="{first}"]')
    assert _heading(page).startswith(f"{first} in prod")


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


def test_on_a_phone_nothing_but_the_picture_has_to_be_moved_sideways(
    page: Page, written: str
) -> None:
    page.set_viewport_size({"width": WIDTH, "height": 844})
    page.goto(f"{written}#pencom-postgresql")
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH
    assert page.locator("#told h2").first.is_visible()
    box = page.locator(".node.chosen").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= WIDTH - box["width"]


def test_it_is_dark_where_the_reader_wants_it_dark(page: Page, written: str) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(written)
        seen[scheme] = page.evaluate(
            """['body', '.box', '.label'].map(name => {
            const style = getComputedStyle(document.querySelector(name));
            return name === 'body' ? style.backgroundColor : style.fill; })"""
        )
    assert all(one != other for one, other in zip(seen["light"], seen["dark"], strict=True))


def _renamed(resource: Resource, name: str) -> Resource:
    return replace(resource, name=name, urn=resource.urn.replace("::pencom-audit", f"::{name}"))


@pytest.mark.parametrize(
    "evil",
    [
        "pencom-</script><script>alert(1)</script>",
        "pencom-<img src=x onerror=alert(1)>",
        "pencom-\"'>&amp;$told${picture}<!--<script>",
    ],
)
def test_a_name_is_shown_and_never_run(plan: Plan, page: Page, tmp_path: Path, evil: str) -> None:
    (audit,) = (each for each in plan("prod").resources if each.name == "pencom-audit")
    renamed = replace(plan("prod"), resources=(*plan("prod").resources, _renamed(audit, evil)))
    page.goto(_write(renamed, tmp_path))
    page.get_by_role("searchbox").fill(evil)
    page.keyboard.press("Enter")
    page.wait_for_selector(".node.chosen")
    assert _heading(page) == f"{evil} in prod, and what stands on it"
    assert page.locator(".node.chosen .label").text_content() == evil.removeprefix("pencom-")
    assert page.locator("script").count() == 2


def test_it_works_with_a_thousand_services(plan: Plan, page: Page, tmp_path: Path) -> None:
    (audit,) = (each for each in plan("prod").resources if each.name == "pencom-audit")
    services = []
    for number in range(SERVICES):
        calls = [f"service-{(number - 1) // 3}"] if number else []
        service = _renamed(audit, f"pencom-service-{number}")
        services.append(replace(service, inputs={**service.inputs, "calls": calls}))
    many = replace(plan("prod"), resources=(*plan("prod").resources, *services))
    found = dependency_graph(many)
    page.goto(_write(many, tmp_path))
    for name in ("pencom-service-7", "pencom-postgresql"):
        page.get_by_role("searchbox").fill(name)
        page.keyboard.press("Enter")
        page.wait_for_selector(f'.chosen[data-name="{name}"]')
        told = list(lines(blast_radius(found, resolve(found, name))))
        assert _told(page) == told
    assert len(told) > SERVICES
    assert sum(state == "down" for state in _states(page).values()) > SERVICES
