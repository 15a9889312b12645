"""One catalogue of secrets without values, and two places that a value can come from."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from conftest import changed
from refusals import HIDDEN, mistakes, refusal

from components.facts.secrets import CATALOGUE, Secret
from ops.plan.config import StackConfig
from ops.plan.graph import Recorder
from stacks import secrets
from stacks.estate import declare

CANARY = "canary-7f3a9c"
JWT = "KROGIVING__JWT_SECRET_KEY"

# The handover, sections 5 and 3b. KROTrust's CA file is not here: the cluster supplies it. Nor are
# the passwords of KROGiving's databases and the key of its bucket.
KRO, BACKEND, CI = "krotrust", ("krogiving-backend",), ("deploy workflow of krogiving-backend",)
EVERY = (
    *("api-gateway", "audit", "compliance", "core", "external-gateway"),
    *("external-integrations", "notifications", "payments"),
)
HANDOVER: dict[tuple[str, str], tuple[str, ...]] = {
    (KRO, "PRODUCTION_JSON"): ("backend",),
    (KRO, "TLS_FILES"): ("nginx",),
    (KRO, "NEW_PREPROD_DROPLET_SSH_PRIVATE_KEY"): ("deploy workflow of kro-devops",),
    ("krogiving", "JWT_SECRET_KEY"): BACKEND,
    ("krogiving", "PAYSTACK_SECRET_KEY"): BACKEND,
    ("krogiving", "SENDGRID_API_KEY"): BACKEND,
    ("krogiving", "TERMII_API_KEY"): BACKEND,
    ("krogiving", "TELNYX_AUTH_TOKEN"): BACKEND,
    ("krogiving", "DIGITALOCEAN_ACCESS_TOKEN"): CI,
    ("krogiving", "STAGING_APP_PLATFORM_ID"): CI,
    ("pencom", "JWT_SECRET"): EVERY,
    ("pencom", "INTERNAL_API_KEY"): EVERY,
    ("pencom", "ADMIN_SUPPORT_PASSWORD"): ("api-gateway",),
    ("pencom", "POSTHOG_KEY"): ("api-gateway",),
    ("pencom", "EXTERNAL_JWT_SECRET"): ("external-gateway",),
    ("pencom", "COMPLIANCE_DB_PASSWORD"): ("compliance", "external-gateway"),
    ("pencom", "CORE_DB_PASS"): ("core",),
    ("pencom", "PENCOM_DB_PASSWORD"): ("compliance", "core"),
    ("pencom", "NOTIFICATIONS_MONGO_DB_URL"): ("core",),
    ("pencom", "REDIS_PASSWORD"): ("compliance", "core"),
    ("pencom", "PAYMENT_DB_PASS"): ("payments",),
    ("pencom", "PAYMENTS_DB_PASS"): ("payments",),
    ("pencom", "REMITA_API_KEY"): ("payments",),
    ("pencom", "SPACES_ACCESS_KEY_ID"): ("compliance",),
    ("pencom", "SPACES_SECRET_ACCESS_KEY"): ("compliance",),
    ("pencom", "NOTIFICATIONS_DB_URI"): ("notifications",),
    ("pencom", "SENDGRID_API_KEY"): ("notifications",),
    ("pencom", "EXTERNAL_INTEGRATIONS_DB_PASSWORD"): ("external-integrations",),
    ("pencom", "AUDIT_DB_PASSWORD"): ("audit",),
}


def test_the_catalogue_holds_every_secret_of_the_handover_with_its_users() -> None:
    listed = {(secret.system, secret.name): tuple(sorted(secret.used_by)) for secret in CATALOGUE}
    del listed["estate", "SEAL_KEY"]  # our own
    assert listed == HANDOVER


def test_every_secret_has_a_key_of_its_own_a_place_and_a_person_to_ask() -> None:
    assert len(secrets.KEYS) == len(CATALOGUE)
    for secret in CATALOGUE:
        assert secret.lives
        assert secret.ask
        assert secrets.is_secret_key(secret.key)


def test_the_catalogue_has_no_place_for_a_value() -> None:
    names = {field.name for field in fields(Secret)}
    assert names == {"system", "name", "used_by", "lives", "ask", "declared"}


def _typed(keys: dict[str, str], encrypted: tuple[str, ...] = ()) -> StackConfig:
    return changed("prod", keys, encrypted)


@pytest.mark.parametrize(
    ("settings", "environ", "key", "allowed"),
    [
        (_typed({JWT: CANARY}), None, JWT, f"pulumi config set --secret {JWT}"),
        (
            _typed({"PENCOM__AUDIT_DB_PASSWORD": CANARY}),
            None,
            None,
            "in plain text, so the secret is compromised",
        ),
        (_typed({"KROGIVNG__X": CANARY}, ("KROGIVNG__X",)), None, None, "python -m ops secrets"),
        (_typed({JWT: CANARY}, (JWT,)), "another " + CANARY, JWT, "unset the outdated one"),
    ],
    ids=["plain text", "plain text of another system", "unknown system", "two"],
)
def test_a_secret_that_comes_in_wrongly_is_named_and_never_shown(
    settings: StackConfig,
    environ: str | None,
    key: str | None,
    allowed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if environ:
        monkeypatch.setenv(JWT, environ)
    text = refusal(settings)
    (mistake,) = mistakes(text, "prod")
    named = key or next(name for name in settings.values if "__" in name).removeprefix("estate:")
    assert (mistake.key, mistake.found) == (f"estate:{named}", HIDDEN)
    assert allowed in mistake.allowed
    assert CANARY not in text


def test_an_unknown_secret_in_plain_text_has_both_mistakes() -> None:
    text = refusal(_typed({"KROGIVING__JWT_SECRT_KEY": CANARY}))
    unknown, plain = mistakes(text, "prod")
    assert unknown.key == plain.key == "estate:KROGIVING__JWT_SECRT_KEY"
    assert "python -m ops secrets" in unknown.allowed
    assert "compromised: change it at its source, then remove this entry" in plain.allowed
    assert CANARY not in text


@pytest.mark.parametrize(
    "key",
    [
        "krogiving.paystackSecretKey",
        "krogiving.backend.jwtSecretKey",
        "krogiving.frontend.privateToken",
        "krogiving.backend.sendgrid",  # the key does not show that it is a secret
        "krogiving.backend.paystack",
        "krogiving.admin.jwt",
        "krotrust.ssh.root",
        "paystack",
        "KROGIVING_SENDGRID",
    ],
)
@pytest.mark.parametrize("value", [CANARY, {"live": CANARY}, [CANARY]], ids=["text", "map", "list"])
def test_a_value_under_a_key_that_does_not_exist_is_never_shown(key: str, value: object) -> None:
    text = refusal(changed("prod", {key: value}))
    assert [mistake.key for mistake in mistakes(text, "prod")] == [f"estate:{key}"]
    assert CANARY not in text


@pytest.mark.parametrize(
    "seal",
    [
        CANARY,
        {"sealed": CANARY, "fingerprint": "0" * 32},
        {"sealed": "EV[1:x]", "fingerprint": CANARY},
        {"sealed": "EV[1:x]", "fingerprint": "0" * 32, "plain": CANARY},
    ],
)
def test_a_plain_text_in_the_place_of_a_seal_is_refused_and_never_shown(seal: object) -> None:
    text = refusal(changed("prod", {"seals": {JWT: seal}}))
    assert f"estate:seals.{JWT}" in text
    assert CANARY not in text


@pytest.mark.parametrize(
    "key", ["KROGIVING__JWT_SECRT_KEY", "JWT_SECRET_KEY", "PENCOM__JWT_SECRET"]
)
def test_a_seal_of_what_no_app_is_given_is_refused(key: str) -> None:
    seal = {"sealed": "EV[1:x]", "fingerprint": "0" * 32}
    (mistake,) = mistakes(refusal(changed("prod", {"seals": {key: seal}})), "prod")
    assert mistake.key == f"estate:seals.{key}"


def _sent(settings: StackConfig) -> tuple[str, str]:
    """Return the requests that the engine receives, and the plan as it is printed."""
    recorder = Recorder(settings)
    recorder.run(declare)
    return str(list(recorder.requests.values())), json.dumps(recorder.graph().as_json())


@pytest.mark.parametrize("source", ["environment", "stack file", "both"])
def test_a_secret_comes_from_either_source_and_is_shown_nowhere(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = changed("prod", {})
    if source != "environment":
        settings = changed("prod", {JWT: CANARY}, encrypted=(JWT,))
    if source != "stack file":
        monkeypatch.setenv(JWT, CANARY)
    sent, shown = _sent(settings)
    assert sent.count(CANARY) == 1
    assert CANARY not in shown


def test_a_value_is_sent_to_the_engine_as_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(JWT, CANARY)
    recorder = Recorder(changed("prod", {}))
    recorder.run(declare)
    (app,) = (r for r in recorder.requests.values() if CANARY in str(r.object))
    assert app.name == "krogiving-backend-app"
    assert CANARY not in json.dumps(recorder.plain(app.object))


def test_an_encrypted_entry_that_cannot_be_opened_here_still_gives_a_plan() -> None:
    settings = changed("prod", {JWT: ""}, encrypted=(JWT,))
    assert f"[{JWT}: not available]" in _sent(settings)[0]


def test_a_found_secret_does_not_print_its_value() -> None:
    values = secrets.find({JWT: CANARY}, {"ESTATE__SEAL_KEY": CANARY})
    assert (values[JWT].source, values["ESTATE__SEAL_KEY"].source) == ("stack file", "environment")
    assert values[JWT].value == CANARY
    assert CANARY not in repr(values)


def test_an_entry_of_the_stack_file_counts_first_even_if_it_cannot_be_opened() -> None:
    both = secrets.find({JWT: CANARY}, {JWT: CANARY})[JWT]
    assert (both.source, both.value) == ("stack file", CANARY)
    locked = secrets.find({JWT: ""}, {JWT: CANARY})[JWT]
    assert (locked.source, locked.value) == ("stack file", None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("krotrust.ssh.publicKey", CANARY),
        ("krotrust.certificateEmail", f"-----BEGIN OPENSSH PRIVATE KEY-----{CANARY}"),
        ("krotrust.certificateEmail", f"sk_live_{CANARY}"),
        ("krotrust.certificateEmail", f"EV[1:{CANARY}]"),
    ],
)
def test_a_secret_in_the_place_of_a_setting_is_not_shown(key: str, value: str) -> None:
    (mistake,) = mistakes(refusal(changed("prod", {key: value})), "prod")
    assert (mistake.key, mistake.found) == (f"estate:{key}", HIDDEN)
