"""The offline review tells what the real engine previews."""

from __future__ import annotations

import json
from typing import Any

import pytest
from by_hand import brought_up, settle

from ops.diff.plans import compare
from ops.diff.previews import load, preview_edits
from ops.plan import config
from ops.plan.graph import build
from ops.review import report
from ops.review.model import Review, review

pytestmark = pytest.mark.engine

CHANGES: dict[str, Any] = {
    "krotrust.droplet.size": "s-2vcpu-4gb",
    "krotrust.records": [{"type": "TXT", "name": "@", "value": "v=spf1 -all"}],
    "krotrust.bucket.region": "ams3",
    "krogiving.postgresql.name": "giv-stage-other",
    "krogiving.backend.port": 3001,
    "pencom.hosts.vps-4": "10.20.0.99",
}


@pytest.mark.soak
def test_the_offline_review_and_the_engine_tell_the_same(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    after_up = brought_up(tmp_path_factory.mktemp("up"))
    engine = settle(after_up, tmp_path_factory.mktemp("settled"))
    before = build(config.load("stage", file=engine.file))
    engine.change(CHANGES)
    after = build(config.load("stage", file=engine.file))

    file = engine.folder / "preview.json"
    file.write_text(json.dumps(engine.preview()))
    edits, _, _ = preview_edits(load(file, "stage"), after)
    offline = compare(before, after)
    assert {(e.op, e.resource.name, e.because) for e in edits} == {
        (e.op, e.resource.name, e.because) for e in offline
    }
    change: Review = review(before, after, "a plan")
    assert change.counts() == {"replace": 5, "update": 5, "create": 1}
    assert "canary" not in report.as_text(change) + file.read_text()
