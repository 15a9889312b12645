"""The estate falls into none of the provider's traps: everything but apps and databases.

The source of each is the team's notes on the provider. All run on the offline plans of the three
stacks; what the API answers, they do not show.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from ipaddress import ip_network
from itertools import combinations
from typing import get_args

import pulumi_digitalocean as do
import pytest
from recorded_stacks import (
    STACKS,
    cloud,
    every,
    graph,
    inputs,
    raw,
    recorded,
    referred,
    specs,
)

from components.types import SpacesRegion

ANYWHERE = {"0.0.0.0/0", "::/0"}
DOTTED = {"CNAME", "MX", "NS", "SRV"}
SPACES_REGIONS = set(get_args(SpacesRegion))


def test_whatever_can_be_named_is_named_by_us() -> None:
    unnamed = []
    for where, resource in cloud():
        accepts = inspect.signature(getattr(do, resource.kind)._internal_init).parameters
        if "name" in accepts and not resource.inputs.get("name"):
            unnamed.append(where)
    assert unnamed == []
    assert all(spec["name"] for spec in specs().values())


def test_no_two_things_of_one_type_share_a_name_in_the_account() -> None:
    names = Counter(
        (resource.kind, resource.inputs["name"])
        for _, resource in cloud()
        if resource.kind not in ("DnsRecord", "DatabaseDb", "DatabaseUser")
        and "name" in resource.inputs
    )
    names.update(("App", spec["name"]) for spec in specs().values())
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_networks_of_the_account_overlap() -> None:
    ranges = {where: ip_network(vpc["ipRange"]) for where, vpc in inputs("Vpc").items()}
    overlapping = [
        (one, other)
        for one, other in combinations(ranges, 2)
        if ranges[one].overlaps(ranges[other])
    ]
    assert overlapping == []


def test_only_what_goes_by_a_name_and_holds_no_data_is_deleted_before_it_is_replaced() -> None:
    first = {
        resource.kind
        for where, resource in cloud()
        if raw(resource, where).deleteBeforeReplace
        and raw(resource, where).deleteBeforeReplaceDefined
    }
    assert first == {"DnsRecord", "SshKey"}
    assert all(raw(r, where).deleteBeforeReplace for where, r in every(*first).items())


def test_no_program_line_still_imports_anything() -> None:
    assert [where for where, resource in cloud() if raw(resource, where).importId] == []


def test_only_the_droplet_ignores_changes_and_exactly_what_is_never_read_back() -> None:
    ignoring = {r.kind: r.ignore_changes for _, r in cloud() if r.ignore_changes}
    assert ignoring == {"Droplet": ("userData", "sshKeys", "image")}
    assert all(r.ignore_changes == ignoring["Droplet"] for r in every("Droplet").values())


def test_a_droplet_declares_all_that_adoption_would_otherwise_switch_off_or_replace() -> None:
    needed = {"monitoring", "backups", "ipv6", "tags", "vpcUuid", "image", "userData", "sshKeys"}
    for where, droplet in inputs("Droplet").items():
        assert needed - droplet.keys() == set(), where
        assert isinstance(droplet["monitoring"], bool), where
        assert droplet["tags"], where


def test_a_backup_policy_comes_only_with_backups() -> None:
    for where, droplet in inputs("Droplet").items():
        assert ("backupPolicy" in droplet) == droplet["backups"], where
    assert {d["backups"] for d in inputs("Droplet").values()} == {True, False}


def test_user_data_is_plain_text_everywhere_and_so_holds_no_secret() -> None:
    for where, droplet in inputs("Droplet").items():
        assert isinstance(droplet["userData"], str), where
        assert "[secret]" not in droplet["userData"], where
        assert referred(droplet["userData"]) == set(), where


def test_a_firewall_lets_the_containers_call_out() -> None:
    for where, firewall in inputs("Firewall").items():
        out = {rule["protocol"]: rule for rule in firewall["outboundRules"]}
        assert out.keys() == {"tcp", "udp", "icmp"}, where
        assert all(set(rule["destinationAddresses"]) == ANYWHERE for rule in out.values()), where


def test_every_tcp_and_udp_rule_of_a_firewall_says_its_ports() -> None:
    for where, firewall in inputs("Firewall").items():
        for rule in (*firewall["inboundRules"], *firewall["outboundRules"]):
            assert ("portRange" in rule) == (rule["protocol"] in ("tcp", "udp")), (where, rule)


def test_ssh_is_never_open_to_the_world_and_nothing_but_the_web_is() -> None:
    for where, firewall in inputs("Firewall").items():
        opened = {
            rule["portRange"]
            for rule in firewall["inboundRules"]
            if ANYWHERE & set(rule["sourceAddresses"])
        }
        serves_the_web = where.endswith("/krotrust-firewall")
        assert opened == ({"80", "443"} if serves_the_web else set()), where
        ssh = [rule for rule in firewall["inboundRules"] if rule["portRange"] == "22"]
        assert len(ssh) == 1 or not serves_the_web, where
        for sources in (rule["sourceAddresses"] for rule in ssh):
            assert sources, where
            assert all(ip_network(address).prefixlen >= 8 for address in sources), where


def test_each_droplet_stands_behind_one_firewall_that_names_it_and_no_tags() -> None:
    droplets = {f"{where.partition('/')[0]}/<{r.name}.id>" for where, r in every("Droplet").items()}
    guarded = []
    for where, firewall in inputs("Firewall").items():
        assert "tags" not in firewall, where
        guarded += [f"{where.partition('/')[0]}/{droplet}" for droplet in firewall["dropletIds"]]
    assert sorted(guarded) == sorted(droplets)


def test_a_reserved_address_is_held_by_the_droplet_it_names_and_by_no_assignment() -> None:
    held = {where: address["dropletId"] for where, address in inputs("ReservedIp").items()}
    assert held == {"dr/krotrust-address": "<krotrust-droplet.id>"}
    assert [where for where, r in cloud() if r.kind == "ReservedIpAssignment"] == []


def test_a_zone_never_writes_an_apex_address_by_itself() -> None:
    assert [where for where, zone in inputs("Domain").items() if "ipAddress" in zone] == []


def test_names_in_dns_values_end_with_a_dot_where_the_api_wants_it_and_only_there() -> None:
    for where, record in inputs("DnsRecord").items():
        wants = record["type"] in DOTTED or (
            record["type"] == "CAA" and record["tag"] in ("issue", "issuewild")
        )
        assert record["value"].endswith(".") == wants, (where, record)


def test_a_caa_record_is_complete_and_permits_whoever_issues_our_certificates() -> None:
    issuers: dict[str, set[str]] = {}
    for where, record in inputs("DnsRecord").items():
        if record["type"] == "CAA":
            assert {"flags", "tag", "ttl"} <= record.keys(), where
            domain = f"{where.partition('/')[0]}/{record['domain']}"
            issuers.setdefault(domain, set()).add(record["value"])
    for where, zone in inputs("Domain").items():
        served = f"{where.partition('/')[0]}/{zone['name']}"
        app_platform = "krogiving" in where
        wanted = {"letsencrypt.org.", "pki.goog."} if app_platform else {"letsencrypt.org."}
        assert issuers[served] == wanted, where


def test_no_record_is_declared_for_a_name_that_app_platform_writes_itself() -> None:
    for stack in STACKS:
        managed = {
            domain["name"]
            for where, spec in specs().items()
            if where.startswith(f"{stack}/")
            for domain in spec["domainNames"]
        }
        ours = {
            record["domain"] if record["name"] == "@" else f"{record['name']}.{record['domain']}"
            for where, record in inputs("DnsRecord").items()
            if where.startswith(f"{stack}/") and record["type"] in ("A", "AAAA", "CNAME")
        }
        assert managed, stack
        assert ours, stack
        assert managed & ours == set(), stack


def test_a_bucket_is_private_and_its_cors_stands_in_a_resource_of_its_own() -> None:
    for where, bucket in inputs("SpacesBucket").items():
        assert bucket["acl"] == "private", where
        assert "corsRules" not in bucket, where
        assert bucket["forceDestroy"] is False, where
        assert bucket["region"] in SPACES_REGIONS, where


def test_cors_rules_let_sites_in_that_they_name_since_the_api_refuses_a_rule_for_nobody() -> None:
    for where, cors in inputs("SpacesBucketCorsConfiguration").items():
        assert cors["corsRules"], where
        for rule in cors["corsRules"]:
            assert rule["allowedOrigins"], where
            assert "*" not in rule["allowedOrigins"], where


def test_a_bucket_that_a_key_opens_has_no_policy_beside_it() -> None:
    policies = {(w.partition("/")[0], r.inputs["bucket"]) for w, r in cloud() if "Policy" in r.type}
    for where, key in inputs("SpacesKey").items():
        for grant in key["grants"]:
            assert (where.partition("/")[0], grant["bucket"]) not in policies, where
            assert grant["permission"] in ("read", "readwrite"), where
            assert grant["bucket"], where


def test_a_project_groups_by_members_that_evict_nobody_and_no_reserved_address() -> None:
    assert [where for where, project in inputs("Project").items() if "resources" in project] == []
    assert [where for where, project in inputs("Project").items() if project["isDefault"]] == []
    for where, members in inputs("ProjectResources").items():
        assert members["resources"], where
        for urn in members["resources"]:
            assert re.fullmatch(r"<[\w-]+\.(app|bucket|cluster|domain|droplet)Urn>", urn), urn


def test_everything_that_a_project_can_show_is_in_one() -> None:
    shown = ("App", "DatabaseCluster", "Domain", "Droplet", "SpacesBucket")
    for stack in STACKS:
        members = [
            member
            for where, given in inputs("ProjectResources").items()
            if where.startswith(f"{stack}/")
            for member in referred(given["resources"])
        ]
        there = [r.name for r in graph(stack).resources if r.custom and r.kind in shown]
        assert sorted(members) == sorted(there), stack


def test_tags_are_spelt_as_the_api_takes_them_and_are_no_resources() -> None:
    assert [where for where, r in cloud() if r.kind == "Tag"] == []
    for where, given in inputs("Droplet", "DatabaseCluster").items():
        assert given["tags"], where
        for tag in given["tags"]:
            assert re.fullmatch(r"[A-Za-z0-9:_-]{1,255}", tag), (where, tag)
        assert len({tag.lower() for tag in given["tags"]}) == len(given["tags"]), where


@pytest.mark.parametrize("stack", STACKS)
def test_no_provider_of_our_own_would_carry_credentials_into_the_state(stack: str) -> None:
    assert [r.name for r in graph(stack).resources if r.type.startswith("pulumi:providers")] == []
    assert [r.name for r in recorded(stack).requests.values() if r.provider] == []
