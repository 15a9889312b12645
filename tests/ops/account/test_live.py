"""What stands in the account, in the words of the plan: listed through its own clients."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import live_estate
import pytest
from live_estate import Seed

import rehearsal
from ops.account.client import Account, visit
from ops.account.live import KINDS, Live, unread


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    cloud = tmp_path_factory.mktemp("live") / "cloud.json"
    late = {"day": "friday", "hour": "21:00:00"}  # as the API tells it to some
    spare = {"name": "spare", "engine": "pg", "version": "16", "size": "db-s-1vcpu-1gb"}
    network = {"region": "fra1", "nodeCount": 1, "tags": [], "maintenanceWindows": [late]}
    address = {"region": "fra1", "dropletId": int(live_estate.DROPLET)}
    apex = {"domain": "krogiving.com", "name": "mail", "value": "@"}  # as the API tells it
    admin = live_estate.site("giv-admin", "admin.krogiving.com")
    admin["domainNames"][0]["wildcard"] = True
    live_estate.seed(
        cloud,
        Seed("App", live_estate.ADMIN, {"spec": admin}),
        Seed("DatabaseCluster", live_estate.uuid(9), {**spare, **network}),
        Seed("ReservedIp", "198.18.200.1", address),
        Seed("DnsRecord", "6001", {**apex, "type": "MX", "priority": 5}),
        Seed("DnsRecord", "6002", {**apex, "type": "TXT"}),
    )
    with visit(rehearsal.environment(cloud)) as account:
        yield account


def listed(account: Account, kind: str, *held: Live) -> dict[str, Live]:
    """List a type, by what people call each, within what is held."""
    (asked,) = (each.list for each in KINDS if each.name == kind)
    return {live.name: live for live in asked(account, {each.kind: [each] for each in held})}


def test_a_droplet_is_reached_at_each_of_its_public_addresses(account: Account) -> None:
    droplet = listed(account, "Droplet")["ubuntu-s-2vcpu-4gb-fra1-01"]
    assert droplet.id == live_estate.DROPLET
    assert droplet.inputs["addresses"] == {live_estate.ADDRESS, "198.18.200.1"}
    assert droplet.outputs["ipv4Address"] == live_estate.ADDRESS


def test_of_a_cluster_the_databases_and_users_are_those_that_somebody_made(
    account: Account,
) -> None:
    clusters = listed(account, "DatabaseCluster")
    for cluster, database, user in (
        ("kro-prod-db-cluster", "krotrust", "krotrust"),
        ("giv-db", "giv_production", "giv_app"),
        ("giv-mongo", "krogiving", "krogiving"),
    ):
        it = clusters[cluster]
        databases = listed(account, "DatabaseDb", it).values()
        assert [live.name for live in databases if not live.built_in] == [f"{cluster}/{database}"]
        (live,) = (
            live for live in listed(account, "DatabaseUser", it).values() if not live.built_in
        )
        assert live.import_id == f"{it.id},{user}"
        assert live.inputs == {"clusterId": it.id, "name": user}
    for kind in ("DatabaseDb", "DatabaseUser"):
        assert listed(account, kind, clusters["giv-otp"]) == {}


def test_a_cluster_that_anybody_may_enter_has_no_trusted_sources(account: Account) -> None:
    clusters = listed(account, "DatabaseCluster")
    assert listed(account, "DatabaseFirewall", clusters["giv-mongo"]) == {}
    (wall,) = listed(account, "DatabaseFirewall", clusters["giv-db"]).values()
    assert (wall.id, wall.inputs) == (live_estate.GIVING, {"clusterId": live_estate.GIVING})


def test_a_zone_tells_the_records_of_people_and_tools_alone(account: Account) -> None:
    zone = listed(account, "Domain")["krotrust.com"]
    records = listed(account, "DnsRecord", zone).values()
    assert {record.import_id.partition(",")[0] for record in records} == {"krotrust.com"}
    assert {record.inputs["type"] for record in records} == {"A", "CNAME", "CAA", "MX", "TXT"}
    tags = {record.inputs["tag"] for record in records if record.inputs["type"] == "CAA"}
    assert tags == {"issue", "issuewild"}


def test_a_record_that_points_at_its_zone_says_so_by_name(account: Account) -> None:
    records = listed(account, "DnsRecord", listed(account, "Domain")["krogiving.com"])
    told = {live.id: live.inputs["value"] for live in records.values()}
    assert (told["6001"], told["6002"]) == ("krogiving.com", "@")
    assert "mail.krogiving.com MX krogiving.com" in records


def test_a_firewall_may_protect_by_tags_alone() -> None:
    firewalls = [{"id": "1", "name": "by-tag", "tags": ["web"]}]
    account = SimpleNamespace(read=lambda _: firewalls)
    assert listed(cast(Account, account), "Firewall")["by-tag"].inputs["dropletIds"] is None


def test_buckets_are_looked_for_wherever_spaces_keeps_them(account: Account) -> None:
    buckets = listed(account, "SpacesBucket")
    assert {name: live.inputs["region"] for name, live in buckets.items()} == {
        "far-away": "ams3",
        "backups-of-x": "fra1",
        "giv-prod-media": "fra1",
        "kro-prod-files": "fra1",
    }
    kind = "SpacesBucketCorsConfiguration"
    assert listed(account, kind, buckets["kro-prod-files"]) == {}
    (rules,) = listed(account, kind, buckets["giv-prod-media"]).values()
    assert rules.import_id == "fra1,giv-prod-media"


def test_what_an_import_leaves_out_is_told_as_it_is(account: Account) -> None:
    buckets, clusters = listed(account, "SpacesBucket"), listed(account, "DatabaseCluster")
    assert unread(account, buckets["giv-prod-media"]) == {"acl": "public-read"}
    assert unread(account, buckets["kro-prod-files"]) == {"acl": "private"}
    window = {"day": "tuesday", "hour": "23:00"}
    assert unread(account, clusters["giv-db"]) == {"maintenanceWindows": [window]}
    late = {"day": "friday", "hour": "21:00"}
    assert unread(account, clusters["spare"]) == {"maintenanceWindows": [late]}
    app = listed(account, "App")["giv-admin"]
    name = {"name": "admin.krogiving.com", "type": "PRIMARY", "zone": "krogiving.com"}
    assert unread(account, app) == {"spec": {"domainNames": [{**name, "wildcard": True}]}}
    assert unread(account, listed(account, "Vpc")["analytics"]) == {}


def test_nothing_that_is_listed_holds_a_secret(account: Account) -> None:
    clusters = listed(account, "DatabaseCluster").values()
    for kind in KINDS:
        for live in kind.list(account, {"DatabaseCluster": [*clusters]}):
            assert live_estate.CANARY not in repr(live)
