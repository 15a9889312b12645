"""Thirty and more ways in which a real .env contradicts the inventory; its values stay unseen."""

from __future__ import annotations

import json

import pytest
from estates import needs, on_ports, prod, ran

from components.facts.pencom import SERVICES
from ops.pencom import export
from ops.pencom.env_check import Finding, findings, parse

CANARY = "canary-7f3a9c"
URIS = {
    "NOTIFICATIONS_MONGO_DB_URL": f"mongodb://u:{CANARY}@10.20.0.13:27017/pencom_core_otp",
    "NOTIFICATIONS_DB_URI": f"mongodb://u:{CANARY}@10.20.0.13/pencom_notifications?authSource=x",
}


def real(service: str, **changes: str | None) -> str:
    """A file that agrees with the inventory, but for some variables; None takes one out."""
    given = dict(parse(export.texts(prod(), "env")[f"{service}.env"]))
    given = {name: value or URIS.get(name, CANARY) for name, value in given.items()}
    given |= {"SUPER_ADMIN_EMAIL": CANARY} if service == "core" else {}
    given |= {"AUTH_PILOT_ALLOWLIST": '["a@b.cd"]'} if service == "api-gateway" else {}
    merged = {**given, **changes}
    return "".join(f"{name}={value}\n" for name, value in merged.items() if value is not None)


def found(service: str, text: str) -> list[Finding]:
    return findings(prod(), prod().services[service], text)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_file_that_agrees_has_no_finding(service: str) -> None:
    assert found(service, real(service)) == []


