"""The committed stacks, held to their rules; no test here knows a value of theirs.

pytest.ini beside this file makes the folder a suite of its own: `pytest tests/production`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

if "ops" in sys.modules:
    raise pytest.UsageError(
        "tests/production needs a process of its own, since the other tests import an example's"
        " facts in the place of production's. Run one of\n"
        "  pytest tests/production\n"
        "  pytest             every other test\n"
        "  make check         both"
    )
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

from fixtures import (
    _strict_and_empty,
    engine_for,
    plan,
    pytest_collection_finish,
    pytest_collection_modifyitems,
)

__all__ = [
    "_strict_and_empty",
    "engine_for",
    "plan",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
]
