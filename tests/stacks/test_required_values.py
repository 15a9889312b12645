"""Values that an `up` lacks are one list, before anything is registered; a preview works."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pulumi
import pytest
from conftest import STACKS, changed
from refusals import refusal, registered

from components.facts.krogiving import BACKEND_SECRETS
from ops.plan.config import StackConfig
from ops.plan.graph import SECRET, Graph, Recorder
from stacks import secrets
from stacks.estate import declare
from stacks.required_values import RequiredValues

SECRETS = {f"KROGIVING__{name}" for name in BACKEND_SECRETS} | {"ESTATE__SEAL_KEY"}
OPEN = {"krotrust.ssh.publicKey", "krogiving.backend.paystackPublicKey"}
SITE = ("splitApiKey", "highlightProjectId", "cloudinaryCloudName", "cloudinaryUploadPreset")
OPEN_SITE = {f"krogiving.frontend.{key}" for key in SITE}
PLACEHOLDER = "krotrust.ssh.allowList"
KNOWN: dict[str, Any] = {
    "krotrust.ssh.publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA deploy",
    "krotrust.ssh.allowList": ["198.18.7.0/24"],
    **dict.fromkeys(OPEN - {"krotrust.ssh.publicKey"} | OPEN_SITE, "known"),
}


@pytest.fixture
def _up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK believe that this is no dry run."""
    real = pulumi.runtime.set_mocks

    def not_dry(*args: Any, **named: Any) -> None:
        real(*args, **{**named, "preview": False})

    monkeypatch.setattr(pulumi.runtime, "set_mocks", not_dry)


def _needed(text: str) -> set[str]:
    return {key.removeprefix("estate:") for key in re.findall(r"^  (\S+)  ", text, re.M)}


def _registered_by(settings: StackConfig) -> list[str]:
    recorder = Recorder(settings)
    recorder.run(declare)
    return registered(recorder)


@pytest.mark.usefixtures("_up")
@pytest.mark.parametrize(
    ("stack", "settings"),
    [("prod", OPEN | OPEN_SITE), ("dr", OPEN | OPEN_SITE), ("stage", OPEN)],
)
def test_an_up_without_values_lists_them_all_and_registers_nothing(
    stack: str, settings: set[str]
) -> None:
    text = refusal(changed(stack, {}))
    needed = SECRETS | settings | {PLACEHOLDER}
    assert _needed(text) == needed
    head = text.splitlines()[0]
    assert f"`up` of {stack} needs {len(needed)} values" in head
    assert head.endswith("nothing was changed.")
    for key in SECRETS:
        assert f"\n      pulumi config set --stack {stack} --secret {key}\n" in f"{text}\n"
    for key in settings | {PLACEHOLDER}:
        (line,) = (line for line in text.splitlines() if line.startswith(f"  estate:{key} "))
        assert f"Pulumi.{stack}.yaml" in line
    assert "203.0.113.10/32" in text


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_works_without_and_shows_a_named_placeholder(
    plan: Callable[[str], Graph], stack: str
) -> None:
    shown = json.dumps(plan(stack).as_json())
    assert "[estate:krotrust.ssh.publicKey: not set]" in shown
    assert "[estate:krogiving.backend.paystackPublicKey: not set]" in shown


def test_a_preview_tells_what_an_up_will_need(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: messages.append(text))
    _registered_by(changed("prod", {}))
    (text,) = messages
    assert _needed(text) == SECRETS | OPEN | OPEN_SITE | {PLACEHOLDER}


@pytest.mark.usefixtures("_up")
def test_an_up_with_every_value_registers_what_the_preview_showed(
    plan: Callable[[str], Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in SECRETS:
        monkeypatch.setenv(key, "available")
    names = _registered_by(changed("prod", KNOWN))
    assert sorted(names) == sorted(resource.name for resource in plan("prod").resources)


@pytest.mark.usefixtures("_up")
@pytest.mark.parametrize("key", sorted(SECRETS | OPEN | OPEN_SITE | {PLACEHOLDER}))
def test_an_up_that_lacks_one_value_asks_for_that_one(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for secret in SECRETS - {key}:
        monkeypatch.setenv(secret, "available")
    text = refusal(changed("prod", {path: KNOWN[path] for path in KNOWN if path != key}))
    assert _needed(text) == {key}


@pytest.mark.usefixtures("_up")
def test_an_empty_environment_variable_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in SECRETS:
        monkeypatch.setenv(key, "")
    assert _needed(refusal(changed("prod", KNOWN))) == SECRETS


@pytest.mark.usefixtures("_up")
def test_a_seal_stands_for_a_plain_secret_that_is_not_available(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ESTATE__SEAL_KEY", "available")
    sealed = {key: {"sealed": f"EV[1:{key}]", "fingerprint": "0" * 32} for key in SECRETS}
    del sealed["ESTATE__SEAL_KEY"]
    recorder = Recorder(changed("prod", {**KNOWN, "seals": sealed}))
    recorder.run(declare)
    sent = [str(request.object) for request in recorder.requests.values()]
    assert all(any(f"EV[1:{key}]" in text for text in sent) for key in sealed)

    del sealed["KROGIVING__JWT_SECRET_KEY"]
    assert _needed(refusal(changed("prod", {**KNOWN, "seals": sealed}))) == {
        "KROGIVING__JWT_SECRET_KEY"
    }


@pytest.mark.parametrize(
    ("network", "unknown"),
    [
        ("192.0.2.1/32", True),
        ("198.51.100.0/25", True),
        ("203.0.113.10/32", True),
        ("2001:db8:7::/48", True),
        ("203.0.0.0/16", True),  # it holds a placeholder
        ("188.166.145.68/32", False),
        ("2a03:b0c0::/32", False),
        ("10.0.0.0/8", False),
    ],
)
def test_a_network_for_documentation_is_not_one_to_log_in_from(network: str, unknown: bool) -> None:
    values = RequiredValues("prod", {})
    values.real_networks("krotrust.ssh.allowList", [ip_network(network)])
    assert [network in text for text in values.missing] == [True] * unknown


def test_every_form_of_a_secret_is_marked_as_one() -> None:
    key, missing = "KROGIVING__JWT_SECRET_KEY", "KROGIVING__TERMII_API_KEY"
    values = RequiredValues("prod", secrets.find({key: "canary"}, {}))
    outputs = {
        "sent": values.secret(key),
        "opened": values.opened(key),
        "placeholder": values.secret(missing),
    }

    def program() -> None:
        for name, value in outputs.items():
            pulumi.export(name, value)

    recorder = Recorder(changed("prod", {}))
    recorder.run(program)
    assert recorder.graph().outputs == dict.fromkeys(outputs, SECRET)
