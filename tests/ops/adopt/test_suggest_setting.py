"""Which setting keeps a live value: found by trying, in the plan of production."""

from __future__ import annotations

import copy
from typing import Any

import live_estate
import pytest
from conftest import changed

from ops.adopt import suggest_setting
from ops.adopt.suggest_setting import SettingFinder
from ops.plan.changes import Change
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, build, record

NETWORK = live_estate.NETWORK


@pytest.fixture(scope="module")
def settings() -> StackConfig:
    return changed("prod", live_estate.SETTINGS)


@pytest.fixture(scope="module")
def planned(settings: StackConfig) -> Graph:
    return build(settings)


@pytest.fixture(scope="module")
def keeper(settings: StackConfig, planned: Graph) -> SettingFinder:
    return SettingFinder(settings, planned, {NETWORK: live_estate.RANGE})


def live(planned: Graph, resource: str, path: str, value: Any) -> dict[str, Any]:
    """The inputs of a resource as planned, but for one."""
    inputs = next(copy.deepcopy(r.inputs) for r in planned.resources if r.name == resource)
    below: Any = inputs
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in above:
        below = below[part]
    below[last] = value
    return inputs


@pytest.mark.parametrize(
    ("resource", "path", "was", "now", "setting"),
    [
        ("krotrust-droplet", "size", "s-1vcpu-1gb", "s-4vcpu-8gb", "krotrust.droplet.size: {}"),
        ("krotrust-droplet", "name", "web", "kro-prod", "krotrust.droplet.name: {}"),
        ("krotrust-droplet", "monitoring", False, True, "krotrust.droplet.monitoring: false"),
        ("krotrust-droplet", "ipv6", True, False, "krotrust.droplet.ipv6: true"),
        ("krotrust-droplet", "backups", False, True, "krotrust.droplet.backups: null"),
        (
            *("krotrust-droplet", "vpcUuid", NETWORK, "[known later]"),
            f"krotrust.vpc: {{id: {NETWORK}, ipRange: {live_estate.RANGE}}}",
        ),
        (
            *("krogiving-valkey-cluster", "privateNetworkUuid", NETWORK, "[known later]"),
            f"krogiving.vpc: {{id: {NETWORK}, ipRange: {live_estate.RANGE}}}",
        ),
        ("krogiving-postgresql-cluster", "nodeCount", 3, 2, "krogiving.postgresql.nodes: 3"),
        ("krogiving-mongodb-cluster", "nodeCount", 3, 1, "krogiving.mongodb.nodes: 3"),
        ("krogiving-mongodb-cluster", "version", "6", "7", "krogiving.mongodb.version: '6'"),
        ("krogiving-valkey-cluster", "name", "otp", "giv-prod-valkey", "krogiving.valkey.name: {}"),
        (
            *("krogiving-mongodb-cluster", "maintenanceWindows.0.day", "friday", "sunday"),
            "krogiving.mongodb.maintenance.day: {}",
        ),
        (
            *("krotrust-database-cluster", "maintenanceWindows.0.hour", "23:00", "02:00"),
            "krotrust.database.maintenance.hour: '23:00'",
        ),
        ("krotrust-files-bucket", "region", "ams3", "fra1", "krotrust.bucket.region: {}"),
        ("krotrust-files-bucket", "name", "old", "kro-prod-files", "krotrust.bucket.name: {}"),
        ("krogiving-mongodb-db", "name", "giv", "krogiving", "krogiving.mongodb.database: {}"),
        ("krogiving-mongodb-user", "name", "giv", "krogiving", "krogiving.mongodb.user: {}"),
        (
            *("krogiving-backend-app", "spec.services.0.instanceCount", 4, 1),
            "krogiving.backend.instances: 4",
        ),
    ],
)
def test_a_setting_is_found_for(
    keeper: SettingFinder,
    planned: Graph,
    resource: str,
    path: str,
    was: Any,
    now: Any,
    setting: str,
) -> None:
    inputs = live(planned, resource, path, was)
    named = path.replace("services.0", "services.krogiving-backend")
    found = keeper.setting(resource, Change(named, was, now), inputs)
    assert found == f"estate:{setting.replace('{}', str(was))}"


