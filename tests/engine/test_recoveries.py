"""Every recovery in the cloud, rehearsed from end to end, as its page in the runbook says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ops import config
from ops.edges import standing
from ops.graph import build
from ops.recovery.kinds import ON_PREMISES
from ops.recovery.loss import Loss, losable
from rehearsal.play import Play, again, begin, reachable
from rehearsal.scenario import Recovered, recover

pytestmark = [pytest.mark.engine, pytest.mark.soak]


def _losses() -> list[Loss]:
    """What may be lost of production in the cloud."""
    planned = build(config.load("prod"))
    found = losable(planned, standing(planned))
    return [each for each in found if each.kind not in ON_PREMISES]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Production, brought up and settled."""
    return begin(tmp_path_factory.mktemp("recoveries") / "settled", 0)


@pytest.fixture
def recovered(settled: Play, tmp_path: Path) -> Callable[[str], Recovered]:
    """Rehearse the recovery from a loss, in a copy of the settled estate."""

    def rehearse(lost: str) -> Recovered:
        with reachable(again(tmp_path / "lost", settled)) as play:
            return recover(play, lost)

    return rehearse


# What is not as it was before, on purpose: beside `new` and `gone`, which inputs differ.
MOVED = {"krotrust-database": "inputs"}


@pytest.mark.parametrize("loss", _losses(), ids=lambda loss: loss.name)
def test_what_was_lost_is_as_before(recovered: Callable[[str], Recovered], loss: Loss) -> None:
    done = recovered(loss.name)
    assert done.differs == {}
