"""Ways in which a real .env contradicts the inventory; no finding shows a value."""

from __future__ import annotations

import json

import pytest
from inventories import needs, prod, relocated, run_program

from components.facts.pencom import SERVICES
from ops.pencom import export
from ops.pencom.env_check import EnvFinding, findings, parse

CANARY = "canary-7f3a9c"
URIS = {
    "NOTIFICATIONS_MONGO_DB_URL": f"mongodb://u:{CANARY}@10.20.0.13:27017/pencom_core_otp",
    "NOTIFICATIONS_DB_URI": f"mongodb://u:{CANARY}@10.20.0.13/pencom_notifications?authSource=x",
}


def real(service: str, **changes: str | None) -> str:
    """A file that agrees with the inventory except for the changes; None removes a variable."""
    skeleton = parse(export.texts(prod(), "env")[f"{service}.env"])
    values = {name: value or URIS.get(name, CANARY) for name, value in skeleton}
    values |= {"SUPER_ADMIN_EMAIL": CANARY} if service == "core" else {}
    values |= {"AUTH_PILOT_ALLOWLIST": '["a@b.cd"]'} if service == "api-gateway" else {}
    merged = {**values, **changes}
    return "".join(f"{name}={value}\n" for name, value in merged.items() if value is not None)


def findings_of(service: str, text: str) -> list[EnvFinding]:
    return findings(prod(), prod().services[service], text)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_file_that_agrees_has_no_finding(service: str) -> None:
    assert findings_of(service, real(service)) == []


# service, one changed variable ("NAME" alone removes it), a part of the finding, and the variable
# of the finding if it is another one.
CONTRADICTIONS = [
    # URLs of other services
    ("core", "AUDIT_SERVICE_URL=http://10.20.0.13:9000", "another host"),
    ("core", "AUDIT_SERVICE_URL=http://10.20.0.12:9001", "another port"),
    ("core", "AUDIT_SERVICE_URL=http://10.20.0.12", "port than 9000"),
    ("core", "AUDIT_SERVICE_URL=https://10.20.0.12:9000", "scheme is not http;"),
    ("core", "AUDIT_SERVICE_URL=10.20.0.12:9000", "not a URL"),
    ("core", "AUDIT_SERVICE_URL=http://[::1:9000", "not a URL"),
    ("core", "AUDIT_SERVICE_URL=http://10.20.0.12:port", "not a URL"),
    ("core", "AUDIT_SERVICE_URL=http://10.20.0.12:9000/api", "more than host and port"),
    ("core", f"AUDIT_SERVICE_URL=http://u:{CANARY}@10.20.0.12:9000", "more than host and port"),
    ("api-gateway", "CORE_SERVICE_URL=http://localhost:4000", "another host than core on vps-2"),
    ("payments", "CORE_SERVICE_URL=http://10.20.0.12:4001", "another port than 4000"),
    # a service's own address
    ("core", "CORE_SERVICE_HOST=10.20.0.13", "not core on vps-2"),
    ("core", "CORE_SERVICE_HOST=localhost", "not core on vps-2"),
    ("core", "CORE_SERVICE_PORT=4001", "not 4000"),
    ("core", "CORE_SERVICE_TCP_PORT=4000", "not 4001"),
    ("core", "CORE_SERVICE_PORT=four", "not 4000"),
    ("api-gateway", "API_GATEWAY_TCP_HOST=10.20.0.12", "not api-gateway on vps-1"),
    ("external-gateway", "EXTERNAL_API_GATEWAY_SERVICE_PORT=3000", "not 3010"),
    # databases
    ("audit", "AUDIT_DB_HOST=localhost", "not postgresql on vps-3"),
    ("audit", "AUDIT_DB_PORT=27017", "not 5432"),
    ("audit", "AUDIT_DB_NAME=pencom_core_db2", "not pencom_audit"),
    ("external-gateway", "COMPLIANCE_DB_NAME=pencom_external", "not pencom_compliance"),
    ("payments", "PAYMENTS_DB_NAME=x", "not pencom_payments"),
    ("payments", "PAYMENTS_DB_PASS=other", "differs from PAYMENT_DB_PASS"),
    ("payments", "PAYMENT_DB_USER=other", "differs from PAYMENT_DB_USER", "PAYMENTS_DB_USER"),
    (
        "core",
        f"NOTIFICATIONS_MONGO_DB_URL={URIS['NOTIFICATIONS_DB_URI']}",
        "another database than mongodb/pencom_core_otp",
    ),
    (
        "notifications",
        "NOTIFICATIONS_DB_URI=mongodb://10.20.0.14/pencom_notifications",
        "another host than mongodb",
    ),
    (
        "notifications",
        "NOTIFICATIONS_DB_URI=mongodb://10.20.0.13,10.20.0.12/pencom_notifications",
        "another host than mongodb",
    ),
    (
        "notifications",
        "NOTIFICATIONS_DB_URI=mongodb://10.20.0.13:27018/pencom_notifications",
        "another port than 27017",
    ),
    (
        "notifications",
        "NOTIFICATIONS_DB_URI=mongodb+srv://10.20.0.13/pencom_notifications",
        "scheme is not mongodb;",
    ),
    # Oracle, Redis, MinIO, logins
    ("compliance", "PENCOM_DB_HOST=10.20.0.13", "not oracle-ecrs"),
    ("compliance", "PENCOM_DB_PORT=5432", "not 1521"),
    ("compliance", "PENCOM_DB_PASSWORD", "PENCOM_DB_PASSWORD; ask", "PENCOM_DB_*"),
    ("compliance", "PENCOM_DB_USER=", "compliance reads oracle-ecrs", "PENCOM_DB_*"),
    ("compliance", "REDIS_HOST", "set REDIS_HOST", "REDIS_URL"),
    ("compliance", "REDIS_HOST=", "set REDIS_HOST", "REDIS_URL"),
    ("core", "REDIS_HOST=10.20.0.14", "not redis on vps-3"),
    ("core", "REDIS_PORT=6380", "not 6379"),
    (
        "compliance",
        "SPACES_ENDPOINT=https://fra1.digitaloceanspaces.com",
        "scheme is not http;",
    ),
    ("compliance", "SPACES_ENDPOINT=http://10.20.0.12:9000", "another host than minio"),
    ("api-gateway", "AUTH_PILOT_ALLOWLIST=a@b.cd", "blocks all"),
]


