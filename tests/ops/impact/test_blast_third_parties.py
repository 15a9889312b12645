"""`ops blast` of third parties: one of a name, whose users in all products are listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import STACKS, changed
from expected_impact import GATEWAYS, GIV_API, GIV_SITES, KRO_URLS, SIX, Expected, states
from typer.testing import CliRunner

from components.facts.krogiving import BACKEND_SECRETS, FRONTEND_PUBLIC
from components.facts.pencom import INVENTORY
from components.facts.third_parties import THIRD_PARTIES
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.diagram.parts import diagram
from ops.impact.blast import BlastRadius, blast_radius, resolve
from ops.impact.edges import dependency_graph
from ops.plan.graph import Graph, build
from ops.review import report
from ops.review.model import review
from stacks import estate as stacks_estate

Plan = Callable[[str], Graph]

KRO = {"kro-prod", *KRO_URLS}
GIV_BACKEND = {"krogiving-backend", GIV_API}
GIV_FRONTEND = {"krogiving-frontend", *GIV_SITES}
CASES: dict[str, Expected] = {
    "Remita": {"partly": {"payments"}},
    "Paystack": {"partly": {*KRO, *GIV_BACKEND, *GIV_FRONTEND}},
    "Fincra": {"partly": KRO},
    "Providus": {"partly": KRO},
    "SendGrid": {"partly": {*KRO, *GIV_BACKEND, "notifications"}},
    "Termii": {"partly": {*KRO, *GIV_BACKEND}},  # none of Pencom, which sends nothing through it
    "Telnyx": {"partly": {*KRO, *GIV_BACKEND}},
    "Twilio": {"partly": KRO},
    "Cloudinary": {"partly": GIV_FRONTEND},
    # No URL: whoever opens it notices nothing.
    "Highlight.io": {"unseen": {"kro-prod", "krogiving-frontend", *SIX, *GATEWAYS}},
    "PostHog": {"unseen": {"api-gateway"}},
    "OTLP": {"unseen": {"kro-prod"}},
}


def _radius(planned: Graph, name: str) -> BlastRadius:
    graph = dependency_graph(planned)
    return blast_radius(graph, resolve(graph, name))


def _json(name: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["blast", name, "--format", "json"])
    assert done.exit_code == 0, done.output
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@pytest.mark.parametrize("name", CASES)
def test_without_a_third_party_exactly_this_lacks_it(plan: Plan, name: str) -> None:
    assert states(_radius(plan("prod"), name)) == CASES[name]


def test_no_third_party_is_left_out() -> None:
    assert set(CASES) == set(THIRD_PARTIES)


def test_a_text_counts_the_users_of_each_product_and_says_what_they_lack() -> None:
    done = CliRunner().invoke(app, ["blast", "Paystack"])
    assert "KROGiving (donations): 3 partly of 4 public URLs" in done.stdout
    assert "KROTrust (escrow and conditional payment): 4 partly of 4 public URLs" in done.stdout
    assert "Pencom" not in done.stdout
    line = "partly   kro-prod: payments through Paystack are neither made nor confirmed"
    assert line in done.stdout


def test_of_what_only_we_notice_no_public_url_is_listed() -> None:
    shown = _json("Highlight.io")
    assert shown["products"] == [
        "KROGiving (donations): none affected of 4 public URLs",
        "KROTrust (escrow and conditional payment): none affected of 4 public URLs",
        "Pencom (pension compliance): 8 unseen of 8 services",
    ]
    assert shown["urls"] == []
    assert {each["state"] for each in shown["services"]} == {"unseen"}


def test_a_picture_leads_each_user_to_it() -> None:
    done = CliRunner().invoke(app, ["blast", "Remita", "--format", "mermaid"])
    assert done.stdout == (
        'flowchart LR\n  n0["Remita<br/>down"]\n  n1["payments<br/>partly"]\n  n1 --> n0\n'
    )


def test_an_unknown_name_is_answered_with_what_is_close(plan: Plan) -> None:
    with pytest.raises(UsageError, match=r"nothing is called Sendgird; similar: SendGrid$"):
        _radius(plan("prod"), "Sendgird")
    with pytest.raises(UsageError, match=r"nothing is called Highlight; similar: Highlight\.io"):
        _radius(plan("prod"), "Highlight")
    with pytest.raises(UsageError, match="nothing is called Remita"):
        _radius(plan("dr"), "Remita")  # Pencom alone uses it, and has no recovery site


def test_one_whose_variables_nothing_fills_is_known_and_affects_nothing(plan: Plan) -> None:
    alone = tuple(each for each in plan("prod").resources if each.system == "pencom")
    radius = _radius(replace(plan("prod"), resources=alone), "Termii")
    assert (states(radius), radius.products, radius.contacts) == ({}, (), ())


def test_a_variable_of_its_name_is_all_that_a_new_user_takes(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = INVENTORY.services["audit"]
    with_key = replace(audit, secrets=(*audit.secrets, "PAYSTACK_SECRET_KEY"))
    services = {**INVENTORY.services, "audit": with_key}
    monkeypatch.setattr(stacks_estate, "INVENTORY", replace(INVENTORY, services=services))
    after = build(changed("prod", {}))
    assert states(_radius(after, "Paystack"))["partly"] == CASES["Paystack"]["partly"] | {"audit"}
    change = review(plan("prod"), after, "a plan")
    assert change.counts() == {"update": 1}
    line = "! update pencom-audit (Service): secretVariables: + PAYSTACK_SECRET_KEY"
    assert line in report.as_text(change)


def test_every_key_that_krogiving_is_given_is_a_third_party_s_or_said_not_to_be() -> None:
    words = {name.partition(".")[0].upper() for name in THIRD_PARTIES}
    others = {key for key in (*BACKEND_SECRETS, *FRONTEND_PUBLIC) if not words & {*key.split("_")}}
    assert others == {
        "JWT_SECRET_KEY",
        "REACT_APP_SPLIT_API_KEY",
    }  # the second one's owner is unknown


@pytest.mark.parametrize("stack", STACKS)
def test_the_picture_of_the_estate_leaves_third_parties_out(plan: Plan, stack: str) -> None:
    drawn = diagram(plan(stack))
    assert not set(THIRD_PARTIES) & {*drawn.parts, *drawn.part_of}
    assert not set(THIRD_PARTIES) & {end for ends in drawn.edges for end in ends}
    assert set(THIRD_PARTIES) & set(drawn.impact.nodes)  # whose names its page answers
