"""A page in headless Chromium, where it is installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from ops.plan.graph import Graph

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser(plan: Callable[[str], Graph]) -> Iterator[Browser]:
    """Chromium, where it is installed."""
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
    """A page that prints nothing on its console and requests no file but itself."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    events: list[str] = []
    page.on("console", lambda message: events.append(message.text))
    page.on("pageerror", lambda error: events.append(str(error)))
    page.on("dialog", lambda dialog: events.append(dialog.message))
    page.on("request", lambda request: events.append(request.url))
    yield page
    page.close()
    assert {each.partition("#")[0] for each in events} == {events[0].partition("#")[0]}
    assert events[0].startswith("file://")
