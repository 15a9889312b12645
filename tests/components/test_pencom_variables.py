"""The variables that each Pencom service needs to boot: the handover's table, name by name."""

from __future__ import annotations

import pytest

from components.facts.pencom import SERVICES
from components.facts.secrets import CATALOGUE

# One a word; `A_{B,C}` stands for A_B and A_C, and `!` marks a secret.
COMMON = """
ENVIRONMENT !JWT_SECRET !INTERNAL_API_KEY HIGHLIGHT_PROJECT_ID HIGHLIGHT_ENVIRONMENT
{CORE,PAYMENT,COMPLIANCE,NOTIFICATIONS,EXTERNAL_INTEGRATIONS,AUDIT}_SERVICE_URL
"""
ORACLE = "PENCOM_DB_{HOST,PORT,USER,SERVICE_NAME} !PENCOM_DB_PASSWORD"
REDIS = "REDIS_{HOST,PORT} !REDIS_PASSWORD"
OWN = {
    "api-gateway": """
        HIGHLIGHT_API_GATEWAY_SERVICE_NAME API_GATEWAY_{SERVICE,TCP}_HOST
        API_GATEWAY_{SERVICE,TCP}_PORT AUTH_PILOT_ALLOWLIST !ADMIN_SUPPORT_PASSWORD !POSTHOG_KEY
        POSTHOG_HOST
    """,
    "external-gateway": """
        HIGHLIGHT_EXTERNAL_GATEWAY_SERVICE_NAME EXTERNAL_API_GATEWAY_SERVICE_{HOST,PORT}
        !EXTERNAL_JWT_SECRET COMPLIANCE_DB_{HOST,PORT,USER,NAME} !COMPLIANCE_DB_PASSWORD
    """,
    "core": f"""
        HIGHLIGHT_CORE_SERVICE_NAME CORE_SERVICE_{{HOST,PORT,TCP_PORT}}
        CORE_DB_{{HOST,PORT,USER,NAME}} !CORE_DB_PASS {ORACLE} {REDIS} PENCOM_TABLE_PREFIX
        PENCOM_CERTIFICATE_REQUEST_SUFFIX !NOTIFICATIONS_MONGO_DB_URL ADMIN_EMAIL
        ADMIN_ALLOWED_EMAILS SUPER_ADMIN_* SUPPORT_EMAIL FRONTEND_URL
    """,
    "payments": """
        HIGHLIGHT_PAYMENTS_SERVICE_NAME PAYMENT_SERVICE_{HOST,PORT,TCP_PORT}
        PAYMENT_DB_{HOST,PORT,USER,NAME} !PAYMENT_DB_PASS PAYMENTS_DB_{HOST,PORT,USER,NAME}
        !PAYMENTS_DB_PASS REMITA_{BASE_URL,MERCHANT_ID,SERVICE_TYPE_ID} !REMITA_API_KEY
    """,
    "compliance": f"""
        HIGHLIGHT_COMPLIANCE_SERVICE_NAME COMPLIANCE_SERVICE_{{HOST,PORT,TCP_PORT}}
        COMPLIANCE_DB_{{HOST,PORT,USER,NAME}} !COMPLIANCE_DB_PASSWORD {ORACLE} {REDIS}
        SPACES_{{ENDPOINT,REGION,BUCKET_NAME,BUCKET_URL,ACL}} !SPACES_ACCESS_KEY_ID
        !SPACES_SECRET_ACCESS_KEY
    """,
    "notifications": """
        HIGHLIGHT_NOTIFICATIONS_SERVICE_NAME NOTIFICATIONS_SERVICE_{HOST,PORT,TCP_PORT}
        !NOTIFICATIONS_DB_URI !SENDGRID_API_KEY SENDGRID_{FROM_EMAIL,FROM_NAME,REPLY_TO} TERMII_*
    """,
    "external-integrations": """
        HIGHLIGHT_EXTERNAL_INTEGRATIONS_SERVICE_NAME EXTERNAL_INTEGRATIONS_SERVICE_{HOST,PORT}
        EXTERNAL_INTEGRATIONS_DB_{HOST,PORT,USER,NAME} !EXTERNAL_INTEGRATIONS_DB_PASSWORD
    """,
    "audit": """
        HIGHLIGHT_AUDIT_SERVICE_NAME AUDIT_SERVICE_{HOST,PORT} AUDIT_DB_{HOST,PORT,USER,NAME}
        !AUDIT_DB_PASSWORD
    """,
}


def named(text: str) -> set[str]:
    names = set()
    for word in text.split():
        before, brace, rest = word.partition("{")
        choices, _, after = rest.partition("}")
        names |= {f"{before}{choice}{after}" for choice in choices.split(",")} if brace else {word}
    return names


def test_the_table_has_every_service() -> None:
    assert set(OWN) == set(SERVICES)


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_service_is_given_what_the_handover_lists_and_nothing_else(name: str) -> None:
    expected = named(COMMON) | named(OWN[name])
    secret = {word.removeprefix("!") for word in expected if word.startswith("!")}
    assert set(SERVICES[name].variables) == {word for word in expected if not word.startswith("!")}
    assert set(SERVICES[name].secrets) == secret


@pytest.mark.parametrize("name", sorted(OWN))
def test_no_variable_is_listed_twice_or_both_as_secret_and_plain(name: str) -> None:
    listed = [*SERVICES[name].variables, *SERVICES[name].secrets]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("name", sorted(OWN))
def test_every_secret_of_a_service_is_in_the_catalogue_with_the_service_as_a_user(
    name: str,
) -> None:
    users = {secret.name: secret.used_by for secret in CATALOGUE if secret.system == "pencom"}
    for secret in SERVICES[name].secrets:
        assert name in users[secret], secret
