"""The read-only API over HTTP, read by DigitalOcean's own Python client."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pydo
import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from pulumi.provider.experimental.property_value import PropertyValue
from stand_in import CLUSTER, DROPLET, VPC, app, made, rehearse

import rehearsal
from rehearsal.api import ADDRESS, serving
from rehearsal.cloud import edit
from rehearsal.views import COLLECTIONS

# The SDK announces its own deprecated types when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(rehearse(tmp_path, monkeypatch)) as url:
        yield url


def client(url: str) -> Any:
    # The client sends no token without TLS, so it is asked to send none.
    no_authentication = SansIOHTTPPolicy[Any, Any]()
    token = rehearsal.TOKEN
    return pydo.Client(token, endpoint=url, authentication_policy=no_authentication, retry_total=0)


@pytest.fixture
def api(url: str) -> Any:
    return client(url)


def describe(key: str, **values: Any) -> None:
    """Write values of a resource that no `up` decides into the cloud's file."""
    with edit(Path(os.environ[rehearsal.CLOUD_VARIABLE])) as content:
        content["resources"][key].update(values)


def test_an_empty_cloud_has_every_collection_and_nothing_in_it(api: Any) -> None:
    answers = {
        "droplets": api.droplets.list(),
        "databases": api.databases.list_clusters(),
        "apps": api.apps.list(),
        "domains": api.domains.list(),
        "vpcs": api.vpcs.list(),
        "firewalls": api.firewalls.list(),
        "account/keys": api.ssh_keys.list(),
        "reserved_ips": api.reserved_ips.list(),
        "projects": api.projects.list(),
        "uptime/checks": api.uptime.list_checks(),
        "monitoring/alerts": api.monitoring.list_alert_policy(),
        "cdn/endpoints": api.cdn.list_endpoints(),
        "spaces/keys": api.spaces_key.list(),
        "tags": api.tags.list(),
    }
    assert answers.keys() == COLLECTIONS.keys()
    for path, answer in answers.items():
        assert answer == {COLLECTIONS[path].plural: [], "links": {}, "meta": {"total": 0}}


def test_a_droplet_with_its_network_address_firewall_and_alert(api: Any) -> None:
    vpc = made("Vpc", VPC)
    key = made("SshKey", {"name": "k", "publicKey": "ssh-ed25519 A k"})
    droplet = made("Droplet", {**DROPLET, "vpcUuid": vpc, "tags": ["web"], "backups": True})
    address = made("ReservedIp", {"region": "fra1", "dropletId": int(droplet)})
    web = {"protocol": "tcp", "portRange": "443", "sourceAddresses": ["0.0.0.0/0"]}
    out = {"protocol": "tcp", "portRange": "1-65535", "destinationAddresses": ["0.0.0.0/0"]}
    rules = {"inboundRules": [web], "outboundRules": [out]}
    made("Firewall", {"name": "firewall", "dropletIds": [int(droplet)], **rules})
    made(
        "MonitorAlert",
        {
            "type": "v1/insights/droplet/cpu",
            "compare": "GreaterThan",
            "value": 80,
            "window": "5m",
            "description": "busy",
            "entities": [droplet],
            "alerts": {"emails": ["a@b.test"]},
        },
    )

    (result,) = api.droplets.list(tag_name="web")["droplets"]
    assert result == api.droplets.get(int(droplet))["droplet"]
    assert (result["id"], result["name"], result["status"]) == (int(droplet), "web", "active")
    assert (result["region"]["slug"], result["size_slug"]) == ("fra1", "s-1vcpu-1gb")
    assert result["image"]["slug"] == "ubuntu-24-04-x64"
    assert result["vpc_uuid"] == vpc
    assert "backups" in result["features"]
    assert {each["type"] for each in result["networks"]["v4"]} == {"public", "private"}
    assert api.droplets.list(tag_name="other")["droplets"] == []
    assert api.droplets.list(name="other")["droplets"] == []

    assert api.vpcs.get(vpc)["vpc"]["ip_range"] == VPC["ipRange"]
    assert api.ssh_keys.list()["ssh_keys"][0]["id"] == int(key)
    reserved = api.reserved_ips.get(address)["reserved_ip"]
    assert (reserved["ip"], reserved["droplet"]["id"]) == (address, int(droplet))
    (firewall,) = api.firewalls.list()["firewalls"]
    assert firewall["droplet_ids"] == [int(droplet)]
    sources = {"addresses": ["0.0.0.0/0"]}
    assert firewall["inbound_rules"] == [{"protocol": "tcp", "ports": "443", "sources": sources}]
    assert firewall["outbound_rules"][0]["ports"] == "0"
    (policy,) = api.monitoring.list_alert_policy()["policies"]
    assert policy["alerts"] == {"email": ["a@b.test"], "slack": []}
    assert policy["entities"] == [droplet]
    assert policy["enabled"] is True


