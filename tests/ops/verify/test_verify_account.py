"""What the account has against the state: gone, failed, opened, not backed up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from small_estate import bad, state_of, told, whole, write

from ops.account.client import NoAccessError, visit
from ops.cli.findings import Finding
from ops.verify import live
from ops.verify.recorded import Recorded
from rehearsal.api import client_variables, serving

STATE = state_of(whole())
Cloud = dict[str, Any]


Far = tuple[Path, dict[str, str]]


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    """The cloud's file, which is read anew for each question, and the door to it."""
    file = tmp_path_factory.mktemp("far") / "cloud.json"
    own = {"PATH": "", "DIGITALOCEAN_TOKEN": "x", "DIGITALOCEAN_HTTP_RETRY_MAX": "0"}
    with serving(file) as url:
        yield file, {**own, **client_variables(url)}


@pytest.fixture
def look(far: Far) -> Callable[..., dict[str, Finding]]:
    def all_of(cloud: Cloud, state: Recorded = STATE) -> dict[str, Finding]:
        write(far[0], cloud)
        with visit(far[1]) as account:  # a snapshot keeps what it has read
            return told(live.looks(state, account))

    return all_of


Looking = Callable[..., dict[str, Finding]]


def test_what_is_there_as_the_state_says_is_ok(look: Looking) -> None:
    found = look(whole())
    assert {each.state for each in found.values()} == {"ok"}
    sources = "droplet 7, ip_addr 10.1.0.0/20"
    shown = {name: each.told for name, each in found.items() if "from here" not in name}
    newest = "the newest is 6 h old, 2 in all"
    assert shown == {
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
def test_what_the_account_has_no_more_is_bad(look: Looking, key: str, name: str) -> None:
    cloud = whole()
    del cloud[key]
    identity = key.partition("/")[2]
    told_of = f"the state has it as {identity}, and the account has it no more"
    assert bad(look(cloud)) == {name: told_of}


def _rules(*rules: tuple[str, str]) -> Callable[[Cloud], None]:
    def change(cloud: Cloud) -> None:
        given = [{"type": kind, "value": value} for kind, value in rules]
        cloud["DatabaseFirewall/pg"]["state"]["rules"] = given

    return change


def _has(key: str, **given: Any) -> Callable[[Cloud], None]:
    """Write beside a resource's state what no `up` decides."""
    return lambda cloud: cloud[key].update(given)


OWN, VPC = ("droplet", "7"), ("ip_addr", "10.1.0.0/20")


@pytest.mark.parametrize(
    ("broken", "name", "said"),
    [
        (_rules(), "databases: the-pg: trusted sources", "none, which lets anybody in"),
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
            "0.0.0.0/0 lets anybody in",
        ),
        (
            lambda cloud: cloud["Droplet/7"]["state"].update(status="off"),
            "droplets: the-7",
            "is off",
        ),
        (_has("Droplet/7", backups=[]), "backups: the-7", "none; wanted is one younger than"),
        (
            _has("Droplet/7", backups=[37, 61]),
            "backups: the-7",
            "the newest is 37 h old, 2 in all; wanted is one younger than 36 h",
        ),
        (_has("DatabaseCluster/pg", backups=[]), "backups: the-pg", "none; wanted is one"),
        (
            _has("DatabaseCluster/mongo", backups=[50]),
            "backups: the-mongo",
            "the newest is 50 h old, 1 in all; wanted",
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
def test_what_is_not_as_the_state_says_is_bad(
    look: Looking, broken: Callable[[Cloud], None], name: str, said: str
) -> None:
    cloud = whole()
    broken(cloud)
    (wrong,) = bad(look(cloud)).items()
    assert wrong[0] == name
    assert wrong[1].startswith(said)


def test_backups_that_somebody_switched_off_are_bad(look: Looking) -> None:
    cloud = whole()
    cloud["Droplet/7"]["state"]["backups"] = False
    assert bad(look(cloud)) == {"backups: the-7": "are off"}


@pytest.mark.parametrize("phases", [["BUILDING", "ACTIVE"], ["ACTIVE", "ERROR"]])
def test_a_deployment_under_way_and_an_old_failure_are_no_failure(
    look: Looking, phases: list[str]
) -> None:
    cloud = whole()
    cloud["App/a-1"]["deployments"] = phases
    assert bad(look(cloud)) == {}


def test_rules_of_the_whole_world_are_bad_even_where_the_state_has_them(look: Looking) -> None:
    cloud = whole()
    _rules(("ip_addr", "::/0"))(cloud)
    found = bad(look(cloud, state_of(cloud)))
    assert found == {"databases: the-pg: trusted sources": "::/0 lets anybody in"}


@pytest.mark.parametrize(
    ("made", "state", "said"),
    [
        (timedelta(hours=3), "unseen", "none yet: made 3 h ago; look again within 36 h"),
        (timedelta(hours=36), "bad", "none; wanted is one younger than 36 h"),
    ],
)
def test_of_what_was_just_made_there_may_be_no_backup_yet(
    made: timedelta, state: str, said: str
) -> None:
    found = live.newest("it", [], (datetime.now(UTC) - made).isoformat(), live.YOUNG)
    assert (found.state, found.told) == (state, said)


def test_a_weekly_backup_may_be_a_week_old(look: Looking) -> None:
    cloud = whole()
    cloud["Droplet/7"]["backups"] = [7 * 24 + 11]
    cloud["Droplet/7"]["state"]["backupPolicy"] = {"plan": "weekly", "hour": 4, "weekday": "SUN"}
    assert bad(look(cloud, state_of(cloud))) == {}


def test_without_a_token_the_accounts_parts_are_unseen_and_say_why() -> None:
    found = told(live.looks(STATE, NoAccessError("DIGITALOCEAN_TOKEN is not set")))
    unseen = {name for name, each in found.items() if each.state == "unseen"}
    assert unseen == {
        *("droplets: the-7", "backups: the-7", "apps: the-a-1"),
        *(f"{part}: the-{one}" for part in ("databases", "backups") for one in ("pg", "mongo")),
        *("databases: the-cache", "backups: the-cache"),
    }
    assert {found[name].told for name in unseen} == {"DIGITALOCEAN_TOKEN is not set"}
    assert set(found) - unseen == {
        f"databases: the-{e}: from here" for e in ("pg", "mongo", "cache")
    }


def test_an_account_that_does_not_answer_is_bad_for_each_thing() -> None:
    nobody = {"PATH": "", "DIGITALOCEAN_TOKEN": "x", "DIGITALOCEAN_HTTP_RETRY_MAX": "0"}
    with visit({**nobody, "DIGITALOCEAN_API_URL": "http://127.0.0.1:1"}) as account:
        found = bad(told(live.looks(STATE, account)))
    assert len(found) == 5
    assert all(why.startswith("DigitalOcean did not answer") for why in found.values())


@pytest.mark.parametrize(
    ("rules", "state", "said"),
    [
        ([OWN, VPC], "bad", "lets in 127.0.0.1, which it does not trust"),
        ([("ip_addr", "127.0.0.1")], "ok", "lets in 127.0.0.1, which it trusts"),
        (
            [("ip_addr", "10.1.0.0/20"), ("droplet", "8")],
            "ok",
            "lets in 127.0.0.1, which it trusts",
        ),
    ],
)
def test_a_database_that_lets_in_whom_it_does_not_trust_is_bad(
    rules: list[tuple[str, str]], state: str, said: str
) -> None:
    cloud = {key: each for key, each in whole().items() if key.endswith(("/pg", "/7"))}
    cloud["Droplet/8"] = {"state": {"ipv4Address": "127.0.0.1"}}
    _rules(*rules)(cloud)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cloud["DatabaseCluster/pg"]["state"]["port"] = listener.getsockname()[1]
        found = told(live.looks(state_of(cloud), NoAccessError("")))
    finding = found["databases: the-pg: from here"]
    assert finding.state == state
    assert finding.told.endswith(said)


@pytest.mark.parametrize(
    ("outputs", "state", "said"),
    [
        ({"host": "pg.invalid"}, "ok", "pg.invalid:1 lets nobody in from here"),
        ({"host": "127.0.0.1"}, "ok", "127.0.0.1:1 lets nobody in from here"),
        ({"host": ""}, "unseen", "the state does not know its address"),
    ],
)
def test_a_database_that_takes_no_connection_from_here_is_ok(
    outputs: dict[str, Any], state: str, said: str
) -> None:
    cloud = {"DatabaseCluster/pg": whole()["DatabaseCluster/pg"]}
    cloud["DatabaseCluster/pg"]["state"].update(outputs)
    finding = told(live.looks(state_of(cloud), NoAccessError("")))["databases: the-pg: from here"]
    assert finding.state == state
    assert finding.told.startswith(said)
