"""The database clusters fall into none of the provider's traps."""

from __future__ import annotations

import re
from datetime import datetime

from recorded_stacks import STACKS, cloud, every, graph, inputs, referred


def test_a_cluster_declares_neither_project_nor_public_network_which_would_replace_it() -> None:
    for where, cluster in inputs("DatabaseCluster").items():
        assert "projectId" not in cluster, where
        system = where.partition("/")[2].partition("-")[0]
        assert cluster["privateNetworkUuid"] == f"<{system}-vpc.id>", where


def test_a_cluster_says_its_version_its_nodes_and_its_one_maintenance_window() -> None:
    for where, cluster in inputs("DatabaseCluster").items():
        assert re.fullmatch(r"\d+(\.\d+)?", cluster["version"]), where
        assert cluster["nodeCount"] >= 1, where
        (window,) = cluster["maintenanceWindows"]
        assert re.fullmatch(r"([01]\d|2[0-3]):00", window["hour"]), where
        assert re.fullmatch(r"(sun|mon|tues|wednes|thurs|fri|satur)day", window["day"]), where


def test_the_engines_are_those_that_can_still_be_made() -> None:
    engines = {
        (where.partition("/")[2], cluster["engine"])
        for where, cluster in inputs("DatabaseCluster").items()
    }
    assert engines == {
        ("krotrust-database-cluster", "pg"),
        ("krogiving-postgresql-cluster", "pg"),
        ("krogiving-mongodb-cluster", "mongodb"),
        ("krogiving-valkey-cluster", "valkey"),
    }


def test_a_cache_evicts_in_the_provider_s_spelling_and_is_never_restored() -> None:
    for where, cluster in inputs("DatabaseCluster").items():
        cache = cluster["engine"] == "valkey"
        assert ("evictionPolicy" in cluster) == cache, where
        if cache:
            assert re.fullmatch(r"noeviction|(allkeys|volatile)_[a-z]+", cluster["evictionPolicy"])
            assert "backupRestore" not in cluster, where


def test_a_fixed_storage_size_and_its_automatic_growth_never_come_together() -> None:
    for where, cluster in inputs("DatabaseCluster").items():
        assert not {"storageSizeMib", "storageAutoscale"} <= cluster.keys(), where


def test_only_the_recovery_stack_is_filled_from_backups_and_from_all_of_production_s() -> None:
    clusters = inputs("DatabaseCluster")
    production = {c["name"] for w, c in clusters.items() if w.startswith("prod/")}
    restored = {w: c["backupRestore"] for w, c in clusters.items() if "backupRestore" in c}
    assert {where.partition("/")[0] for where in restored} == {"dr"}
    sources = {restore["databaseName"] for restore in restored.values()}
    caches = {c["name"] for c in clusters.values() if c["engine"] == "valkey"}
    assert sources == production - caches
    for where, restore in restored.items():
        if "backupCreatedAt" in restore:
            assert datetime.fromisoformat(restore["backupCreatedAt"]).tzinfo, where


def test_a_restored_cluster_is_of_the_source_s_engine_and_no_smaller() -> None:
    clusters = inputs("DatabaseCluster")
    by_name = {cluster["name"]: cluster for cluster in clusters.values()}
    for where, cluster in clusters.items():
        if "backupRestore" in cluster:
            source = by_name[cluster["backupRestore"]["databaseName"]]
            assert cluster["engine"] == source["engine"], where
            assert int(cluster["version"]) >= int(source["version"]), where
            assert _gigabytes(cluster["size"]) >= _gigabytes(source["size"]), where


def _gigabytes(size: str) -> int:
    found = re.search(r"-(\d+)gb$", size)
    assert found, size
    return int(found[1])


def test_production_and_its_recovery_fit_into_the_account_s_ten_clusters() -> None:
    clusters = [where for where in inputs("DatabaseCluster") if not where.startswith("stage/")]
    assert 0 < len(clusters) <= 10


def test_every_cluster_has_exactly_one_list_of_trusted_sources() -> None:
    clusters = {f"{w.partition('/')[0]}/{r.name}" for w, r in every("DatabaseCluster").items()}
    listed = [
        f"{where.partition('/')[0]}/{name}"
        for where, sources in inputs("DatabaseFirewall").items()
        for name in referred(sources["clusterId"])
    ]
    assert sorted(listed) == sorted(clusters)


def test_trusted_sources_are_a_droplet_or_the_range_of_the_own_network_and_never_nobody() -> None:
    for where, sources in inputs("DatabaseFirewall").items():
        stack, _, name = where.partition("/")
        system = name.partition("-")[0]
        (vpc,) = [r for r in graph(stack).resources if r.name == f"{system}-vpc"]
        trusted = {(rule["type"], rule["value"]) for rule in sources["rules"]}
        assert trusted in (
            {("droplet", f"<{system}-droplet.id>")},
            {("ip_addr", vpc.inputs["ipRange"])},
        ), where


def test_the_escrow_s_database_trusts_its_droplet_alone() -> None:
    for where, sources in inputs("DatabaseFirewall").items():
        if "/krotrust-" in where:
            assert sources["rules"] == [{"type": "droplet", "value": "<krotrust-droplet.id>"}]


def test_trusted_sources_never_wait_for_an_app_which_waits_for_them() -> None:
    apps = {r.urn for r in every("App").values()}
    for where, sources in every("DatabaseFirewall").items():
        assert apps & set(sources.dependencies) == set(), where


def test_database_passwords_never_pass_through_the_program() -> None:
    secret_parts = re.compile(r"<[\w-]+-(cluster|user)\.(password|uri|privateUri)>")
    for where, resource in cloud():
        assert not secret_parts.search(str(resource.inputs)), where
    assert not any("password" in str(graph(stack).outputs) for stack in STACKS)


def test_a_database_and_its_user_live_in_a_cluster_of_their_own_system() -> None:
    for where, inside in inputs("DatabaseDb", "DatabaseUser").items():
        component = where.partition("/")[2].rpartition("-")[0]
        assert inside["clusterId"] == f"<{component}-cluster.id>", where


def test_no_cluster_is_without_a_database_of_ours_but_the_cache() -> None:
    filled = {
        (w.partition("/")[0], name)
        for w, r in every("DatabaseDb").items()
        for name in referred(r.inputs["clusterId"])
    }
    empty = {
        r.name
        for w, r in every("DatabaseCluster").items()
        if (w.partition("/")[0], r.name) not in filled
    }
    assert empty == {"krogiving-valkey-cluster"}
    assert {r.kind for r in every("DatabaseUser").values()} == {"DatabaseUser"}
