"""What the simulated API refuses to create, change or delete, and its traps."""

from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from stand_in import (
    CLUSTER,
    DROPLET,
    VPC,
    app,
    create,
    delete,
    diff,
    made,
    props,
    read,
    rehearse,
    update,
)

from rehearsal.cloud import Refused, load
from rehearsal.property_values import plain

# The SDK announces its own deprecated types when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return rehearse(tmp_path, monkeypatch)


def rule(kind: str, value: str) -> PropertyValue:
    return PropertyValue(props({"type": kind, "value": value}))


@pytest.mark.parametrize(
    ("kind", "inputs", "message"),
    [
        ("Droplet", {**DROPLET, "region": "fra9"}, r"422 .* region 'fra9' is none of nyc1,"),
        ("Droplet", {**DROPLET, "size": "s-4vcpu-8g"}, r"422 .* size 's-4vcpu-8g' is none of"),
        ("Droplet", {**DROPLET, "image": "ubuntu-24-4-x64"}, r"422 .* no image 'ubuntu-24-4-x64'"),
        ("DatabaseCluster", {**CLUSTER, "size": "s-1vcpu-1gb"}, r"422 .* is none of db-s-1vcpu-"),
        ("SpacesBucket", {"name": "b", "region": "nyc1"}, r"422 .* region 'nyc1' is none of ams3"),
        ("Droplet", {**DROPLET, "vpcUuid": "v"}, r"404 .* vpcUuid 'v' is no Vpc"),
        ("Droplet", {**DROPLET, "sshKeys": ["1"]}, r"404 .* sshKeys '1' is no SshKey"),
        ("DatabaseCluster", {**CLUSTER, "privateNetworkUuid": "v"}, r"404 .* 'v' is no Vpc"),
        ("DatabaseDb", {"clusterId": "c", "name": "d"}, r"404 .* clusterId 'c' is no Database"),
        ("DatabaseUser", {"clusterId": "c", "name": "u"}, r"404 .* clusterId 'c' is no Database"),
        ("DatabaseFirewall", {"clusterId": "c", "rules": []}, r"404 .* 'c' is no DatabaseCluster"),
        (
            "DnsRecord",
            {"domain": "d.test", "type": "A", "name": "@", "value": "192.0.2.1"},
            r"404 .* domain 'd.test' is no Domain",
        ),
        (
            "UptimeAlert",
            {"name": "a", "checkId": "c", "type": "down", "notifications": [{"emails": []}]},
            r"404 .* checkId 'c' is no UptimeCheck",
        ),
        ("Firewall", {"name": "f", "dropletIds": [7]}, r"404 .* dropletIds 7 is no Droplet"),
        (
            "MonitorAlert",
            {
                "type": "v1/insights/droplet/cpu",
                "compare": "GreaterThan",
                "value": 80,
                "window": "5m",
                "description": "d",
                "entities": ["7"],
                "alerts": {"emails": []},
            },
            r"404 .* entities '7' is no Droplet",
        ),
        ("ProjectResources", {"project": "p", "resources": []}, r"404 .* project 'p' is no Proj"),
        ("Cdn", {"origin": "b.fra1.test"}, r"404 .* origin 'b.fra1.test' is no SpacesBucket"),
        (
            "SpacesBucketCorsConfiguration",
            {"bucket": "b", "region": "fra1", "corsRules": []},
            r"404 .* bucket 'b' is no SpacesBucket",
        ),
        (
            "SpacesKey",
            {"name": "k", "grants": [{"bucket": "b", "permission": "read"}]},
            r"404 .* grants.bucket 'b' is no SpacesBucket",
        ),
        ("App", app(vpcs=[{"id": "v"}]), r"404 .* spec.vpcs.id 'v' is no Vpc"),
        ("App", app(("KEY", "EV[1:abc:def]")), r"400 .* KEY holds a sealed value that this app"),
        (
            "App",
            app(databases=[{"clusterName": "db"}]),
            r"404 .*clusterName 'db' is no DatabaseCluster",
        ),
    ],
)
def test_what_the_api_would_not_make_is_named_and_not_made(
    kind: str, inputs: dict[str, Any], message: str, cloud: Path
) -> None:
    assert create(kind, inputs, preview=True).properties
    with pytest.raises(Refused, match=message):
        create(kind, inputs)
    assert load(cloud)["resources"] == {}