@pytest.mark.parametrize("case", CONTRADICTIONS, ids=lambda case: f"{case[0]} {case[1]}")
def test_a_contradiction_is_told_with_what_it_should_be_and_no_value(case: tuple[str, ...]) -> None:
    service, change, text, *other = case
    name, equals, value = change.partition("=")
    changes: dict[str, str | None] = {name: value if equals else None}
    if "REDIS_URL" in other:
        changes["REDIS_URL"] = "redis://x"
    reported = findings_of(service, real(service, **changes))
    wrong = [each for each in reported if each.name == (other[0] if other else name)]
    assert [each.kind for each in wrong if text in each.text] == ["contradictory"], wrong
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
        ("audit", {"ENVIRONMENT": "prod"}),  # assumed values are not compared
        ("notifications", {"TERMII_API_KEY": ""}),
        ("notifications", {"TERMII_SENDER": CANARY}),
        ("core", {"SUPER_ADMIN_NAME": CANARY}),
    ],
)
def test_what_comes_to_the_same_is_no_contradiction(service: str, changes: dict[str, str]) -> None:
    assert findings_of(service, real(service, **changes)) == []


@pytest.mark.parametrize(
    ("service", "changes", "text"),
    [
        ("audit", {"JWT_SECRET": None}, "missing: JWT_SECRET: ask the infrastructure team"),
        ("audit", {"JWT_SECRET": ""}, "empty: JWT_SECRET: ask the infrastructure team"),
        ("audit", {"AUDIT_DB_PORT": None}, "missing: AUDIT_DB_PORT: set it to 5432"),
        ("audit", {"ENVIRONMENT": ""}, "empty: ENVIRONMENT: set it to production (assumed)"),
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
            "extra: REDIS_URL: audit does not read it; read by no service of the inventory",
        ),
    ],
)
def test_what_is_missing_empty_or_extra_is_told(
    service: str, changes: dict[str, str | None], text: str
) -> None:
    assert [str(each) for each in findings_of(service, real(service, **changes))] == [text]


def test_a_name_given_twice_is_told_and_the_last_value_counts() -> None:
    reported = findings_of("audit", real("audit") + "AUDIT_DB_PORT=1\n")
    assert [str(each) for each in reported] == [
        "contradictory: AUDIT_DB_PORT: set 2 times; the last one counts: keep one",
        "contradictory: AUDIT_DB_PORT: it is not 5432, the port of postgresql",
    ]


def test_no_finding_of_a_file_of_nothing_but_secrets_shows_one() -> None:
    skeleton = parse(export.texts(prod(), "env")["core.env"])
    text = "".join(f"{name}={CANARY}\n" for name, _ in skeleton) + f"{CANARY}\n"
    reported = findings_of("core", text)
    assert len(reported) > 10
    assert CANARY not in "".join(map(str, reported))


def test_an_address_of_ipv6_is_one_however_it_is_written() -> None:
    addresses = {"vps-1": "2001:db8::1", "vps-2": "fd00::2", "vps-3": "fd00::3", "vps-4": "fd00::4"}
    inventory = relocated(prod(), addresses)
    text = export.texts(inventory, "env")["external-gateway.env"]
    assert "CORE_SERVICE_URL=http://[fd00::2]:4000\n" in text
    text = text.replace("=\n", "=x\n").replace("[fd00::2]:4000", "[fd00:0:0::2]:4000")
    assert findings(inventory, inventory.services["external-gateway"], text) == []


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
    values = json.loads(run_program("node", "-e", program, LINES))
    assert dict(parse(LINES)) == values
    assert dict(parse(LINES.replace("\n", "\r\n"))) == values


def test_a_line_that_is_no_assignment_is_passed_by() -> None:
    assert parse("no assignment here\nA=1\n=2\n") == [("A", "1")]
