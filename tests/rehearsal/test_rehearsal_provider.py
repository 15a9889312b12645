"""The stand-in's methods, called directly: no engine, no process."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN
from stand_in import (
    CLUSTER,
    DROPLET,
    UNSET,
    app,
    check,
    create,
    delete,
    diff,
    made,
    props,
    read,
    rehearse,
    update,
)

import rehearsal
from rehearsal.cloud import Refused
from rehearsal.plugin import GET_CA, StandIn
from rehearsal.property_values import plain

# The SDK announces its own deprecated types when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return rehearse(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("kind", "inputs", "path", "reason"),
    [
        ("Nothing", {}, "", "no resource type"),
        ("Vpc", {"name": "v"}, "region", "required"),
        ("Vpc", {"name": "v", "region": "fra1", "ip_range": "10.0.0.0/20"}, "ip_range", "no such"),
        ("Vpc", {"region": "fra1"}, "name", "explicit"),
        ("Vpc", {"name": "v", "region": True}, "region", "kind string"),
        ("DatabaseCluster", {**CLUSTER, "nodeCount": "1"}, "nodeCount", "kind integer"),
        ("DatabaseCluster", {**CLUSTER, "nodeCount": 1.5}, "nodeCount", "kind integer"),
        ("DatabaseCluster", {**CLUSTER, "engine": "redis"}, "engine", "valkey"),
        (
            "DatabaseCluster",
            {k: v for k, v in CLUSTER.items() if k != "version"},
            "version",
            "preview",
        ),
        ("Droplet", {**DROPLET, "tags": "a"}, "tags", "kind list"),
        ("Droplet", {**DROPLET, "tags": [1]}, "tags[0]", "kind string"),
        (
            "Firewall",
            {"name": "f", "inboundRules": [{"protocol": "tcp", "sourceAddresses": ["0.0.0.0/0"]}]},
            "inboundRules[0].portRange",
            "ports",
        ),
        (
            "UptimeAlert",
            {"name": "a", "checkId": "1", "type": "down", "notifications": []},
            "notifications",
            "empty",
        ),
        (
            "DnsRecord",
            {"domain": "d.test", "type": "CNAME", "name": "w", "value": "a.test"},
            "value",
            "dot",
        ),
        (
            "DnsRecord",
            {"domain": "d.test", "type": "CAA", "tag": "issue", "name": "@", "value": "a.test"},
            "value",
            "dot",
        ),
        ("App", app(name="x" * 33), "spec.name", "32"),
        ("App", app(domains=["a.test"], domainNames=[{"name": "a.test"}]), "spec.domains", "conf"),
        ("App", app(services=[{"nam": "web"}]), "spec.services[0].nam", "no such"),
        (
            "App",
            app(services=[{"name": "w", "httpPort": "80"}]),
            "spec.services[0].httpPort",
            "int",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_path(
    kind: str, inputs: dict[str, Any], path: str, reason: str
) -> None:
    failures = check(kind, inputs)
    assert reason in failures[path]


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("DatabaseCluster", CLUSTER),
        ("Droplet", {**DROPLET, "vpcUuid": UNSET, "tags": PropertyValue(UNKNOWN)}),
        ("Firewall", {"name": "f", "inboundRules": [{"protocol": "icmp"}]}),
        ("DnsRecord", {"domain": "d.test", "type": "MX", "name": "@", "value": UNSET}),
        ("DnsRecord", {"domain": "d.test", "type": "A", "name": "@", "value": "192.0.2.1"}),
        ("App", app(("KEY", PropertyValue("plain", is_secret=True)))),
    ],
)
def test_what_can_work_passes(kind: str, inputs: dict[str, Any]) -> None:
    assert check(kind, inputs) == {}


def test_no_reason_repeats_a_value() -> None:
    failures = check("Droplet", {**DROPLET, "userData": [PropertyValue("hunter2").value]})
    assert failures
    assert "hunter2" not in str(failures)


def test_a_preview_leaves_outputs_unknown_and_writes_nothing(cloud: Path) -> None:
    answer = create("DatabaseCluster", CLUSTER, preview=True)
    assert not answer.resource_id
    assert answer.properties["privateUri"].value == UNKNOWN
    assert answer.properties["privateUri"].is_secret
    assert answer.properties["engine"].value == "pg"
    assert not cloud.parent.exists()


def test_creating_is_the_same_for_the_same_cloud_and_new_after_a_replacement() -> None:
    first, second = create("Droplet", DROPLET), create("Droplet", DROPLET)
    assert first.resource_id
    assert first.resource_id.isdigit()
    assert first.resource_id != second.resource_id
    assert first.properties["ipv4Address"].value != second.properties["ipv4Address"].value
    assert first.properties["dropletUrn"].value == f"do:droplet:{first.resource_id}"


def test_secret_outputs_are_secret_and_secret_inputs_never_reach_the_file(cloud: Path) -> None:
    state = create("DatabaseCluster", CLUSTER).properties
    assert {name for name, value in state.items() if value.is_secret} >= {"password", "uri"}
    assert state["port"].value == 25060.0
    create("Droplet", {**DROPLET, "userData": PropertyValue("hunter2", is_secret=True)})
    assert "hunter2" not in cloud.read_text()


def test_a_name_in_use_is_refused_where_the_api_requires_it_to_be_unique() -> None:
    create("DatabaseCluster", CLUSTER)
    with pytest.raises(Refused, match=r"422 .* already exists"):
        create("DatabaseCluster", CLUSTER, name="other")


def test_an_unchanged_resource_has_no_diff_and_what_the_api_fills_in_is_none() -> None:
    vpc = {"name": "v", "region": "fra1"}
    state = create("Vpc", vpc).properties
    assert "ipRange" in state
    assert diff("Vpc", state, vpc).changes is False


def test_an_update_and_a_replacement_are_distinguished_by_path() -> None:
    state = create("Droplet", {**DROPLET, "tags": ["b", "a"]}).properties
    resized = diff("Droplet", state, {**DROPLET, "size": "s-2vcpu-4gb", "tags": ["b", "a"]})
    assert (resized.changes, resized.replaces) == (True, [])
    assert resized.detailed_diff["size"].kind is rpc.PropertyDiffKind.UPDATE
    rebuilt = diff("Droplet", state, {**DROPLET, "image": "debian-12-x64"})
    assert rebuilt.replaces == ["image"]
    assert rebuilt.delete_before_replace is False
    assert rebuilt.detailed_diff["image"].kind is rpc.PropertyDiffKind.UPDATE_REPLACE
    assert rebuilt.detailed_diff["tags"].kind is rpc.PropertyDiffKind.DELETE
    assert (
        diff("Droplet", state, {**DROPLET, "image": "debian-12-x64"}, "image", "tags").changes
        is False
    )


def test_ipv6_replaces_only_when_it_is_turned_off() -> None:
    state = create("Droplet", {**DROPLET, "ipv6": True}).properties
    assert diff("Droplet", state, {**DROPLET, "ipv6": False}).replaces == ["ipv6"]
    state = create("Droplet", {**DROPLET, "ipv6": False}).properties
    assert diff("Droplet", state, {**DROPLET, "ipv6": True}).replaces == []


def test_a_plain_app_secret_differs_after_every_up_and_its_seal_does_not() -> None:
    secret = PropertyValue("hunter2", is_secret=True)
    inputs = app(("A", secret), ("B", PropertyValue("other", is_secret=True)))
    state = create("App", inputs).properties
    sealed = plain(state["spec"])["services"][0]["envs"]
    assert all(each["value"].startswith("EV[1:") for each in sealed)
    assert state["spec"].contains_secret()
    again = diff("App", state, inputs)
    assert set(again.detailed_diff) == {f"spec.services[0].envs[{i}].value" for i in (0, 1)}
    back = app(*((each["key"], each["value"]) for each in reversed(sealed)))
    assert diff("App", state, back).changes is False
    for path in ("spec.services[0].envs", "spec.services[0].envs[*].value", "spec"):
        assert diff("App", state, inputs, path).changes is False
    with pytest.raises(Refused, match=r"400 .* A holds a sealed value that this app did not seal"):
        create("App", app(("A", sealed[0]["value"]), name="b"), "b")
    rotated = diff("App", state, app(("A", "new"), ("B", sealed[1]["value"])))
    assert list(rotated.detailed_diff) == ["spec.services[0].envs[0].value"]


def test_update_keeps_what_was_made_up_and_read_keeps_secrets(cloud: Path) -> None:
    answer = create("DatabaseCluster", CLUSTER)
    identity, first = str(answer.resource_id), dict(answer.properties or {})
    news = {**CLUSTER, "nodeCount": 2}
    for preview in (True, False):
        state = update("DatabaseCluster", identity, first, news, preview)
        assert state["password"] == first["password"]
        assert state["nodeCount"].value == 2.0
    refreshed = read("DatabaseCluster", identity, state, props(news))
    assert refreshed.properties == state
    assert refreshed.inputs == props(news)
    delete("DatabaseCluster", identity)
    assert read("DatabaseCluster", identity, state).resource_id is None
    with pytest.raises(Refused, match="404"):
        update("DatabaseCluster", identity, state, news)
    assert json.loads(cloud.read_text())["resources"] == {}


def test_an_update_moves_no_address_that_was_changed_elsewhere(cloud: Path) -> None:
    identity = made("Droplet", DROPLET)
    content = json.loads(cloud.read_text())
    content["resources"][f"Droplet/{identity}"]["state"]["ipv4Address"] = "198.18.77.7"
    cloud.write_text(json.dumps(content))
    state = dict(read("Droplet", identity).properties or {})
    changed = update("Droplet", identity, state, {**DROPLET, "tags": ["new"]})
    assert changed["ipv4Address"].value == "198.18.77.7"


def test_an_update_sends_of_inputs_that_no_read_returns_only_the_changed_ones(cloud: Path) -> None:
    def live() -> str:
        acl: str = json.loads(cloud.read_text())["resources"]["SpacesBucket/b"]["state"]["acl"]
        return acl

    inputs = {"name": "b", "region": "fra1", "acl": "private"}
    state = dict(create("SpacesBucket", inputs).properties or {})
    cloud.write_text(cloud.read_text().replace('"private"', '"public-read"'))
    state = update("SpacesBucket", "b", state, {**inputs, "forceDestroy": True})
    assert plain(state)["acl"] == "private"
    assert live() == "public-read"
    state = update("SpacesBucket", "b", state, {**inputs, "acl": "public-read"})
    update("SpacesBucket", "b", state, inputs)
    assert live() == "private"


def test_a_zone_stays_delegated_when_it_is_deleted_and_created_again(cloud: Path) -> None:
    for _ in range(2):
        delete("Domain", made("Domain", {"name": "d.test"}))
        assert json.loads(cloud.read_text())["delegated"] == ["d.test"]


def test_a_record_is_imported_by_domain_and_id() -> None:
    made("Domain", {"name": "d.test"})
    record = {"domain": "d.test", "type": "A", "name": "@", "value": "192.0.2.1"}
    answer = create("DnsRecord", record)
    assert answer.properties["fqdn"].value == "d.test"
    imported = read("DnsRecord", f"d.test,{answer.resource_id}")
    assert imported.resource_id == answer.resource_id
    assert diff("DnsRecord", dict(imported.properties), record).changes is False


def test_only_the_ca_certificate_can_be_looked_up() -> None:
    request = rpc.InvokeRequest(GET_CA, props({"clusterId": "1"}))
    answer = asyncio.run(StandIn().invoke(request)).return_value or {}
    assert str(answer["certificate"].value).startswith("-----BEGIN CERTIFICATE-----")
    other = asyncio.run(StandIn().invoke(rpc.InvokeRequest("digitalocean:x:y", {})))
    assert "does not simulate the look-up" in other.failures[0].reason


@pytest.mark.parametrize("source", [*rehearsal.TOKEN_VARIABLES, "digitalocean:token", "nowhere"])
def test_no_real_token_is_accepted(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    configured: dict[str, Any] = {"token": "real"} if ":" in source else {}
    for name in rehearsal.TOKEN_VARIABLES:
        if source == "nowhere":
            monkeypatch.delenv(name)
        elif source == name:
            monkeypatch.setenv(name, "real")
    with pytest.raises(Refused, match="none is set" if source == "nowhere" else source):
        asyncio.run(StandIn().configure(rpc.ConfigureRequest({}, props(configured), True, True)))


def test_the_rehearsals_token_is_accepted() -> None:
    request = rpc.ConfigureRequest({}, props({"token": "rehearsal"}), True, True)
    assert asyncio.run(StandIn().configure(request)).accept_secrets
