"""The tests of the tools, on the frozen estate in tests/example/. Production's are a second suite.

Both have modules of the same names (`components.facts` ...), so each suite is a process of its own.
"""

from __future__ import annotations

import example_estate
import pytest

example_estate.build()  # before anything of the project is imported, from what it makes

from fixtures import (
    _strict_and_empty,
    engine_for,
    plan,
    pytest_collection_finish,
    pytest_collection_modifyitems,
)
from in_chromium import browser, page
from plans import CANARIES, DELETE, SEAL_KEY, STACKS, changed
from real_engine import Engine

import ops

__all__ = [
    "CANARIES",
    "DELETE",
    "SEAL_KEY",
    "STACKS",
    "Engine",
    "_strict_and_empty",
    "browser",
    "changed",
    "engine_for",
    "page",
    "plan",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
]
OTHER = "Not run here: the rules of the committed stacks, by `pytest tests/production`."

if ops.ROOT != example_estate.FOLDER:
    raise pytest.UsageError(f"the project was imported from {ops.ROOT}, not from the example")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which of the two suites this was."""
    terminalreporter.write_line(f"suite: the tools, on tests/example. {OTHER}")
