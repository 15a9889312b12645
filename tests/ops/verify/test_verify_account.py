"""The account against the state: missing, failed, public, not backed up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from small_estate import bad, run, state_of, whole, write

from ops.account.client import NoAccessError, visit
from ops.cli.findings import Finding
from ops.verify import backups, live
from ops.verify.recorded import Recorded
from rehearsal.api import doors, serving

STATE = state_of(whole())
Cloud = dict[str, Any]


Far = tuple[Path, dict[str, str]]


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    """The cloud's file, and an environment that leads to it."""
    file = tmp_path_factory.mktemp("far") / "cloud.json"
    credentials = {"PATH": "", "DIGITALOCEAN_TOKEN": "x", "DIGITALOCEAN_HTTP_RETRY_MAX": "0"}
    with serving(file) as url:
        yield file, {**credentials, **doors(url)}


@pytest.fixture
def look(far: Far) -> Callable[..., dict[str, Finding]]:
    def all_of(cloud: Cloud, state: Recorded = STATE) -> dict[str, Finding]:
        write(far[0], cloud)
        with visit(far[1]) as account:  # a snapshot keeps what it has read
            return run(live.checks(state, account))

    return all_of


Look = Callable[..., dict[str, Finding]]


def test_an_account_as_recorded_is_ok(look: Look) -> None:
    results = look(whole())
    assert {each.state for each in results.values()} == {"ok"}
    sources = "droplet 7, ip_addr 10.1.0.0/20"
    details = {name: each.detail for name, each in results.items() if "from here" not in name}
    newest = "the newest of 2 is 6 h old"
    assert details == {
        "droplets: the-7": "is active",
        "backups: the-7": newest,
        "databases: the-pg": "is online",
        "databases: the-pg: trusted sources": sources,
        "backups: the-pg": newest,
        "databases: the-mongo": "is online",
        "databases: the-mongo: trusted sources": sources,
        "backups: the-mongo": newest,
        "databases: the-cache": "is online",
        "databases: the-cache: trusted sources": sources,
        "backups: the-cache": "valkey has none: a cache",
        "apps: the-a-1": "ACTIVE",
    }


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Droplet/7", "droplets: the-7"),
        ("DatabaseCluster/pg", "databases: the-pg"),
        ("App/a-1", "apps: the-a-1"),
    ],
)
def test_a_resource_missing_in_the_account_is_bad(look: Look, key: str, name: str) -> None:
    cloud = whole()
    del cloud[key]
    identity = key.partition("/")[2]
    detail = f"recorded as {identity}, and missing in the account"
    assert bad(look(cloud)) == {name: detail}


def _rules(*rules: tuple[str, str]) -> Callable[[Cloud], None]:
    def change(cloud: Cloud) -> None:
        listed = [{"type": kind, "value": value} for kind, value in rules]
        cloud["DatabaseFirewall/pg"]["state"]["rules"] = listed

    return change


def _has(key: str, **facts: Any) -> Callable[[Cloud], None]:
    """Add facts of a resource that no `up` decides."""
    return lambda cloud: cloud[key].update(facts)


OWN, VPC = ("droplet", "7"), ("ip_addr", "10.1.0.0/20")


@pytest.mark.parametrize(
    ("broken", "name", "detail"),
    [
        (_rules(), "databases: the-pg: trusted sources", "none, which allows everyone in"),
        (
            _rules(OWN, VPC, ("ip_addr", "198.18.0.9")),
            "databases: the-pg: trusted sources",
            "ip_addr 198.18.0.9 is trusted and not declared",
        ),
        (
            _rules(OWN),
            "databases: the-pg: trusted sources",
            "ip_addr 10.1.0.0/20 is declared and not trusted",
        ),
        (
            _rules(OWN, VPC, ("ip_addr", "0.0.0.0/0")),
            "databases: the-pg: trusted sources",
            "0.0.0.0/0 allows everyone in",
        ),
        (
            lambda cloud: cloud["Droplet/7"]["state"].update(status="off"),
            "droplets: the-7",
            "is off",
        ),
        (_has("Droplet/7", backups=[]), "backups: the-7", "none; required is one younger than"),
        (
            _has("Droplet/7", backups=[37, 61]),
            "backups: the-7",
            "the newest of 2 is 37 h old; required is one younger than 36 h",
        ),
        (_has("DatabaseCluster/pg", backups=[]), "backups: the-pg", "none; required is one"),
        (
            _has("DatabaseCluster/mongo", backups=[50]),
            "backups: the-mongo",
            "the newest of 1 is 50 h old; required",
        ),
        (
            _has("App/a-1", deployments=["ERROR", "ACTIVE"]),
            "apps: the-a-1",
            "a newer deployment has failed: ACTIVE; newer: ERROR",
        ),
        (
            _has("App/a-1", deployments=["ERROR"]),
            "apps: the-a-1",
            "its active deployment is none",
        ),
    ],
)
def test_a_difference_from_the_state_is_bad(
    look: Look, broken: Callable[[Cloud], None], name: str, detail: str
) -> None:
    cloud = whole()
    broken(cloud)
    (wrong,) = bad(look(cloud)).items()
    assert wrong[0] == name
    assert wrong[1].startswith(detail)


