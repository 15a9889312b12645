"""`ops review` of what no setting says: facts of Pencom, secrets, protection, length."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from conftest import CANARIES, SEAL_KEY, changed
from expected_impact import GATEWAYS, states

from components.facts.pencom import INVENTORY
from components.inventory import Host
from ops.plan.graph import Graph, Resource, build
from ops.review import model, prices, report
from policy.rules import RULES
from stacks import estate

Plan = Callable[[str], Graph]


def _reviewed(before: Graph, after: Graph) -> model.Review:
    return model.review(before, after, "a plan")


def _changed(planned: Graph, name: str, **fields: Any) -> Graph:
    """Change fields of one resource of a plan."""
    resources = tuple(replace(r, **fields) if r.name == name else r for r in planned.resources)
    assert resources != planned.resources
    return replace(planned, resources=resources)


def _resource(planned: Graph, name: str) -> Resource:
    (match,) = (resource for resource in planned.resources if resource.name == name)
    return match


def _with_service(monkeypatch: pytest.MonkeyPatch, name: str, **facts: Any) -> Graph:
    """Plan prod with another fact of a Pencom service."""
    services = {**INVENTORY.services, name: replace(INVENTORY.services[name], **facts)}
    monkeypatch.setattr(estate, "INVENTORY", replace(INVENTORY, services=services))
    return build(changed("prod", {}))


def test_a_service_s_new_call_stands_on_what_it_calls(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = _reviewed(plan("prod"), _with_service(monkeypatch, "audit", calls=("payments",)))
    assert review.counts() == {"update": 1}
    assert states(review.blast) == {
        "down": {"audit"},
        "degraded": {"core", "payments", "compliance", *GATEWAYS},
        "stays": {"postgresql/pencom_audit"},
    }
    assert "! update pencom-audit (Service): calls: + payments" in report.as_text(review)


def test_a_service_s_other_port_is_its_own_line(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = _reviewed(plan("prod"), _with_service(monkeypatch, "audit", ports={"http": 9001}))
    assert "! update pencom-audit (Service): ports.http: 9000 -> 9001" in report.as_text(review)


def test_a_host_that_is_moved_and_exposed_is_reported(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan("prod")
    exposed = Host("databases", "internet", INVENTORY.hosts["vps-3"].carries)
    hosts = {**INVENTORY.hosts, "vps-3": exposed}  # the settings refuse it; the review sees it, too
    monkeypatch.setattr(estate, "INVENTORY", replace(INVENTORY, hosts=hosts))
    review = _reviewed(before, build(changed("prod", {})))
    assert "! update pencom-vps-3 (Host): exposure: internal -> internet" in (
        report.as_text(review)
    )
    assert states(review.blast)["down"] >= {"vps-3", "postgresql/pencom_payments", "payments"}


def test_a_service_that_is_only_coming_is_not_in_the_way_but_what_it_uses_is(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan("prod")
    new = replace(INVENTORY.services["audit"], stores=("postgresql/pencom_payments",))
    host = INVENTORY.hosts["vps-2"]
    hosts = {**INVENTORY.hosts, "vps-2": replace(host, carries=(*host.carries, "ledger"))}
    services = {**INVENTORY.services, "ledger": new}
    monkeypatch.setattr(estate, "INVENTORY", replace(INVENTORY, hosts=hosts, services=services))
    after = build(changed("prod", {}))
    assert _reviewed(before, after).counts() == {"update": 1, "create": 1}  # its host changes, too
    host_as_before = _resource(before, "pencom-vps-2").inputs
    review = _reviewed(before, _changed(after, "pencom-vps-2", inputs=host_as_before))
    assert review.counts() == {"create": 1}
    assert states(review.blast) == {"stays": {"postgresql/pencom_payments"}}


def test_a_guard_that_the_droplet_loses_is_reported(plan: Plan) -> None:
    review = _reviewed(plan("prod"), _changed(plan("prod"), "krotrust-droplet", ignore_changes=()))
    (warning,) = [model.warning(edit) for edit in review.edits]
    assert warning.startswith("GUARD OFF krotrust-droplet (Droplet): userData, sshKeys, image")


@pytest.mark.parametrize(
    ("old", "new"), [("[secret]", "plain"), ("plain", "[secret]")], ids=["shown", "hidden"]
)
def test_a_secret_is_changed_and_nothing_else_is_said_of_it(plan: Plan, old: str, new: str) -> None:
    key = _resource(plan("prod"), "krotrust-droplet-key")
    before, after = (
        _changed(plan("prod"), key.name, inputs={**key.inputs, "name": name}) for name in (old, new)
    )
    review = _reviewed(before, after)
    for text in (report.as_markdown(review), json.dumps(review.as_json())):
        assert "name: changed" in text
        assert "plain" not in text


def test_no_form_shows_a_secret(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {**CANARIES, **SEAL_KEY}.items():
        monkeypatch.setenv(key, value)
    review = _reviewed(plan("prod"), build(changed("prod", {"krogiving.backend.port": 3001})))
    shown = report.as_text(review) + report.as_markdown(review) + json.dumps(review.as_json())
    assert "canary" not in shown


def _many(planned: Graph, count: int, text: str = "x") -> Graph:
    """Add as many records to a plan."""
    record = _resource(planned, "krotrust-zone-a-api")
    new = tuple(
        replace(
            record,
            urn=f"{record.urn}-{number}",
            name=f"{record.name}-{number}",
            inputs={**record.inputs, "type": "TXT", "name": f"n{number}", "value": text * 40},
        )
        for number in range(count)
    )
    return replace(planned, resources=(*planned.resources, *new))


@pytest.mark.parametrize(
    ("count", "text"),
    [*((count, text) for text in ("x", "ü") for count in (0, 1, 100, 200, 1000)), (2000, "ü")],
)
def test_a_comment_fits_and_says_what_was_cut(plan: Plan, count: int, text: str) -> None:
    review = _reviewed(plan("prod"), _many(plan("prod"), count, text))
    comment = report.as_markdown(review)
    assert len(comment.encode()) <= 65_536
    whole = report.as_text(review)
    assert whole.count(f"value: {text * 40}") == count
    cut = comment.count("value: " + text * 40) < count
    assert cut == ("cut here" in comment or report.TOO_LONG in comment)
    assert cut == (count > 100)
    for title in ("### prod: ", "#### Cost", "#### Policy"):
        assert title in comment
    assert comment.count("<details>") == comment.count("</details>")
    assert len(re.findall("^```", comment, re.M)) % 2 == 0


def test_many_deletions_are_counted_where_they_are_not_named(plan: Plan) -> None:
    review = _reviewed(_many(plan("prod"), 2000), plan("prod"))
    comment = report.as_markdown(review)
    assert comment.startswith("### prod: 2000 to delete\n")
    assert "and 1975 more" in comment
    assert len(comment.encode()) <= 65_536


def test_nothing_that_a_value_says_is_markup_or_calls_anybody(plan: Plan) -> None:
    nasty = "```\n</details> @estate/owners <img src=x>"
    droplet = _resource(plan("prod"), "krotrust-droplet")
    after = _changed(plan("prod"), droplet.name, inputs={**droplet.inputs, "size": nasty})
    comment = report.as_markdown(_reviewed(plan("prod"), after))
    outside = re.sub(r"^(`{4,})diff\n.*?^\1$", "", comment, flags=re.M | re.S)
    assert "@estate" in comment
    assert "@estate" not in outside
    assert "<img" not in outside


def test_edits_that_are_alike_share_a_line(plan: Plan) -> None:
    after = build(changed("prod", {"alertEmails": ["on-call@krotrust.com"]}))
    lines = report.as_text(_reviewed(plan("prod"), after)).splitlines()
    (line,) = (line for line in lines if "krogiving-uptime-admin-certificate and" in line)
    assert "and 7 more (UptimeAlert)" in line


def test_edits_that_only_begin_alike_do_not(plan: Plan) -> None:
    after = plan("prod")
    for name, end in (("krotrust-alert-cpu", "1"), ("krotrust-alert-disk", "2")):
        inputs = {**_resource(after, name).inputs, "window": "y" * 99 + end}
        after = _changed(after, name, inputs=inputs)
    lines = report.as_text(_reviewed(plan("prod"), after)).splitlines()
    for name in ("krotrust-alert-cpu", "krotrust-alert-disk"):
        assert [line for line in lines if line.startswith(f"  ! update {name} (MonitorAlert): ")]


def test_what_breaks_a_rule_is_said_above_and_how_to_fix_it_below(plan: Plan) -> None:
    clean = _reviewed(plan("prod"), plan("prod"))
    assert clean.as_json()["policy"] == []
    assert f"none of {len(RULES)} rules is broken" in report.as_markdown(clean)
    review = _reviewed(plan("prod"), build(changed("prod", {"krotrust.droplet.backups": None})))
    verdict, _, rest = report.as_markdown(review).partition("####")
    assert "- BREAKS droplet-backups: see Policy" in verdict
    assert "- droplet-backups: krotrust-droplet has no backups\n-   fix: set droplet.b" in rest
    (violation,) = review.as_json()["policy"]
    assert (violation["rule"], violation["severity"]) == ("droplet-backups", "mandatory")


@pytest.mark.parametrize(
    ("settings", "cost"),
    [
        ({}, ["87.40 USD a month"]),
        ({"krotrust.droplet.size": "s-8vcpu-16gb"}, ["87.40 -> 149.80 (+62.40) USD a month"]),
        ({"krotrust.droplet.backups": None}, ["87.40 -> 73.00 (-14.40) USD a month"]),
        ({"krogiving.backend.instances": 3}, ["87.40 -> 137.40 (+50.00) USD a month"]),
        (
            {"krotrust.database.nodes": 3},
            ["87.40 USD a month", "price unknown: pg db-s-2vcpu-4gb, 4 -> 5"],
        ),
        (
            {"krotrust.droplet.size": "c-2"},
            ["87.40 -> 25.00 (-62.40) USD a month", "price unknown: c-2, 0 -> 1"],
        ),
    ],
)
def test_the_cost_is_shown_before_and_after_and_what_is_unknown_is_said(
    plan: Plan, settings: Mapping[str, Any], cost: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "DROPLETS", {"s-4vcpu-8gb": 48, "s-8vcpu-16gb": 96})
    monkeypatch.setattr(prices, "APPS", {"apps-s-1vcpu-2gb": 25})
    monkeypatch.setattr(prices, "BACKUPS", {"daily": 0.3})
    lines = _reviewed(plan("prod"), build(changed("prod", settings))).cost
    for beginning in cost:
        assert [line for line in lines if line.startswith(beginning)], lines