@pytest.mark.parametrize("engine", ["pg", "mongodb"])
def test_a_cluster_with_its_databases_users_and_trusted_sources(engine: str, api: Any) -> None:
    window = {"day": "sunday", "hour": "02:00"}
    inputs = {**CLUSTER, "engine": engine, "maintenanceWindows": [window]}
    cluster = made("DatabaseCluster", inputs)
    assert api.databases.list_firewall_rules(cluster)["rules"] == []
    made("DatabaseDb", {"clusterId": cluster, "name": "shop"})
    made("DatabaseUser", {"clusterId": cluster, "name": "clerk"})
    trusted = {"type": "ip_addr", "value": "10.1.0.0/20"}
    made("DatabaseFirewall", {"clusterId": cluster, "rules": [trusted]})

    (result,) = api.databases.list_clusters()["databases"]
    assert result == api.databases.get_cluster(cluster)["database"]
    assert (result["engine"], result["num_nodes"], result["status"]) == (engine, 1, "online")
    assert result["maintenance_window"].items() >= window.items()
    assert result["private_connection"]["host"] == f"private-{result['connection']['host']}"
    assert bool(result["connection"]["password"]) is (engine == "pg")
    assert [each["name"] for each in api.databases.list(cluster)["dbs"]][1:] == ["shop"]
    users = {each["name"]: each for each in api.databases.list_users(cluster)["users"]}
    assert bool(users["clerk"]["password"]) is (engine == "pg")
    assert users["doadmin"]["role"] == "primary"
    (rule,) = api.databases.list_firewall_rules(cluster)["rules"]
    assert rule.items() >= {**trusted, "cluster_uuid": cluster}.items()


def test_an_app_with_its_zone_its_uptime_check_and_its_project(api: Any) -> None:
    zone = made("Domain", {"name": "d.test"})
    mail = {"domain": zone, "type": "MX", "name": "@", "value": "mail.d.test.", "priority": 10}
    made("DnsRecord", mail)
    secret = PropertyValue("hunter2", is_secret=True)
    spec = app(("KEY", secret), domainNames=[{"name": "d.test", "type": "PRIMARY"}])
    identity = made("App", spec)
    check = made("UptimeCheck", {"name": "c", "target": "https://d.test", "enabled": True})
    notify = {"emails": ["a@b.test"]}
    alert = {"name": "a", "checkId": check, "type": "down", "period": "2m"}
    made("UptimeAlert", {**alert, "notifications": [notify]})
    project = made("Project", {"name": "p", "purpose": "Web Application"})
    urns = [f"do:app:{identity}", f"do:domain:{zone}"]
    made("ProjectResources", {"project": project, "resources": urns})

    result = api.apps.get(identity)["app"]
    assert result["spec"]["domains"] == [{"domain": "d.test", "type": "PRIMARY"}]
    assert "hunter2" not in str(result)
    assert api.domains.get(zone)["domain"]["ttl"] == 1800
    (record,) = api.domains.list_records(zone)["domain_records"]
    assert (record["type"], record["data"], record["priority"]) == ("MX", "mail.d.test", 10)
    assert api.uptime.list_checks()["checks"][0]["target"] == "https://d.test"
    (alert_view,) = api.uptime.list_alerts(check)["alerts"]
    assert alert_view["notifications"] == {"email": ["a@b.test"], "slack": []}
    assert api.projects.list()["projects"][0]["purpose"] == "Web Application"
    assert [each["urn"] for each in api.projects.list_resources(project)["resources"]] == urns


def test_backups_are_some_hours_old_and_only_where_they_are_on(api: Any) -> None:
    with_backups = made("Droplet", {**DROPLET, "backups": True}, "kept")
    without_backups = made("Droplet", DROPLET, "bare")
    pg = made("DatabaseCluster", CLUSTER)
    cache = made("DatabaseCluster", {**CLUSTER, "engine": "valkey", "name": "cache"}, "cache")
    describe(f"DatabaseCluster/{pg}", backups=[50, 40])
    now = datetime.now(UTC)

    def hours(answer: Any) -> list[int]:
        made_at = [datetime.fromisoformat(each["created_at"]) for each in answer["backups"]]
        return [round((now - each) / timedelta(hours=1)) for each in made_at]

    assert hours(api.droplets.list_backups(int(with_backups))) == [6, 30]
    assert hours(api.droplets.list_backups(int(without_backups))) == []
    assert hours(api.databases.list_backups(pg)) == [40, 50]
    assert hours(api.databases.list_backups(cache)) == []


