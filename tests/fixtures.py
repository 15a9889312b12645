"""Fixtures and hooks of both suites. A conftest.py registers them by importing them."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from plans import SECRETS, plan_of
from real_engine import Engine

from ops.plan.graph import Graph


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the browser; skip those of the engine if it is not installed."""
    skip = pytest.mark.skip(reason="the pulumi command line is not installed")
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        # The folder of a test is a keyword too, and one of them is called engine.
        if item.get_closest_marker("engine") and not shutil.which("pulumi"):
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from visiting the SDKs' modules again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(autouse=True)
def _strict_and_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an Output in a text an error, and keep the secrets of the shell out of a test."""
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")
    for name in list(os.environ):
        if name.startswith(SECRETS):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def plan() -> Callable[[str], Graph]:
    """Return the plan of a stack, made once."""
    return plan_of


@pytest.fixture
def engine_for(tmp_path: Path) -> Callable[[str], Engine]:
    """Return a function that creates an engine for a stack."""

    def make(stack: str) -> Engine:
        folder = tmp_path / stack
        folder.mkdir()
        return Engine(folder, stack)

    return make