# service, what is changed in its file, the variable that is told, what is told of it
CONTRADICTIONS: list[tuple[str, dict[str, str | None], str, str]] = [
    # URLs of other services
    ("core", {"AUDIT_SERVICE_URL": "http://10.20.0.13:9000"}, "AUDIT_SERVICE_URL", "another host"),
    ("core", {"AUDIT_SERVICE_URL": "http://10.20.0.12:9001"}, "AUDIT_SERVICE_URL", "another port"),
    ("core", {"AUDIT_SERVICE_URL": "http://10.20.0.12"}, "AUDIT_SERVICE_URL", "port than 9000"),
    ("core", {"AUDIT_SERVICE_URL": "https://10.20.0.12:9000"}, "AUDIT_SERVICE_URL", "no http URL"),
    ("core", {"AUDIT_SERVICE_URL": "10.20.0.12:9000"}, "AUDIT_SERVICE_URL", "no URL"),
    ("core", {"AUDIT_SERVICE_URL": "http://[::1:9000"}, "AUDIT_SERVICE_URL", "no URL"),
    ("core", {"AUDIT_SERVICE_URL": "http://10.20.0.12:port"}, "AUDIT_SERVICE_URL", "no URL"),
    (
        "core",
        {"AUDIT_SERVICE_URL": "http://10.20.0.12:9000/api"},
        "AUDIT_SERVICE_URL",
        "more than host and port",
    ),
    (
        "core",
        {"AUDIT_SERVICE_URL": f"http://u:{CANARY}@10.20.0.12:9000"},
        "AUDIT_SERVICE_URL",
        "more than host and port",
    ),
    (
        "api-gateway",
        {"CORE_SERVICE_URL": "http://localhost:4000"},
        "CORE_SERVICE_URL",
        "another host than core on vps-2",
    ),
    (
        "payments",
        {"CORE_SERVICE_URL": "http://10.20.0.12:4001"},
        "CORE_SERVICE_URL",
        "another port than 4000",
    ),
    # where a service listens
    ("core", {"CORE_SERVICE_HOST": "10.20.0.13"}, "CORE_SERVICE_HOST", "not core on vps-2"),
    ("core", {"CORE_SERVICE_HOST": "localhost"}, "CORE_SERVICE_HOST", "not core on vps-2"),
    ("core", {"CORE_SERVICE_PORT": "4001"}, "CORE_SERVICE_PORT", "not 4000"),
    ("core", {"CORE_SERVICE_TCP_PORT": "4000"}, "CORE_SERVICE_TCP_PORT", "not 4001"),
    ("core", {"CORE_SERVICE_PORT": "four"}, "CORE_SERVICE_PORT", "not 4000"),
    (
        "api-gateway",
        {"API_GATEWAY_TCP_HOST": "10.20.0.12"},
        "API_GATEWAY_TCP_HOST",
        "not api-gateway on vps-1",
    ),
    (
        "external-gateway",
        {"EXTERNAL_API_GATEWAY_SERVICE_PORT": "3000"},
        "EXTERNAL_API_GATEWAY_SERVICE_PORT",
        "not 3010",
    ),
    # databases
    ("audit", {"AUDIT_DB_HOST": "localhost"}, "AUDIT_DB_HOST", "not postgresql on vps-3"),
    ("audit", {"AUDIT_DB_PORT": "27017"}, "AUDIT_DB_PORT", "not 5432"),
    ("audit", {"AUDIT_DB_NAME": "pencom_core_db2"}, "AUDIT_DB_NAME", "not pencom_audit"),
    (
        "external-gateway",
        {"COMPLIANCE_DB_NAME": "pencom_external"},
        "COMPLIANCE_DB_NAME",
        "not pencom_compliance",
    ),
    ("payments", {"PAYMENTS_DB_NAME": "x"}, "PAYMENTS_DB_NAME", "not pencom_payments"),
    ("payments", {"PAYMENTS_DB_PASS": "other"}, "PAYMENTS_DB_PASS", "differs from PAYMENT_DB_PASS"),
    ("payments", {"PAYMENT_DB_USER": "other"}, "PAYMENTS_DB_USER", "differs from PAYMENT_DB_USER"),
    (
        "core",
        {"NOTIFICATIONS_MONGO_DB_URL": URIS["NOTIFICATIONS_DB_URI"]},
        "NOTIFICATIONS_MONGO_DB_URL",
        "another database than mongodb/pencom_core_otp",
    ),
    (
        "notifications",
        {"NOTIFICATIONS_DB_URI": "mongodb://10.20.0.14/pencom_notifications"},
        "NOTIFICATIONS_DB_URI",
        "another host than mongodb",
    ),
    (
        "notifications",
        {"NOTIFICATIONS_DB_URI": "mongodb://10.20.0.13,10.20.0.12/pencom_notifications"},
        "NOTIFICATIONS_DB_URI",
        "another host than mongodb",
    ),
    (
        "notifications",
        {"NOTIFICATIONS_DB_URI": "mongodb://10.20.0.13:27018/pencom_notifications"},
        "NOTIFICATIONS_DB_URI",
        "another port than 27017",
    ),
    (
        "notifications",
        {"NOTIFICATIONS_DB_URI": "mongodb+srv://10.20.0.13/pencom_notifications"},
        "NOTIFICATIONS_DB_URI",
        "no mongodb URL",
    ),
    # Oracle, Redis, MinIO, logins
    ("compliance", {"PENCOM_DB_HOST": "10.20.0.13"}, "PENCOM_DB_HOST", "not oracle-ecrs"),
    ("compliance", {"PENCOM_DB_PORT": "5432"}, "PENCOM_DB_PORT", "not 1521"),
    ("compliance", {"PENCOM_DB_PASSWORD": None}, "PENCOM_DB_*", "PENCOM_DB_PASSWORD; ask"),
    ("compliance", {"PENCOM_DB_USER": ""}, "PENCOM_DB_*", "compliance reads oracle-ecrs"),
    ("compliance", {"REDIS_URL": "redis://x", "REDIS_HOST": None}, "REDIS_URL", "give REDIS_HOST"),
    ("compliance", {"REDIS_URL": "redis://x", "REDIS_HOST": ""}, "REDIS_URL", "give REDIS_HOST"),
    ("core", {"REDIS_HOST": "10.20.0.14"}, "REDIS_HOST", "not redis on vps-3"),
    ("core", {"REDIS_PORT": "6380"}, "REDIS_PORT", "not 6379"),
    (
        "compliance",
        {"SPACES_ENDPOINT": "https://fra1.digitaloceanspaces.com"},
        "SPACES_ENDPOINT",
        "no http URL",
    ),
    (
        "compliance",
        {"SPACES_ENDPOINT": "http://10.20.0.12:9000"},
        "SPACES_ENDPOINT",
        "another host than minio",
    ),
    ("api-gateway", {"AUTH_PILOT_ALLOWLIST": "a@b.cd"}, "AUTH_PILOT_ALLOWLIST", "blocks all"),
]


@pytest.mark.parametrize(
    ("service", "changes", "name", "told"),
    CONTRADICTIONS,
    ids=[f"{case[0]}-{case[2]}-{number}" for number, case in enumerate(CONTRADICTIONS)],
)
def test_a_contradiction_is_told_with_what_it_should_be_and_no_value(
    service: str, changes: dict[str, str | None], name: str, told: str
) -> None:
    wrong = [each for each in found(service, real(service, **changes)) if each.name == name]
    assert [each.kind for each in wrong if told in each.text] == ["contradictory"], wrong
    assert CANARY not in "".join(map(str, wrong))


def test_there_are_thirty_of_them() -> None:
    assert len(CONTRADICTIONS) >= 30


