"""The page of `ops graph` in a real browser: it shows what `ops blast` says, and loads nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ops.diagram.page import as_html
from ops.diagram.parts import diagram
from ops.impact.blast import blast_radius, lines, resolve
from ops.impact.edges import dependency_graph
from ops.plan.graph import Graph, Resource

if TYPE_CHECKING:
    from playwright.sync_api import Page

Plan = Callable[[str], Graph]
SERVICES = 1_000


@pytest.fixture
def written(plan: Plan, tmp_path: Path) -> str:
    return _write(plan("prod"), tmp_path)


def _write(planned: Graph, folder: Path) -> str:
    file = folder / "estate.html"
    file.write_text(as_html(diagram(planned)), "utf-8")
    return file.as_uri()


def _click(page: Page, part: str) -> None:
    """Click a box, and wait for the change of the address to show its answer."""
    page.locator(f'.node[data-name="{part}"]').click()
    page.locator(f'.node.chosen[data-name="{part}"]').wait_for()


def _heading(page: Page) -> str:
    return page.locator("#answer h1").inner_text()


def _rows(page: Page) -> list[str]:
    """The answer of the page, in the columns of `ops blast`."""
    rows = page.evaluate(
        """[...document.querySelectorAll('#answer ul')].map(list => [list.dataset.head,
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


def test_a_click_on_any_part_shows_exactly_what_blast_says(
    plan: Plan, page: Page, written: str
) -> None:
    impact = dependency_graph(plan("prod"))
    page.goto(written)
    parts = page.locator(".node").evaluate_all("nodes => nodes.map(node => node.dataset.name)")
    assert len(parts) > 40
    for part in parts:
        _click(page, part)
        assert _heading(page) == f"{part} in prod: what its loss affects"
        assert _rows(page) == list(lines(blast_radius(impact, resolve(impact, part))))


def test_every_name_shows_what_blast_says_of_it(plan: Plan, page: Page, written: str) -> None:
    impact = dependency_graph(plan("prod"))
    page.goto(written)
    for name in sorted(impact.nodes.keys() | impact.resources.keys()):
        page.evaluate("name => { location.hash = encodeURIComponent(name); show(); }", name)
        assert _rows(page) == list(lines(blast_radius(impact, resolve(impact, name))))


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
    assert page.locator("svg.answered").count() == 0


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
def test_the_search_lists_it_and_enter_opens_it(
    page: Page, written: str, typed: str, name: str
) -> None:
    page.goto(written)
    page.keyboard.press("/")
    page.keyboard.type(typed)
    assert name in page.locator(".hits a").all_inner_texts()
    page.locator(".hits a").get_by_text(name, exact=True).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".node.chosen")
    assert _heading(page) == f"{name} in prod: what its loss affects"


def test_enter_in_the_search_opens_the_first_hit(page: Page, written: str) -> None:
    page.goto(written)
    page.get_by_role("searchbox").fill("krotrust-droplet")
    page.keyboard.press("Enter")
    page.wait_for_selector(".node.chosen")
    assert _heading(page).startswith("krotrust-droplet in prod")
    page.get_by_role("searchbox").fill("§")
    assert _heading(page) == "Nothing has this name"


@pytest.mark.parametrize("name", ["pencom-redis", "https://krogiving.com", "krotrust-droplet"])
def test_the_address_opens_it(page: Page, written: str, name: str) -> None:
    page.goto(f"{written}#{name}")
    assert _heading(page) == f"{name} in prod: what its loss affects"
    page.goto(f"{written}#pencom-minio")
    page.wait_for_selector('.chosen[data-name="pencom-minio"]')
    assert _heading(page).startswith("pencom-minio")


def test_an_address_that_is_no_logical_name_is_searched_for(page: Page, written: str) -> None:
    page.goto(f"{written}#kro-prod")
    hits = page.locator(".hits a").all_inner_texts()
    assert {"krotrust-droplet", "krotrust-vpc"} <= set(hits)
    page.goto(f"{written}#%E0%A4%A")
    assert _heading(page) == "Nothing has this name"


def test_a_box_is_reached_and_opened_with_the_keyboard(page: Page, written: str) -> None:
    page.goto(written)
    page.get_by_role("searchbox").focus()
    for stop in ("#out", "#fit", "#in", "main", ".node"):
        page.keyboard.press("Tab")
        assert page.locator(f"{stop}:focus").count() == 1
    first = page.locator(".node").first.get_attribute("data-name")
    page.keyboard.press("Enter")
    page.wait_for_selector(f'.chosen[data-name="{first}"]')
    assert _heading(page).startswith(f"{first} in prod")


def _renamed(resource: Resource, name: str) -> Resource:
    return replace(resource, name=name, urn=resource.urn.replace("::pencom-audit", f"::{name}"))


@pytest.mark.parametrize(
    "evil",
    [
        "pencom-</script><script>alert(1)</script>",
        "pencom-<img src=x onerror=alert(1)>",
        "pencom-\"'>&amp;$data${picture}<!--<script>",
    ],
)
def test_a_name_is_shown_and_never_run(plan: Plan, page: Page, tmp_path: Path, evil: str) -> None:
    (audit,) = (each for each in plan("prod").resources if each.name == "pencom-audit")
    renamed = replace(plan("prod"), resources=(*plan("prod").resources, _renamed(audit, evil)))
    page.goto(_write(renamed, tmp_path))
    page.get_by_role("searchbox").fill(evil)
    page.keyboard.press("Enter")
    page.wait_for_selector(".node.chosen")
    assert _heading(page) == f"{evil} in prod: what its loss affects"
    assert page.locator(".node.chosen .label").text_content() == evil.removeprefix("pencom-")
    assert page.locator("script").count() == 2


@pytest.mark.soak
def test_it_works_with_a_thousand_services(plan: Plan, page: Page, tmp_path: Path) -> None:
    (audit,) = (each for each in plan("prod").resources if each.name == "pencom-audit")
    services = []
    for number in range(SERVICES):
        calls = [f"service-{(number - 1) // 3}"] if number else []
        service = _renamed(audit, f"pencom-service-{number}")
        services.append(replace(service, inputs={**service.inputs, "calls": calls}))
    many = replace(plan("prod"), resources=(*plan("prod").resources, *services))
    impact = dependency_graph(many)
    page.goto(_write(many, tmp_path))
    for name in ("pencom-service-7", "pencom-postgresql"):
        page.get_by_role("searchbox").fill(name)
        page.keyboard.press("Enter")
        page.wait_for_selector(f'.chosen[data-name="{name}"]')
        rows = list(lines(blast_radius(impact, resolve(impact, name))))
        assert _rows(page) == rows
    assert len(rows) > SERVICES
    assert sum(state == "down" for state in _states(page).values()) > SERVICES
