"""A managed database cluster with its database, its user and its trusted sources."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_digitalocean as do
import pytest
from pydantic import ValidationError
from recording import cache, database, declared, exported

from components.database import CacheSettings, Database, DatabaseArgs, DatabaseSettings, Engine

RANGE = do.DatabaseFirewallRuleArgs(type="ip_addr", value="10.1.0.0/20")
AT = "2026-01-31T02:00:00Z"


def args(engine: Engine, settings: DatabaseSettings | CacheSettings, **more: Any) -> DatabaseArgs:
    values: dict[str, Any] = {
        "region": "lon1",
        "network_id": "the-network",
        "tags": ("krotrust", "test"),
        "trusted": [RANGE],
        **more,
    }
    return DatabaseArgs(engine=engine, settings=settings, **values)


def cluster(engine: Engine, settings: DatabaseSettings | CacheSettings) -> dict[str, Any]:
    return declared(lambda: Database("d", args(engine, settings)))["d-cluster"].inputs


COMMON = {
    "region": "lon1",
    "privateNetworkUuid": "the-network",
    "tags": ["krotrust", "test"],
    "size": "db-s-1vcpu-1gb",
    "nodeCount": 1,
    "maintenanceWindows": [{"day": "friday", "hour": "22:00"}],
}


@pytest.mark.parametrize("engine", ["pg", "mongodb"])
def test_a_cluster_is_made_as_the_stack_file_says(engine: Engine) -> None:
    expected = {**COMMON, "name": "the-db", "engine": engine, "version": "16"}
    assert cluster(engine, database()) == expected


def test_a_cache_evicts_and_has_nothing_to_restore() -> None:
    expected = {"name": "the-cache", "engine": "valkey", "version": "8"}
    assert cluster("valkey", cache()) == {**COMMON, **expected, "evictionPolicy": "allkeys_lru"}


def test_a_cluster_keeps_tags_of_its_own_beside_the_product_s() -> None:
    tagged = database(tags=["escrow"])
    assert cluster("pg", tagged)["tags"] == ["krotrust", "test", "escrow"]


def test_a_cluster_holds_a_database_and_a_user_of_ours_and_a_cache_holds_none() -> None:
    made = declared(lambda: Database("d", args("pg", database())))
    assert made["d-db"].inputs == {"clusterId": "<d-cluster.id>", "name": "things"}
    assert made["d-user"].inputs == {"clusterId": "<d-cluster.id>", "name": "thinker"}
    cached = declared(lambda: Database("d", args("valkey", cache())))
    assert set(cached) == {"d", "d-cluster", "d-trusted-sources"}


@pytest.mark.parametrize(
    ("restore", "filled"),
    [
        ({"cluster": "lost-db"}, {"databaseName": "lost-db"}),
        ({"cluster": "lost-db", "at": AT}, {"databaseName": "lost-db", "backupCreatedAt": AT}),
    ],
)
def test_a_new_cluster_can_be_filled_from_another_one_s_backup(
    restore: dict[str, str], filled: dict[str, str]
) -> None:
    assert cluster("pg", database(restore=restore))["backupRestore"] == filled


@pytest.mark.parametrize("at", ["yesterday", "2026-01-31", "2026-01-31T02:00:00+01:00"])
def test_a_moment_that_the_api_would_not_understand_is_refused(at: str) -> None:
    with pytest.raises(ValidationError):
        database(restore={"cluster": "lost-db", "at": at})


@pytest.mark.parametrize(
    "restoring", [{"restore": {"cluster": "lost-db"}}, {"restored": []}, {"retired": []}], ids=str
)
def test_a_cache_cannot_even_be_told_to_be_restored(restoring: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        cache(**restoring)


def test_a_restored_cluster_stands_beside_the_old_one_and_is_like_it() -> None:
    before = declared(lambda: Database("d", args("pg", database())))
    restored = database(restored=[{"name": "the-db-2", "at": AT}])
    after = declared(lambda: Database("d", args("pg", restored)))
    assert {name: after[name] for name in before if name != "d"} == {
        name: made for name, made in before.items() if name != "d"
    }
    backup = {"databaseName": "the-db", "backupCreatedAt": AT}
    first = before["d-cluster"].inputs
    beside = after["d-the-db-2-cluster"].inputs
    assert beside == {**first, "name": "the-db-2", "backupRestore": backup}
    at = "<d-the-db-2-cluster.id>"
    assert after["d-the-db-2-db"].inputs == {**before["d-db"].inputs, "clusterId": at}
    assert after["d-the-db-2-user"].inputs == {**before["d-user"].inputs, "clusterId": at}
    trusted = after["d-the-db-2-trusted-sources"].inputs
    assert trusted == {**before["d-trusted-sources"].inputs, "clusterId": at}
    assert len(after) == 2 * len(before) - 1
    assert (before["d"].inputs, after["d"].inputs) == ({}, {"inUse": "the-db-2"})


def test_each_is_filled_from_the_one_before_it_or_from_the_one_that_it_names() -> None:
    history = [
        {"name": "two", "nodes": 3},
        {"name": "three", "from": "elsewhere", "at": AT},
        {"name": "four"},
    ]
    settings = database(restore={"cluster": "lost-db"}, restored=history)
    made = declared(lambda: Database("d", args("mongodb", settings)))
    sources = {
        name: r.inputs["backupRestore"]
        for name, r in made.items()
        if r.type.endswith(":DatabaseCluster")
    }
    assert sources == {
        "d-cluster": {"databaseName": "lost-db"},
        "d-two-cluster": {"databaseName": "the-db"},
        "d-three-cluster": {"databaseName": "elsewhere", "backupCreatedAt": AT},
        "d-four-cluster": {"databaseName": "three"},
    }
    assert made["d-two-cluster"].inputs["nodeCount"] == 3
    assert made["d-four-cluster"].inputs["nodeCount"] == 1


def test_what_is_retired_is_declared_no_more_and_changes_nothing_of_the_others() -> None:
    history = {"restored": [{"name": "two"}, {"name": "three"}]}
    both = declared(lambda: Database("d", args("pg", database(**history))))
    retired = database(**history, retired=["the-db", "two"])
    left = declared(lambda: Database("d", args("pg", retired)))
    assert set(left) == {"d", *(name for name in both if name.startswith("d-three-"))}
    assert {name: both[name] for name in left} == left


def test_a_cluster_trusts_the_named_sources_and_no_other() -> None:
    made = declared(lambda: Database("d", args("pg", database())))["d-trusted-sources"]
    rules = [{"type": "ip_addr", "value": "10.1.0.0/20"}]
    assert made.inputs == {"clusterId": "<d-cluster.id>", "rules": rules}


def test_a_cluster_that_would_trust_the_whole_world_is_refused() -> None:
    with pytest.raises(ValueError, match="d: needs at least one trusted source"):
        declared(lambda: Database("d", args("pg", database(), trusted=[])))


def _attached(engine: Engine, settings: DatabaseSettings | CacheSettings) -> dict[str, Any]:
    def program() -> None:
        made = Database("d", args(engine, settings))
        do.App("a", spec=do.AppSpecArgs(name="a", databases=[made.attachment("store")]))

    app = declared(program)["a"]
    (attachment,) = app.inputs["spec"]["databases"]
    assert isinstance(attachment, dict)
    return attachment


def test_an_app_is_given_a_cluster_with_its_database_and_user_and_no_credential() -> None:
    assert _attached("pg", database()) == {
        "name": "store",
        "engine": "PG",
        "version": "16",
        "production": True,
        "clusterName": "the-db",
        "dbName": "things",
        "dbUser": "thinker",
    }


def test_an_app_is_given_the_cluster_that_was_restored_last() -> None:
    moved = database(restored=[{"name": "two"}, {"name": "three"}], retired=["the-db"])
    before = _attached("pg", database())
    assert _attached("pg", moved) == {**before, "clusterName": "three"}


def test_an_app_is_given_a_cache_without_a_database_or_user() -> None:
    assert _attached("valkey", cache()) == {
        "name": "store",
        "engine": "VALKEY",
        "version": "8",
        "production": True,
        "clusterName": "the-cache",
    }


def test_whoever_connects_is_given_the_private_host() -> None:
    def program() -> dict[str, pulumi.Output[str]]:
        return {"host": Database("d", args("pg", database())).cluster.private_host}

    assert exported(program) == {"host": "<d-cluster.privateHost>"}
