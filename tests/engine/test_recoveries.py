"""Every recovery in the cloud, rehearsed from end to end, as its page in the runbook says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import build
from ops.recovery.kinds import ON_PREMISES
from ops.recovery.loss import Loss, losable
from rehearsal.play import Play, again, begin, reachable
from rehearsal.scenario import Recovered, recover

pytestmark = [pytest.mark.engine, pytest.mark.soak]

PLANNED = build(config.load("prod"))
LOSSES = [
    each for each in losable(PLANNED, dependency_graph(PLANNED)) if each.kind not in ON_PREMISES
]
# Of a droplet that was imported, nobody can read these back.
UNREAD = {"krotrust-droplet": "sshKeys, userData"}


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


def _expected(loss: Loss) -> Mapping[str, str]:
    """What is not as it was before, on purpose."""
    if loss.kind in ("state", "up"):
        return UNREAD
    if loss.kind == "database" and loss.resource and loss.resource.inputs["engine"] != "valkey":
        return _restored(loss.resource.name.removesuffix("-cluster"))
    if loss.kind == "region":
        stores = ("krotrust-database", "krogiving-postgresql", "krogiving-mongodb")
        return {name: what for each in stores for name, what in _restored(each, kept=True).items()}
    return {}


def _restored(database: str, *, kept: bool = False) -> dict[str, str]:
    """A further cluster stands beside the old one, or in its place once that was given up."""
    (name,) = (
        each.inputs["name"] for each in PLANNED.resources if each.name == f"{database}-cluster"
    )
    parts = ("cluster", "db", "user", "trusted-sources")
    told = {f"{database}-{name}-2-{part}": "new" for part in parts}
    if not kept:
        told |= {f"{database}-{part}": "gone" for part in parts}
    system = database.partition("-")[0]
    told |= {database: "inUse", f"{system}-grouping-members": "resources"}
    return told | ({"krogiving-backend-app": "spec"} if system == "krogiving" else {})


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_what_was_lost_is_back_and_nothing_else_has_changed(
    recovered: Callable[[str], Recovered], loss: Loss
) -> None:
    done = recovered(loss.name)
    assert done.differs == _expected(loss)
    assert done.took == done.expected