def test_backups_that_are_off_are_bad(look: Look) -> None:
    cloud = whole()
    cloud["Droplet/7"]["state"]["backups"] = False
    assert bad(look(cloud)) == {"backups: the-7": "are off"}


@pytest.mark.parametrize("phases", [["BUILDING", "ACTIVE"], ["ACTIVE", "ERROR"]])
def test_a_running_deployment_and_an_old_failure_are_not_bad(look: Look, phases: list[str]) -> None:
    cloud = whole()
    cloud["App/a-1"]["deployments"] = phases
    assert bad(look(cloud)) == {}


def test_rules_for_all_addresses_are_bad_even_if_recorded(look: Look) -> None:
    cloud = whole()
    _rules(("ip_addr", "::/0"))(cloud)
    results = bad(look(cloud, state_of(cloud)))
    assert results == {"databases: the-pg: trusted sources": "::/0 allows everyone in"}


@pytest.mark.parametrize(
    ("age", "state", "detail"),
    [
        (timedelta(hours=3), "not checked", "none yet: created 3 h ago; check again within 36 h"),
        (timedelta(hours=36), "bad", "none; required is one younger than 36 h"),
    ],
)
def test_a_new_resource_may_have_no_backup_yet(age: timedelta, state: str, detail: str) -> None:
    created = (datetime.now(UTC) - age).isoformat()
    finding = backups.newest("it", [], timedelta(hours=36), created)
    assert (finding.state, finding.detail) == (state, detail)


def test_a_weekly_backup_may_be_a_week_old(look: Look) -> None:
    cloud = whole()
    cloud["Droplet/7"]["backups"] = [7 * 24 + 11]
    cloud["Droplet/7"]["state"]["backupPolicy"] = {"plan": "weekly", "hour": 4, "weekday": "SUN"}
    assert bad(look(cloud, state_of(cloud))) == {}


def test_without_a_token_the_account_is_not_checked() -> None:
    results = run(live.checks(STATE, NoAccessError("DIGITALOCEAN_TOKEN is not set")))
    skipped = {name for name, each in results.items() if each.state == "not checked"}
    assert skipped == {
        *("droplets: the-7", "backups: the-7", "apps: the-a-1"),
        *(f"{part}: the-{one}" for part in ("databases", "backups") for one in ("pg", "mongo")),
        *("databases: the-cache", "backups: the-cache"),
    }
    assert {results[name].detail for name in skipped} == {"DIGITALOCEAN_TOKEN is not set"}
    assert set(results) - skipped == {
        f"databases: the-{e}: from here" for e in ("pg", "mongo", "cache")
    }


def test_a_silent_account_is_bad_for_each_resource() -> None:
    credentials = {"PATH": "", "DIGITALOCEAN_TOKEN": "x", "DIGITALOCEAN_HTTP_RETRY_MAX": "0"}
    with visit({**credentials, "DIGITALOCEAN_API_URL": "http://127.0.0.1:1"}) as account:
        results = bad(run(live.checks(STATE, account)))
    assert len(results) == 5
    assert all(why.startswith("DigitalOcean did not answer") for why in results.values())


@pytest.mark.parametrize(
    ("rules", "state", "detail"),
    [
        ([OWN, VPC], "bad", "accepts 127.0.0.1, which it does not trust"),
        ([("ip_addr", "127.0.0.1")], "ok", "accepts 127.0.0.1, which it trusts"),
        (
            [("ip_addr", "10.1.0.0/20"), ("droplet", "8")],
            "ok",
            "accepts 127.0.0.1, which it trusts",
        ),
    ],
)
def test_a_database_that_accepts_an_untrusted_address_is_bad(
    rules: list[tuple[str, str]], state: str, detail: str
) -> None:
    cloud = {key: each for key, each in whole().items() if key.endswith(("/pg", "/7"))}
    cloud["Droplet/8"] = {"state": {"ipv4Address": "127.0.0.1"}}
    _rules(*rules)(cloud)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cloud["DatabaseCluster/pg"]["state"]["port"] = listener.getsockname()[1]
        results = run(live.checks(state_of(cloud), NoAccessError("")))
    finding = results["databases: the-pg: from here"]
    assert finding.state == state
    assert finding.detail.endswith(detail)


@pytest.mark.parametrize(
    ("outputs", "state", "detail"),
    [
        ({"host": "pg.invalid"}, "ok", "pg.invalid:1 refuses connections from here"),
        ({"host": "127.0.0.1"}, "ok", "127.0.0.1:1 refuses connections from here"),
        ({"host": ""}, "not checked", "the state does not record its address"),
    ],
)
def test_a_database_that_refuses_connections_from_here_is_ok(
    outputs: dict[str, Any], state: str, detail: str
) -> None:
    cloud = {"DatabaseCluster/pg": whole()["DatabaseCluster/pg"]}
    cloud["DatabaseCluster/pg"]["state"].update(outputs)
    finding = run(live.checks(state_of(cloud), NoAccessError("")))["databases: the-pg: from here"]
    assert finding.state == state
    assert finding.detail.startswith(detail)