def test_what_is_there_is_found_by_every_name_it_goes_by() -> None:
    vpc, key = made("Vpc", VPC), create("SshKey", {"name": "k", "publicKey": "ssh-ed25519 A k"})
    prints = str(key.properties["fingerprint"].value)
    for i, each in enumerate((str(key.resource_id), prints)):
        made("Droplet", {**DROPLET, "vpcUuid": vpc, "sshKeys": [each]}, str(i))
    bucket = create("SpacesBucket", {"name": "b", "region": "fra1"})
    made("Cdn", {"origin": str(bucket.properties["bucketDomainName"].value)})
    default = create("Droplet", DROPLET, "default").properties["vpcUuid"].value
    made("DatabaseCluster", {**CLUSTER, "privateNetworkUuid": default})
    made("SpacesKey", {"name": "all", "grants": [{"bucket": "", "permission": "fullaccess"}]})


def test_what_something_stands_in_is_not_deleted() -> None:
    vpc, zone = made("Vpc", VPC), made("Domain", {"name": "d.test"})
    droplet = made("Droplet", {**DROPLET, "vpcUuid": vpc})
    record = made("DnsRecord", {"domain": zone, "type": "A", "name": "@", "value": "192.0.2.1"})
    cluster = made("DatabaseCluster", CLUSTER)
    made("DatabaseDb", {"clusterId": cluster, "name": "d"})
    project = made("Project", {"name": "p"})
    made("ProjectResources", {"project": project, "resources": []})
    for kind, identity, message in (
        ("Vpc", vpc, "409 Conflict: .* Droplet"),
        ("Domain", zone, "409 Conflict: .* DnsRecord"),
        ("DatabaseCluster", cluster, "409 Conflict: .* DatabaseDb"),
        ("Project", project, "412 .*cannot delete a project with resources"),
    ):
        with pytest.raises(Refused, match=message):
            delete(kind, identity)
    delete("Droplet", droplet)
    delete("DnsRecord", record)
    delete("Vpc", vpc)
    delete("Domain", zone)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": "db-s-1vcpu-1gb"}, "422 .* never shrink"),
        ({"nodeCount": 1}, "422 .* never shrink"),
        ({"maintenanceWindows": None}, "the plugin fails here: maintenanceWindows"),
    ],
)
def test_a_cluster_never_shrinks_nor_loses_its_window(change: dict[str, Any], message: str) -> None:
    windows = [{"day": "sunday", "hour": "02:00"}]
    large = {**CLUSTER, "size": "db-s-2vcpu-4gb", "nodeCount": 2, "maintenanceWindows": windows}
    answer = create("DatabaseCluster", large)
    identity, state = str(answer.resource_id), dict(answer.properties)
    news = {name: each for name, each in {**large, **change}.items() if each is not None}
    with pytest.raises(Refused, match=message):
        update("DatabaseCluster", identity, state, news)
    grown = {**large, "size": "db-s-4vcpu-8gb", "nodeCount": 3}
    assert update("DatabaseCluster", identity, state, grown)["nodeCount"].value == 3


def test_an_app_deploys_only_when_its_database_lets_it_in() -> None:
    vpc, cluster = made("Vpc", VPC), made("DatabaseCluster", CLUSTER)
    attached = app(databases=[{"clusterName": "db"}], vpcs=[{"id": vpc}])
    not_admitted = r"422 the deployment of 'app' failed: .* cluster 'db'"
    with pytest.raises(Refused, match=not_admitted + ".*none is set yet"):
        create("App", attached)

    elsewhere = {"clusterId": cluster, "rules": [{"type": "ip_addr", "value": "10.2.0.0/20"}]}
    answer = create("DatabaseFirewall", elsewhere)
    firewall, state = str(answer.resource_id), dict(answer.properties)
    with pytest.raises(Refused, match=not_admitted + ".*as set"):
        create("App", attached)

    beside = {**elsewhere, "rules": PropertyValue([rule("ip_addr", "10.1.0.0/16")])}
    state = update("DatabaseFirewall", firewall, state, beside)
    with pytest.raises(Refused, match=not_admitted):
        create("App", app(databases=[{"clusterName": "db"}]))  # it joins no network
    answer = create("App", attached)
    identity, running = str(answer.resource_id), dict(answer.properties)

    state = update("DatabaseFirewall", firewall, state, elsewhere)
    with pytest.raises(Refused, match=not_admitted):
        update("App", identity, running, attached)
    own = {**elsewhere, "rules": PropertyValue([rule("app", identity)])}
    state = update("DatabaseFirewall", firewall, state, own)
    running = update("App", identity, running, attached)

    delete("DatabaseFirewall", firewall)  # a cluster without trusted sources is open to everyone
    running = update("App", identity, running, attached)
    create("DatabaseFirewall", elsewhere)
    with pytest.raises(Refused, match=not_admitted):
        update("App", identity, running, attached)


