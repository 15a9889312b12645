"""`ops review` of prepared changes: what each destroys, what stands on it, what rule it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from conftest import DELETE, changed
from prepared_changes import CASES, GIV_ZONE, Case
from standing_by_hand import states

from ops.cli.errors import UsageError
from ops.plan.graph import Graph, build
from ops.review import command as review
from ops.review import model, report

Plan = Callable[[str], Graph]


def _reviewed(before: Graph, after: Graph) -> model.Review:
    return review.review(before, after, "a plan")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_prepared_change_is_told_as_it_is(plan: Plan, case: Case) -> None:
    told = _reviewed(plan("prod"), build(changed("prod", case.settings)))
    assert told.counts() == case.counts
    assert states(told.blast) == case.standing
    assert sorted((each.rule.name, each.resource) for each in told.broken) == sorted(case.breaks)
    loud = [line for edit in told.edits if (line := model.loud(edit))]
    assert len(loud) >= len(case.loud)
    for beginning in case.loud:
        assert [line for line in loud if line.startswith(beginning)], loud
    text = report.as_text(told)
    assert text.startswith(f"prod: {'' if case.counts else 'no change'}")
    for line in case.lines:
        assert f"  {line}\n" in text


def test_the_domain_that_changes_is_another_zone(plan: Plan) -> None:
    settings = {"krogiving.domain": "krogiving.org", "krogiving.admin.host": "admin.krogiving.org"}
    told = _reviewed(plan("prod"), build(changed("prod", settings)))
    replaced = {edit.resource.name for edit in told.edits if edit.op == "replace"}
    assert replaced == {
        "krogiving-zone-domain",
        "krogiving-zone-caa-letsencrypt.org",
        "krogiving-zone-caa-pki.goog",
    }
    hit = states(told.blast)
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