def test_an_app_shows_the_deployments_of_the_clouds_file(api: Any) -> None:
    identity = made("App", app())
    (only,) = api.apps.list_deployments(identity)["deployments"]
    assert only == api.apps.get(identity)["app"]["active_deployment"]
    assert only["phase"] == "ACTIVE"
    describe(f"App/{identity}", deployments=["ERROR", "ACTIVE"])
    failed, active = api.apps.list_deployments(identity)["deployments"]
    assert (failed["phase"], active["id"]) == ("ERROR", only["id"])
    describe(f"App/{identity}", deployments=["ERROR"])
    assert api.apps.get(identity)["app"]["active_deployment"] is None


def test_a_bucket_shows_only_through_its_cdn_and_key(api: Any) -> None:
    made("SpacesBucket", {"name": "b", "region": "fra1"})
    made("Cdn", {"origin": "b.fra1.spaces.rehearsal.test"})
    grants = [{"bucket": "b", "permission": "read"}]
    identity = made("SpacesKey", {"name": "k", "grants": grants})
    made("Tag", {"name": "t"})
    assert api.cdn.list_endpoints()["endpoints"][0]["origin"] == "b.fra1.spaces.rehearsal.test"
    (key,) = api.spaces_key.list()["keys"]
    assert (key["access_key"], key["grants"]) == (identity, grants)
    assert "secret_key" not in key
    assert api.tags.get("t")["tag"]["name"] == "t"


def test_a_long_list_comes_in_pages(api: Any) -> None:
    made("Domain", {"name": "d.test"})
    record = {"domain": "d.test", "type": "A", "value": "192.0.2.1"}
    for i in range(5):
        made("DnsRecord", {**record, "name": str(i)}, str(i))
    seen, page = [], 1
    while page:
        answer = api.domains.list_records("d.test", per_page=2, page=page)
        seen += [each["name"] for each in answer["domain_records"]]
        assert answer["meta"] == {"total": 5}
        following = answer["links"]["pages"].get("next", "")
        assert ("per_page=2" in following) is (page < 3)
        page = page + 1 if following else 0
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


def test_records_are_filtered_by_their_full_name_and_their_type(api: Any) -> None:
    made("Domain", {"name": "d.test"})
    apex: dict[str, Any] = {"domain": "d.test", "type": "A", "name": "@", "value": "192.0.2.1"}
    mail = {**apex, "type": "MX", "value": "mail.d.test.", "priority": 1}
    for i, record in enumerate((apex, mail, {**apex, "name": "api"})):
        made("DnsRecord", record, str(i))

    def result(**filters: str) -> list[tuple[str, str]]:
        answer = api.domains.list_records("d.test", **filters)["domain_records"]
        return sorted((each["name"], each["type"]) for each in answer)

    assert result(name="d.test") == [("@", "A"), ("@", "MX")]
    assert result(name="d.test", type="MX") == [("@", "MX")]
    assert result(name="api.d.test") == [("api", "A")]
    assert result(name="api") == []


def test_what_is_missing_and_what_would_change_something_is_refused(api: Any, url: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        api.droplets.create(body=DROPLET)
    assert refused.value.status_code == 405
    answer = api.droplets.get(7)
    assert answer["id"] == "not_found"
    assert answer["request_id"]
    with pytest.raises(HttpResponseError) as refused:
        api.domains.list(per_page=0)
    assert refused.value.status_code == 422
    for path in ("/", "/v2/nothing", "/v2/droplets/7/kernels", "/v2/databases/x/dbs"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url + path)


def test_the_command_says_where_it_listens_and_which_cloud_it_shows(tmp_path: Path) -> None:
    cloud = tmp_path / "cloud.json"
    command = [sys.executable, "-m", "rehearsal", "api", "--cloud", str(cloud), "--port", "0"]
    with subprocess.Popen(command, cwd=rehearsal.ROOT, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout
            url, _, rest = served.stdout.readline().partition(" ")
            assert url.startswith(f"http://{ADDRESS}:")
            assert str(cloud) in rest
            assert served.stdout.readline() == f"export DIGITALOCEAN_API_URL={url}\n"
            spaces = f"export SPACES_ENDPOINT_URL='{url}/spaces/{{{{.Region}}}}'\n"
            assert served.stdout.readline() == spaces
            assert client(url).vpcs.list()["vpcs"] == []
        finally:
            served.terminate()
    assert not cloud.exists()