def test_lists_are_kept_whole_or_with_what_the_code_does_not_know(
    keeper: SettingFinder, planned: Graph
) -> None:
    tags = live(planned, "krotrust-droplet", "tags", ["web", "old"])
    for change in (Change("tags.old", "old", None), Change("tags.prod", None, "prod")):
        found = keeper.setting("krotrust-droplet", change, tags)
        assert found == "estate:krotrust.droplet.tags: [web, old]"
    tags = live(planned, "krogiving-valkey-cluster", "tags", ["krogiving", "a", "prod", "b"])
    found = keeper.setting("krogiving-valkey-cluster", Change("tags.a", "a", None), tags)
    assert found == "estate:krogiving.valkey.tags: [a, b]"
    spec = live(planned, "krogiving-frontend-app", "spec.name", "krogiving-frontend")["spec"]
    more = {"name": "give.krogiving.com", "type": "ALIAS", "zone": "krogiving.com"}
    spec["domainNames"].append(more)
    change = Change("spec.domainNames.give.krogiving.com", more, None)
    found = keeper.setting("krogiving-frontend-app", change, {"spec": spec})
    assert found == "estate:krogiving.frontend.aliases: [give.krogiving.com]"


def test_backups_that_run_are_kept_as_another_stack_has_them(planned: Graph) -> None:
    without = changed("prod", {**live_estate.SETTINGS, "krotrust.droplet.backups": None})
    keeper = SettingFinder(without, build(without), {})
    inputs = live(planned, "krotrust-droplet", "backups", True)
    found = keeper.setting("krotrust-droplet", Change("backups", True, False), inputs)
    assert found is not None
    assert found.startswith("estate:krotrust.droplet.backups: {plan: ")


@pytest.mark.parametrize(
    ("resource", "path", "was", "now"),
    [
        ("krotrust-droplet", "gracefulShutdown", False, True),  # no setting decides it
        ("krotrust-droplet", "size", "s-1vcpu-nothing", "s-4vcpu-8gb"),  # the settings refuse it
        ("krogiving-postgresql-cluster", "nodeCount", 9, 2),
        ("krogiving-backend-app", "spec.services.0.runCommand", "node x.js", "1"),  # no number
        ("krotrust-droplet", "vpcUuid", "a network that is nowhere", "[known later]"),
        ("krogiving-media-cdn", "ttl", 60, 3600),
    ],
)
def test_none_is_suggested_where_none_keeps_it(
    keeper: SettingFinder, planned: Graph, resource: str, path: str, was: Any, now: Any
) -> None:
    inputs = live(planned, resource, path, was)
    assert keeper.setting(resource, Change(path, was, now), inputs) is None


def test_a_rule_that_is_open_to_the_world_is_not_suggested(
    keeper: SettingFinder, planned: Graph
) -> None:
    path, everywhere = "inboundRules.2.sourceAddresses", "0.0.0.0/0"
    inputs = live(planned, "krotrust-firewall", path, [everywhere])
    change = Change(f"{path}.{everywhere}", everywhere, None)
    assert keeper.setting("krotrust-firewall", change, inputs) is None
    inputs = live(planned, "krotrust-firewall", path, ["198.18.0.7/32"])
    change = Change(f"{path}.198.18.0.7/32", "198.18.0.7/32", None)
    found = keeper.setting("krotrust-firewall", change, inputs)
    assert found == "estate:krotrust.ssh.allowList: [198.18.0.7/32]"


def test_nothing_is_tried_twice_and_little_at_all(
    settings: StackConfig, planned: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[StackConfig] = []

    def recording(settings: StackConfig) -> Graph:
        tried.append(settings)
        return record(settings)

    monkeypatch.setattr(suggest_setting, "record", recording)
    keeper = SettingFinder(settings, planned, {NETWORK: live_estate.RANGE})
    change = Change("maintenanceWindows.0.day", "friday", "sunday")
    inputs = live(planned, "krogiving-valkey-cluster", change.path, "friday")
    for _ in range(3):
        assert keeper.setting("krogiving-valkey-cluster", change, inputs)
    assert len(tried) == 1
    change = Change("gracefulShutdown", False, True)
    assert keeper.setting("krotrust-droplet", change, {"gracefulShutdown": False}) is None
    assert len(tried) < 5
