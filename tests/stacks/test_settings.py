"""A wrong setting stops the run before anything is registered, and says how to mend it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_digitalocean as do
import pytest
from conftest import DELETE, STACKS, changed
from refusals import mistakes, refusal

from ops.plan.graph import Recorder, record
from stacks.estate import declare

UUID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"
NAME_OR_ID = "either name (a new VPC) or id (one that exists)"


def _record(**fields: Any) -> dict[str, Any]:
    return {"krotrust.records": [{"name": "shop", **fields}]}


# setting, wrong value, what the message says is allowed
WRONG_VALUES: list[tuple[str, Any, str]] = [
    ("krotrust.region", "fra9", "fra1"),
    ("krogiving.region", "eu-central-1", "ams3"),
    ("krotrust.bucket.region", "nyc1", "fra1"),
    ("krotrust.droplet.size", "s-3vcpu-7gb", "s-4vcpu-8gb"),
    ("krotrust.database.size", "s-4vcpu-8gb", "db-s-2vcpu-4gb"),
    ("krogiving.backend.size", "basic-xs", "apps-s-1vcpu-1gb"),
    ("krotrust.droplet.backups.hour", 5, "4, 8, 12, 16 or 20"),
    ("krotrust.droplet.backups.plan", "hourly", "'daily' or 'weekly'"),
    ("krotrust.database.maintenance.hour", "2 am", ":00"),
    ("krotrust.database.maintenance.day", "Sun", "'sunday'"),
    ("krotrust.database.nodes", 4, "3"),
    ("krotrust.database.nodes", 0, "1"),
    ("krogiving.backend.instances", 21, "20"),
    ("krogiving.backend.port", 65536, "65535"),
    ("krotrust.vpc.ipRange", "10.114.0.0/33", "network"),
    ("krotrust.vpc.ipRange", "10.114.0.1/20", "network"),
    ("krotrust.ssh.allowList", [], "at least 1"),
    ("krotrust.caaIssuers", [], "at least 1"),
    ("alertEmails", [], "at least 1"),
    ("krotrust.composeFolder", "staging", "'production' or 'stage'"),
    ("krotrust.domain", "krotrust", "[a-z]{2,63}"),
    ("krotrust.domain", "https://krotrust.com", "[a-z]{2,63}"),
    ("krotrust.certificateEmail", "infrastructure at krotrust", "@"),
    ("krogiving.backend.senderEmail", "no-reply@", "@"),
    ("krogiving.backend.app", "An App", "[a-z]"),
    ("krogiving.backend.repository", "krogiving-backend", "/"),
    ("krogiving.valkey.evictionPolicy", "lru", "'allkeys_lru'"),
    ("krogiving.valkey.version", "eight", r"\d+"),
    ("pencom.processManager", "systemd", "'pm2' or 'docker'"),
    ("pencom.hosts.vps-3", "vps-3.internal", "address"),
    ("pencom.storePorts.postgresql", 70000, "65535"),
]

WRONG_TYPES: list[tuple[str, Any, str]] = [
    ("alertEmails", "infrastructure@krotrust.com", "array"),
    ("krotrust", "fra1", "object"),
    ("krotrust.droplet", ["kro-prod"], "object"),
    ("krotrust.database.nodes", "2", "integer"),
    ("krotrust.database.nodes", True, "integer"),
    ("krotrust.database.version", 16, "string"),
    ("krotrust.droplet.monitoring", "true", "boolean"),
    ("krotrust.droplet.ipv6", 1, "boolean"),
    ("krotrust.vpc.ipRange", 5, "network"),
    ("krotrust.ssh.allowList", 22, "array"),
    ("krogiving.backend.ttl", 300, "string"),
    ("krogiving.admin.host", None, "string"),
    ("pencom.hosts", ["10.20.0.12"], "object"),
    ("pencom.hosts.vps-1", True, "address"),
    ("pencom.storePorts.mongodb", "27017", "integer"),
]


@pytest.mark.parametrize(("key", "value", "allowed"), [*WRONG_VALUES, *WRONG_TYPES])
def test_a_wrong_value_is_named_with_its_key_what_stands_there_and_what_may(
    key: str, value: Any, allowed: str
) -> None:
    (mistake,) = mistakes(refusal(changed("prod", {key: value})), "prod")
    assert (mistake.key, mistake.found) == (f"estate:{key}", json.dumps(value))
    assert allowed in mistake.allowed


@pytest.mark.parametrize(
    ("key", "items"),
    [
        ("alertEmails", ["infrastructure.krotrust.com"]),
        ("krotrust.ssh.allowList", ["10.0.0.300/32"]),
        ("krotrust.caaIssuers", ["lets encrypt"]),
    ],
)
def test_a_wrong_item_of_a_list_is_one_mistake(key: str, items: list[str]) -> None:
    (mistake,) = mistakes(refusal(changed("prod", {key: items})), "prod")
    assert (mistake.key, mistake.found) == (f"estate:{key}.0", json.dumps(items[0]))


@pytest.mark.parametrize("key", ["krotrust.ssh.allowList", "pencom.sshAllowList"])
@pytest.mark.parametrize(
    ("networks", "wide"),
    [
        (["0.0.0.0/0"], [0]),
        (["::/0"], [0]),
        (["0.0.0.0/1", "128.0.0.0/1"], [0, 1]),
        (["198.18.0.0/15", "::/0"], [1]),
    ],
)
def test_each_network_that_is_open_to_the_world_is_a_mistake(
    key: str, networks: list[str], wide: list[int]
) -> None:
    refused = mistakes(refusal(changed("prod", {key: networks})), "prod")
    assert [(each.key, each.found) for each in refused] == [
        (f"estate:{key}.{place}", json.dumps(networks[place])) for place in wide
    ]
    assert all("networks that may connect" in each.allowed for each in refused)


@pytest.mark.parametrize("size", ["so-16vcpu-128gb-intel", "g-60vcpu-240gb-intel", "s-8vcpu-32gb"])
def test_what_is_allowed_can_be_copied_out_of_the_message_whole(size: str) -> None:
    assert size in {member.value for member in do.DropletSlug}
    text = refusal(changed("prod", {"krotrust.droplet.size": "s-3vcpu-7gb"}))
    assert size in text.replace(",", " ").split()


@pytest.mark.parametrize(
    ("stack", "key"),
    [
        ("prod", "alertEmails"),
        ("prod", "krotrust.droplet"),
        ("stage", "krogiving.backend"),
        ("dr", "krotrust.reservedIp"),
        ("prod", "krotrust.droplet.size"),
        ("prod", "krotrust.database.maintenance.hour"),
        ("stage", "krogiving.frontend"),
        ("dr", "krotrust.database.restore.cluster"),
        ("prod", "pencom.storePorts"),
    ],
)
def test_a_missing_key_is_named(stack: str, key: str) -> None:
    (mistake,) = mistakes(refusal(changed(stack, {key: DELETE})), stack)
    assert (mistake.key, mistake.found) == (f"estate:{key}", "nothing")
    assert "a value" in mistake.allowed


@pytest.mark.parametrize("empty", [{}, None], ids=["left out", "null"])
@pytest.mark.parametrize("system", ["krotrust", "krogiving", "pencom"])
def test_a_system_of_the_environment_cannot_be_dropped_from_its_file(
    system: str, empty: object
) -> None:
    refused = mistakes(refusal(changed("prod", {system: empty})), "prod")
    assert refused
    assert all(mistake.key.startswith(f"estate:{system}") for mistake in refused)


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("krotrst", "krotrust"),
        ("krotrust.dropelt", "droplet"),
        ("krotrust.droplet.sise", "size"),
        ("krogiving.backend.healthPath", "instances"),
        ("krogiving.valkey.restore", "evictionPolicy"),
        ("krotrust.database.evictionPolicy", "restore"),
        ("pencom.stores", "storePorts"),
    ],
)
def test_an_unknown_key_is_named_with_those_that_there_are(key: str, known: str) -> None:
    (mistake,) = mistakes(refusal(changed("prod", {key: {"cluster": "giv-prod"}})), "prod")
    assert mistake.key == f"estate:{key}"
    assert mistake.allowed.startswith("no such key")
    assert known in mistake.allowed.replace(",", " ").split()


@pytest.mark.parametrize(
    ("changes", "key", "allowed"),
    [
        ({"krotrust.vpc.id": UUID}, "krotrust.vpc.id", NAME_OR_ID),
        ({"krogiving.vpc.name": DELETE}, "krogiving.vpc.id", NAME_OR_ID),
        (_record(type="CNAME", value="a.b"), "krotrust.records.0.value", "a.b."),
        (_record(type="MX", value="mx.a.b", priority=1), "krotrust.records.0.value", "mx.a.b."),
        (
            _record(type="CAA", tag="issue", flags=0, value="a.b"),
            "krotrust.records.0.value",
            "a.b.",
        ),
        (
            _record(type="CAA", tag="iodef", flags=0, value="a.b."),
            "krotrust.records.0.value",
            "without a final dot",
        ),
        (_record(type="SPF", value="v=spf1"), "krotrust.records.0.type", "TXT"),
        (_record(type="TXT", value="v", ttl=5), "krotrust.records.0.ttl", "30"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    changes: dict[str, Any], key: str, allowed: str
) -> None:
    (mistake,) = mistakes(refusal(changed("prod", changes)), "prod")
    assert mistake.key == f"estate:{key}"
    assert allowed in mistake.allowed


@pytest.mark.parametrize(
    "changes",
    [
        {"krotrust.caaIssuers": ["letsencrypt.org", "letsencrypt.org"]},
        {"krotrust.records": [{"type": "TXT", "value": "a"}, {"type": "TXT", "value": "b"}]},
        {"krotrust.records": [{"type": "A", "name": "api", "value": "192.0.2.1"}]},
    ],
    ids=["an issuer twice", "two records of one name", "a record that the product derives"],
)
def test_two_things_of_one_logical_name_are_refused(changes: dict[str, Any]) -> None:
    # The engine would refuse the second only once the first, and half of the rest, is made.
    assert mistakes(refusal(changed("prod", changes)), "prod")


@pytest.mark.parametrize("key", ["krotrust.gitBaseUrl", "krotrust.certificateEmail"])
def test_an_invisible_character_is_refused(key: str) -> None:
    settings = changed("prod", {key: "git@github.com:kro\u200btrust.com"})
    assert [mistake.key for mistake in mistakes(refusal(settings), "prod")] == [f"estate:{key}"]


def test_a_system_that_the_environment_lacks_is_refused() -> None:
    pencom = json.loads(changed("prod", {}).values["estate:pencom"])
    (mistake,) = mistakes(refusal(changed("dr", {"pencom": pencom})), "dr")
    assert mistake.key == "estate:pencom"
    assert "stacks/dr.py has no pencom" in mistake.allowed


def test_an_unknown_stack_is_refused_with_those_that_there_are() -> None:
    text = refusal(replace(changed("prod", {}), stack="sandbox"))
    for part in ("sandbox", "dr, prod, stage", "stacks/sandbox.py", "Pulumi.sandbox.yaml"):
        assert part in text


@pytest.mark.parametrize("name", ["krotrust-dropelt", "krotrust"])
def test_a_removal_that_names_no_cloud_resource_is_named_with_its_file(name: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        record(changed("prod", {"removals": ["krotrust-droplet", name]}))
    text = str(refused.value)
    assert f"estate:removals names {name}, which" in text
    for part in ("python -m ops plan --stack prod", "Pulumi.prod.yaml"):
        assert part in text


def test_a_removal_that_names_nothing_unprotects_nothing() -> None:
    recorder = Recorder(changed("prod", {"removals": ["krotrust-dropelt"]}))
    with pytest.raises(pulumi.RunError):
        recorder.run(declare)
    cloud = [request for request in recorder.requests.values() if request.custom]
    assert len(cloud) > 60
    assert all(request.protect for request in cloud)


def test_all_mistakes_are_told_at_once() -> None:
    wrong = {
        "alertEmails": [],
        "krotrust.region": "fra9",
        "krotrust.droplet.size": DELETE,
        "krogiving.backend.instnces": 2,
        "krogiving.mongodb.nodes": "1",
        "pencom.hosts.vps-2": "188.166.145.68",
        "KROGIVING__JWT_SECRET_KEY": "in plain text",
    }
    text = refusal(changed("prod", wrong))
    refused = [mistake.key for mistake in mistakes(text, "prod")]
    assert len(refused) == len(wrong)
    for key in wrong:
        assert f"estate:{key}" in refused or key.rpartition(".")[2] in text
    assert "188.166.145.68" in text


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_committed_is_accepted(stack: str) -> None:
    assert record(changed(stack, {})).resources
