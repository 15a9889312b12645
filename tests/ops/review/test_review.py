"""`ops review` of prepared changes: what each destroys, what depends on it, what it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from conftest import DELETE, changed
from expected_impact import states
from prepared_changes import CASES, GIV_ZONE, Case

from ops.cli.errors import UsageError
from ops.plan.graph import Graph, build
from ops.review import model, report

Plan = Callable[[str], Graph]


def _reviewed(before: Graph, after: Graph) -> model.Review:
    return model.review(before, after, "a plan")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_prepared_change_is_reviewed_as_worked_out_by_hand(plan: Plan, case: Case) -> None:
    review = _reviewed(plan("prod"), build(changed("prod", case.settings)))
    assert review.counts() == case.counts
    assert states(review.blast) == case.impact
    assert sorted((each.rule.name, each.resource) for each in review.violations) == sorted(
        case.breaks
    )
    warnings = [text for edit in review.edits if (text := model.warning(edit))]
    assert len(warnings) >= len(case.warnings)
    for beginning in case.warnings:
        assert [text for text in warnings if text.startswith(beginning)], warnings
    text = report.as_text(review)
    assert text.startswith(f"prod: {'' if case.counts else 'no change'}")
    for line in case.lines:
        assert f"  {line}\n" in text


def test_the_domain_that_changes_is_another_zone(plan: Plan) -> None:
    settings = {"krogiving.domain": "krogiving.org", "krogiving.admin.host": "admin.krogiving.org"}
    review = _reviewed(plan("prod"), build(changed("prod", settings)))
    replaced = {edit.resource.name for edit in review.edits if edit.op == "replace"}
    assert replaced == {
        "krogiving-zone-domain",
        "krogiving-zone-caa-letsencrypt.org",
        "krogiving-zone-caa-pki.goog",
    }
    hit = states(review.blast)
    assert hit["down"] == GIV_ZONE["down"] | {"giv-prod-media"}
    assert hit["stays"] == GIV_ZONE["stays"] - {"giv-prod-media"}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"krotrust.ssh.allowList": ["0.0.0.0/0"]}, "krotrust.ssh.allowList"),
        ({"krogiving.valkey.engine": "redis"}, "krogiving.valkey.engine"),
        ({"krogiving.backend.senderName": DELETE}, "krogiving.backend.senderName"),
        ({"pencom.hosts.vps-3": "203.0.113.30"}, "pencom.hosts.vps-3"),
    ],
)
def test_what_no_setting_may_say_is_refused_before_any_review(
    settings: Mapping[str, Any], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        build(changed("prod", settings))
