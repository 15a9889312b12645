"""Single resources at the edge of a rule: what is reported, and what is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from policy.resources import UNKNOWN, Operation, PlannedResource
from policy.rules import RULES, violations

ANYONE = ["0.0.0.0/0"]


def _reported(
    rule: str, *resources: PlannedResource, stack: str = "stage", op: str = ""
) -> list[str]:
    """Return the messages of one rule; `op` is a planned operation on the first resource."""
    chosen = [each for each in RULES if each.name == rule]
    operations = [Operation(each.name, each.type, op) for each in resources[:1] if op]
    return [each.message for each in violations(resources, stack, operations, chosen)]


def _firewall(*rules: Any) -> PlannedResource:
    return PlannedResource("Firewall", "web", {"inboundRules": list(rules)})


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"sourceAddresses": ANYONE}, "port 22 is open to 0.0.0.0/0"),
        ({"protocol": UNKNOWN, "sourceAddresses": ANYONE}, "port 22 is open to 0.0.0.0/0"),
        (UNKNOWN, "cannot be checked: its sources are unknown before an `up`"),
    ],
    ids=["no protocol", "an unknown protocol", "one unknown rule"],
)
def test_a_firewall_rule_that_may_let_ssh_in_is_reported(rule: Any, message: str) -> None:
    harmless = {"protocol": "tcp", "portRange": "443", "sourceAddresses": ANYONE}
    assert _reported("no-open-ssh", _firewall(harmless, rule)) == [message]


@pytest.mark.parametrize("acl", ["public-read", "public-read-write", "authenticated-read", UNKNOWN])
def test_every_acl_but_private_is_reported(acl: str) -> None:
    bucket = PlannedResource("SpacesBucket", "files", {"acl": acl})
    assert _reported("private-buckets", bucket) == [f"its ACL is {acl}"]


def _policy(*statements: object) -> PlannedResource:
    inputs = {"policy": json.dumps({"Statement": statements})}
    return PlannedResource("SpacesBucketPolicy", "policy", inputs)


def _allow(action: str) -> dict[str, Any]:
    over_tls = {"Bool": {"aws:SecureTransport": "true"}}
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Condition": over_tls}


@pytest.mark.parametrize(
    "action", ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:*"]
)
def test_a_bucket_policy_that_lets_anyone_list_is_reported(action: str) -> None:
    assert _reported("private-buckets", _policy(_allow(action))) == ["lets anyone list the bucket"]
    owner = {**_allow(action), "Principal": {"AWS": "arn:aws:iam:::user/1"}}
    assert _reported("private-buckets", _policy(owner)) == []


def test_plain_http_has_to_be_denied_to_everyone() -> None:
    read = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": "arn:aws:iam:::user/1"},
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    plain_http = ["allows plain HTTP: a statement lacks aws:SecureTransport"]
    assert _reported("private-buckets", _policy(read, deny)) == plain_http
    assert _reported("private-buckets", _policy(read, {**deny, "Principal": "*"})) == []


def test_a_bucket_policy_with_malformed_statements_is_reported() -> None:
    (message,) = _reported("private-buckets", _policy("Allow"))
    assert message.startswith("its text cannot be checked")


def _host(**inputs: Any) -> PlannedResource:
    internal = {"role": "services", "exposure": "internal", "address": "10.0.0.9", "carries": []}
    return PlannedResource("estate:pencom:Host", "pencom-vps", {**internal, **inputs})


@pytest.mark.parametrize("exposure", ["internet", "vpn", None, UNKNOWN])
def test_a_host_counts_as_exposed_unless_it_is_internal(exposure: str | None) -> None:
    assert _reported("internal-hosts", _host(exposure=exposure)) == [
        "its role is services, and it is not internal"
    ]


@pytest.mark.parametrize(
    ("address", "inputs"),
    [
        ("10.0.0.9", {"backup": "rsync from 10.0.0.9"}),
        ("fd00::a", {"backup": "rsync from FD00::A"}),
        ("FD00::A", {"backup": "rsync from fd00::a"}),
    ],
)
def test_an_internal_address_in_another_input_is_reported(
    address: str, inputs: Mapping[str, str]
) -> None:
    assert _reported("internal-hosts", _host(address=address, **inputs)) == [
        "backup contains the address of pencom-vps"
    ]
    assert _reported("internal-hosts", _host(address=address)) == []


@pytest.mark.parametrize(
    "op", ["delete", "replace", "create-replacement", "delete-replaced", "import-replacement"]
)
@pytest.mark.parametrize(
    "type_",
    [
        *("DatabaseCluster", "DatabaseDb", "DatabaseUser", "DatabaseFirewall", "SpacesBucket"),
        *("Droplet", "ReservedIp", "Vpc", "Domain", "App", "Volume"),
    ],
)
@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_no_guarded_stack_destroys_or_unprotects_stateful_resources(
    stack: str, type_: str, op: str
) -> None:
    protected = PlannedResource(type_, "it", {}, protect=True)
    assert _reported("nothing-lost", protected, stack=stack, op=op) == [f"the plan is to {op} it"]
    bare = PlannedResource(type_, "it", {})
    assert _reported("nothing-lost", bare, stack=stack) == ["is not protected"]


@pytest.mark.parametrize("inputs", [{}, {"backups": False}, {"backups": UNKNOWN}])
def test_a_guarded_droplet_has_to_declare_backups(inputs: Mapping[str, Any]) -> None:
    droplet = PlannedResource("Droplet", "web", inputs)
    assert _reported("droplet-backups", droplet, stack="prod") == ["has no backups"]


def _variable(**fields: str) -> PlannedResource:
    """An app in which the variable belongs to the second of two services."""
    services = [{"name": "web", "envs": []}, {"name": "worker", "envs": [fields]}]
    return PlannedResource("App", "app", {"spec": {"services": services}})


@pytest.mark.parametrize(
    "variable",
    [
        {"key": "OTP_TOKEN", "value": "plain"},
        {"key": "otp_token", "value": "plain"},
        {"key": "PUBLICATION_TOKEN", "value": "plain"},
        {"key": "DB_PASSWORD", "value": "${db.PASSWORD}plain"},
    ],
    ids=["a token", "in small letters", "not a public key", "more than a reference"],
)
def test_a_plain_variable_with_the_name_of_a_secret_is_reported(variable: dict[str, str]) -> None:
    (message,) = _reported("no-plain-secret", _variable(**variable))
    assert message == f"the variable {variable['key']} is not of type SECRET"


@pytest.mark.parametrize(
    "variable",
    [
        {"key": "OTP_TOKEN", "value": "plain", "type": "SECRET"},
        {"key": "DB_PASSWORD", "value": "${db.PASSWORD}"},
        {"key": "PAYSTACK_PUBLIC_KEY", "value": "pk_live_0"},
        {"key": "REACT_APP_SPLIT_KEY", "value": "split_1"},
    ],
    ids=["hidden", "a reference", "public by name", "part of a page"],
)
def test_a_hidden_bound_or_public_variable_is_allowed(variable: dict[str, str]) -> None:
    assert _reported("no-plain-secret", _variable(**variable)) == []


@pytest.mark.parametrize(("type_", "address"), [("A", "198.51.100.9"), ("AAAA", "2001:db8::9")])
def test_an_address_record_of_either_family_needs_an_owner(type_: str, address: str) -> None:
    inputs = {"type": type_, "name": "api", "domain": "a.test", "value": address}
    record = PlannedResource("DnsRecord", "api", inputs)
    assert len(_reported("own-addresses", record)) == 1
    owned = PlannedResource("DnsRecord", "api", inputs, uses={"value": ["web"]})
    assert _reported("own-addresses", owned, PlannedResource("Droplet", "web", {})) == []


@pytest.mark.parametrize(("scheme", "missing"), [("https", 0), ("http", 1)])
def test_only_a_check_over_tls_watches_a_name(scheme: str, missing: int) -> None:
    inputs = {"type": "A", "name": "api", "domain": "a.test", "value": "198.51.100.9"}
    record = PlannedResource("DnsRecord", "api", inputs)
    check = PlannedResource("UptimeCheck", "check", {"target": f"{scheme}://api.a.test/health"})
    assert len(_reported("watched-urls", record, check)) == missing