def test_an_app_gets_no_name_that_another_one_answers() -> None:
    def named(app_name: str, *hosts: str) -> dict[str, Any]:
        names = PropertyValue([PropertyValue(props({"name": host})) for host in hosts])
        return {"spec": PropertyValue(props({"name": app_name, "domainNames": names}))}

    one = create("App", named("one", "a.test", "b.test"), "one")
    with pytest.raises(Refused, match=r"422 .* another app answers 'b.test'; it has to let go"):
        create("App", named("two", "c.test", "b.test"), "two")
    state = dict(one.properties or {})
    update("App", str(one.resource_id), state, named("one", "a.test"))
    assert create("App", named("two", "c.test", "b.test"), "two").resource_id


def test_an_app_takes_back_only_its_own_seals() -> None:
    answer = create("App", app(("KEY", "plain")))
    (sealed,) = plain(answer.properties)["spec"]["services"][0]["envs"]
    running = dict(answer.properties)
    assert update("App", str(answer.resource_id), running, app(("KEY", sealed["value"])))
    forged = sealed["value"].replace("EV[1:", "EV[1:0")
    with pytest.raises(Refused, match="400"):
        update("App", str(answer.resource_id), running, app(("KEY", forged)))


@pytest.mark.parametrize(
    ("kind", "inputs", "unread", "replaces"),
    [
        (
            "Droplet",
            {
                **DROPLET,
                "userData": "#!/bin/sh",
                "dropletAgent": True,
                "backups": True,
                "backupPolicy": {"plan": "daily"},
            },
            {"userData", "dropletAgent", "backupPolicy"},
            ["dropletAgent", "userData"],
        ),
        (
            "DatabaseCluster",
            {
                **CLUSTER,
                "maintenanceWindows": [{"day": "sunday", "hour": "02:00"}],
                "evictionPolicy": "allkeys_lru",
                "storageAutoscale": {"enabled": True},
            },
            {"maintenanceWindows", "evictionPolicy", "storageAutoscale"},
            [],
        ),
        ("SpacesBucket", {"name": "b", "region": "fra1", "acl": "private"}, {"acl"}, []),
        ("App", app(domainNames=[{"name": "a.test"}]), {"spec.domainNames"}, []),
    ],
)
def test_an_input_that_is_never_read_differs_after_an_import_and_not_after_a_refresh(
    kind: str, inputs: dict[str, Any], unread: set[str], replaces: list[str]
) -> None:
    answer = create(kind, inputs)
    identity, state = str(answer.resource_id), dict(answer.properties)
    imported = read(kind, identity)
    result = diff(kind, dict(imported.properties), inputs)
    assert {path for path in result.detailed_diff if not path.endswith("value")} == unread
    assert result.replaces == replaces
    assert read(kind, identity, state, props(inputs)).properties == state


def test_a_window_that_was_moved_is_read_by_a_refresh_where_the_state_holds_it() -> None:
    window = {"day": "sunday", "hour": "02:00"}
    answer = create("DatabaseCluster", {**CLUSTER, "maintenanceWindows": [window]})
    identity, state = str(answer.resource_id), dict(answer.properties)
    moved = {**CLUSTER, "maintenanceWindows": [{**window, "day": "monday"}]}
    update("DatabaseCluster", identity, state, moved)
    read_back = read("DatabaseCluster", identity, state, props(CLUSTER)).properties
    assert plain(read_back["maintenanceWindows"]) == [{**window, "day": "monday"}]


def test_alert_destinations_differ_after_every_refresh() -> None:
    alert = {"rule": "DEPLOYMENT_FAILED", "destinations": {"emails": ["a@b.test"]}}
    answer = create("App", app(alerts=[alert]))
    state = read("App", str(answer.resource_id), dict(answer.properties), props(app())).properties
    result = diff("App", dict(state), app(alerts=[alert]))
    assert [*result.detailed_diff] == ["spec.alerts[0].destinations"]


@pytest.mark.parametrize("engine", ["mongodb", "pg"])
def test_an_imported_user_of_mongodb_has_lost_its_password(engine: str) -> None:
    cluster = made("DatabaseCluster", {**CLUSTER, "engine": engine})
    user = create("DatabaseUser", {"clusterId": cluster, "name": "u"})
    refreshed = read("DatabaseUser", str(user.resource_id), dict(user.properties))
    assert refreshed.properties["password"] == user.properties["password"]
    imported = read("DatabaseUser", f"{cluster},u").properties
    assert bool(imported["password"].value) is (engine == "pg")
    assert imported["password"].is_secret


def test_what_has_no_importer_says_so_and_can_still_be_refreshed() -> None:
    answer = create("SpacesKey", {"name": "k"})
    with pytest.raises(Refused, match="a SpacesKey has no importer"):
        read("SpacesKey", str(answer.resource_id))
    refreshed = read("SpacesKey", str(answer.resource_id), dict(answer.properties))
    assert refreshed.properties == answer.properties
