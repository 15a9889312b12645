"""Every recovery in the cloud, rehearsed from end to end, as its page of the runbook says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import build
from ops.recovery.kinds import ON_PREMISES
from ops.recovery.loss import Loss, losable
from rehearsal.sandbox import Sandbox, copy, create, with_network
from rehearsal.scenario import Recovery, recover

pytestmark = [pytest.mark.engine, pytest.mark.soak]

PLANNED = build(config.load("prod"))
LOSSES = [
    each for each in losable(PLANNED, dependency_graph(PLANNED)) if each.kind not in ON_PREMISES
]
# No read returns these inputs of an imported droplet.
UNREAD = {"krotrust-droplet": "sshKeys, userData"}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Production, deployed until nothing changes."""
    return create(tmp_path_factory.mktemp("recoveries") / "settled", 0)


@pytest.fixture
def recovered(settled: Sandbox, tmp_path: Path) -> Callable[[str], Recovery]:
    """Rehearse the recovery from a loss, in a copy of the settled estate."""

    def rehearse(lost: str) -> Recovery:
        with with_network(copy(tmp_path / "lost", settled)) as sandbox:
            return recover(sandbox, lost)

    return rehearse


def _expected(loss: Loss) -> Mapping[str, str]:
    """Return the differences from before the loss that are intended."""
    if loss.kind in ("state", "up"):
        return UNREAD
    if loss.kind == "database" and loss.resource and loss.resource.inputs["engine"] != "valkey":
        return _restored(loss.resource.name.removesuffix("-cluster"))
    if loss.kind == "region":
        stores = ("krotrust-database", "krogiving-postgresql", "krogiving-mongodb")
        return dict(pair for each in stores for pair in _restored(each, keep_old=True).items())
    return {}


def _restored(database: str, *, keep_old: bool = False) -> dict[str, str]:
    """Return the differences after a restore: a new cluster, beside or instead of the old one."""
    (name,) = (
        each.inputs["name"] for each in PLANNED.resources if each.name == f"{database}-cluster"
    )
    parts = ("cluster", "db", "user", "trusted-sources")
    differences = {f"{database}-{name}-2-{part}": "new" for part in parts}
    if not keep_old:
        differences |= {f"{database}-{part}": "missing" for part in parts}
    system = database.partition("-")[0]
    differences |= {database: "inUse", f"{system}-grouping-members": "resources"}
    return differences | ({"krogiving-backend-app": "spec"} if system == "krogiving" else {})


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_the_lost_part_is_back_and_nothing_else_has_changed(
    recovered: Callable[[str], Recovery], loss: Loss
) -> None:
    recovery = recovered(loss.name)
    assert recovery.differences == _expected(loss)
    assert recovery.real_seconds == recovery.expected