@pytest.mark.parametrize(
    ("service", "changes"),
    [
        ("core", {"AUDIT_SERVICE_URL": "http://localhost:9000"}),  # on the same host
        ("core", {"AUDIT_SERVICE_URL": "http://vps-2:9000/"}),
        ("core", {"CORE_SERVICE_HOST": "0.0.0.0"}),
        ("audit", {"AUDIT_DB_HOST": "vps-3"}),
        ("compliance", {"PENCOM_DB_HOST": "oracle-ecrs"}),
        ("audit", {"ENVIRONMENT": "prod"}),  # what is assumed is held against nobody
        ("notifications", {"TERMII_API_KEY": ""}),
        ("notifications", {"TERMII_SENDER": CANARY}),
        ("core", {"SUPER_ADMIN_NAME": CANARY}),
    ],
)
def test_what_comes_to_the_same_is_no_contradiction(service: str, changes: dict[str, str]) -> None:
    assert found(service, real(service, **changes)) == []


@pytest.mark.parametrize(
    ("service", "changes", "told"),
    [
        ("audit", {"JWT_SECRET": None}, "missing: JWT_SECRET: ask the infrastructure team"),
        ("audit", {"JWT_SECRET": ""}, "empty: JWT_SECRET: ask the infrastructure team"),
        ("audit", {"AUDIT_DB_PORT": None}, "missing: AUDIT_DB_PORT: it is 5432"),
        ("audit", {"ENVIRONMENT": ""}, "empty: ENVIRONMENT: it is production (assumed)"),
        (
            "core",
            {"SUPER_ADMIN_EMAIL": None},
            "missing: SUPER_ADMIN_*: ask the infrastructure team",
        ),
        (
            "core",
            {"SUPER_ADMIN_EMAIL": ""},
            "empty: SUPER_ADMIN_EMAIL: ask the infrastructure team",
        ),
        (
            "audit",
            {"PENCOM_DB_PASSWORD": CANARY},
            "extra: PENCOM_DB_PASSWORD: audit does not read it; read by compliance, core",
        ),
        (
            "audit",
            {"REDIS_URL": CANARY},
            "extra: REDIS_URL: audit does not read it; read by nobody that the inventory knows",
        ),
    ],
)
def test_what_is_missing_empty_or_extra_is_told(
    service: str, changes: dict[str, str | None], told: str
) -> None:
    assert [str(each) for each in found(service, real(service, **changes))] == [told]


def test_a_name_given_twice_is_told_and_the_last_value_counts() -> None:
    told = found("audit", real("audit") + "AUDIT_DB_PORT=1\n")
    assert [str(each) for each in told] == [
        "contradictory: AUDIT_DB_PORT: given 2 times; the last one counts: keep one",
        "contradictory: AUDIT_DB_PORT: it is not 5432, that of postgresql",
    ]


def test_no_finding_of_a_file_of_nothing_but_secrets_shows_one() -> None:
    given = parse(export.texts(prod(), "env")["core.env"])
    text = "".join(f"{name}={CANARY}\n" for name, _ in given) + f"{CANARY}\n"
    told = found("core", text)
    assert len(told) > 10
    assert CANARY not in "".join(map(str, told))


def test_an_address_of_ipv6_is_one_however_it_is_written() -> None:
    addresses = {"vps-1": "2001:db8::1", "vps-2": "fd00::2", "vps-3": "fd00::3", "vps-4": "fd00::4"}
    ports = {name: service.port for name, service in prod().services.items()}
    ports |= {name: store.port for name, store in prod().stores.items()}
    estate = on_ports(prod(), addresses, ports)
    text = export.texts(estate, "env")["external-gateway.env"]
    assert "CORE_SERVICE_URL=http://[fd00::2]:4000\n" in text
    text = text.replace("=\n", "=x\n").replace("[fd00::2]:4000", "[fd00:0:0::2]:4000")
    assert findings(estate, estate.services["external-gateway"], text) == []


LINES = """\
# a comment
PLAIN=one two
export EXPORTED=yes
 SPACED = around
SINGLE='quoted # no comment'
DOUBLE="a b" # a comment
COMMENTED=value # a comment
EMPTY=
QUOTED_EMPTY=""
HASH=a#b
EQUALS=a=b==
INNER=it's
TWO='lines
of text'
LAST=end"""


@needs("node")
def test_a_file_is_read_as_node_reads_it() -> None:
    program = "console.log(JSON.stringify(require('util').parseEnv(process.argv[1])))"
    theirs = json.loads(ran("node", "-e", program, LINES))
    assert dict(parse(LINES)) == theirs
    assert dict(parse(LINES.replace("\n", "\r\n"))) == theirs


def test_a_line_that_is_no_assignment_is_passed_by() -> None:
    assert parse("no assignment here\nA=1\n=2\n") == [("A", "1")]
