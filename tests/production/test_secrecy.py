"""Secrets reach the engine marked as secrets, and nothing else repeats them."""

from __future__ import annotations

import os
from typing import Any
from unittest import mock

import pytest
from plans import changed
from recorded_stacks import STACKS, Listener, bare_texts, cloud, raw, recorded, run, wrapped

from components.facts.krogiving import BACKEND_SECRETS, BUCKET_SECRETS
from components.facts.secrets import SEAL_KEY
from components.sealed import fingerprint
from ops.plan import config

CANARIES = {name: f"canary-{name.lower()}" for name in BACKEND_SECRETS}
SEALING = "canary-seal-key"


@pytest.fixture(scope="module")
def listener() -> Listener:
    """Production, run with every secret at hand."""
    at_hand = {f"KROGIVING__{name}": value for name, value in CANARIES.items()}
    with mock.patch.dict(os.environ, {**at_hand, SEAL_KEY: SEALING}):
        return run(config.load("prod"))


def sent(listener: Listener) -> dict[str, Any]:
    """The protocol values of the backend's secret variables."""
    (request,) = [r for r in listener.requests.values() if r.name == "krogiving-backend-app"]
    return {env["key"]: env["value"] for env in request.object["spec"]["envs"]}


def test_every_secret_variable_is_a_secret_to_the_engine(listener: Listener) -> None:
    values = sent(listener)
    assert values.keys() == {*BACKEND_SECRETS, *BUCKET_SECRETS}
    assert [name for name, value in values.items() if not wrapped(value)] == []
    assert {name: values[name]["value"] for name in CANARIES} == CANARIES


def test_no_request_and_no_output_repeats_a_secret_outside_its_wrapper(listener: Listener) -> None:
    texts = [
        text
        for said in (
            *(request.object for request in listener.requests.values()),
            *listener.outputs.values(),
        )
        for text in bare_texts(said)
    ]
    assert len(texts) > 1000
    assert [text for text in texts if "canary" in text] == []


def test_a_secret_is_in_no_name_option_or_alias_of_a_request(listener: Listener) -> None:
    for request in listener.requests.values():
        bare = type(request)()
        bare.CopyFrom(request)
        bare.ClearField("object")
        assert "canary" not in str(bare)


def test_the_key_of_the_fingerprints_is_sent_nowhere_at_all(listener: Listener) -> None:
    said = (*listener.requests.values(), *listener.outputs.values())
    assert [str(message)[:80] for message in said if SEALING in str(message)] == []


def test_the_plan_that_people_read_holds_no_secret(listener: Listener) -> None:
    assert "canary" not in str(listener.graph().as_json())


def test_the_fingerprints_are_told_openly_and_are_keyed(listener: Listener) -> None:
    told = listener.graph().outputs["krogivingSecretFingerprints"]
    assert {name: told[name] for name in CANARIES} == {
        name: fingerprint(SEALING, name, plain) for name, plain in CANARIES.items()
    }


def test_a_seal_stands_for_a_secret_that_is_not_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    seals = {
        f"KROGIVING__{name}": {"sealed": f"EV[1:{name}]", "fingerprint": "0" * 32}
        for name in BACKEND_SECRETS
    }
    monkeypatch.setenv(SEAL_KEY, SEALING)
    values = sent(run(changed("prod", {"seals": seals})))
    assert all(wrapped(value) for value in values.values())
    assert {values[name]["value"] for name in BACKEND_SECRETS} == {
        seal["sealed"] for seal in seals.values()
    }


def test_the_seals_leave_the_stack_as_a_secret() -> None:
    for stack in STACKS:
        (outputs,) = [o for urn, o in recorded(stack).outputs.items() if "pulumi:Stack::" in urn]
        assert wrapped(outputs["krogivingSeals"]), stack


def test_the_bucket_s_key_is_secret_though_the_provider_does_not_mark_its_id() -> None:
    values = sent(recorded("prod"))
    assert {name: values[name]["value"] for name in BUCKET_SECRETS} == {
        "SPACES_ACCESS_KEY_ID": "<krogiving-media-key.accessKey>",
        "SPACES_SECRET_ACCESS_KEY": "<krogiving-media-key.secretKey>",
    }


def test_what_the_cloud_answers_in_secret_is_kept_as_a_secret() -> None:
    secret = {
        "DatabaseCluster": {"password", "uri", "privateUri", "uiPassword", "uiUri"},
        "DatabaseUser": {"password", "accessCert", "accessKey"},
        "SpacesKey": {"secretKey"},
    }
    seen = set()
    for where, resource in cloud():
        marked = set(raw(resource, where).additionalSecretOutputs)
        if resource.kind in secret:
            seen.add(resource.kind)
            assert secret[resource.kind] <= marked, where
    assert seen == set(secret)
