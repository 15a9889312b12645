"""An `up` goes as wide as the cloud allows: no longer than its longest chain, and a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.parallel import measure

pytestmark = [pytest.mark.engine, pytest.mark.soak]

SPEED = 5  # two minutes of waiting, in which the engine's own start of 3 to 4 s weighs little
LIMIT = 1.15


def test_an_up_of_production_takes_little_longer_than_its_longest_chain(tmp_path: Path) -> None:
    width = measure("prod", SPEED, tmp_path / "prod")
    assert width.names[0].endswith("-vpc")
    assert width.ratio <= LIMIT, width
