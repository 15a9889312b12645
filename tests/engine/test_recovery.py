"""The settings of a recovery, with the real engine and in guarded stacks: nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Engine
from played import UP, assert_settled, cloud, played, quiet

from rehearsal import CLOUD_VARIABLE
from rehearsal.cloud import values_at

pytestmark = [pytest.mark.engine, pytest.mark.soak]

OLD = {f"krotrust-database-{part}" for part in ("cluster", "db", "user", "trusted-sources")}
NEW = {name.replace("-database-", "-database-kro-prod-2-") for name in OLD}
RULES = ("--policy-pack", "policy")
Did = set[tuple[str, str]]


def _up(engine: Engine, *more: str) -> Did:
    """Run an `up`; tell what it did to the cloud."""
    before = len(engine.log())
    quiet(engine.on_stack(*UP, *more))
    return {(e["op"], e["name"]) for e in engine.log()[before:] if e["op"] != "read"}


def _refused(engine: Engine, *more: str) -> str:
    """Run an `up` that its preview ends; tell why."""
    before = len(engine.log())
    done = engine.on_stack("up", "--yes", *more, code=None)
    assert done.returncode != 0
    assert [each for each in engine.log()[before:] if each["op"] != "read"] == []
    return quiet(done)


def _deeds(did: Did, op: str) -> set[str]:
    return {name for each, name in did if each == op}


def test_a_database_is_restored_beside_the_old_one_which_goes_when_it_is_told_to(
    tmp_path: Path,
) -> None:
    engine = played(tmp_path / "prod", "prod")
    engine.on_stack(*UP, *RULES)
    engine.ops("seal")
    history = {
        "krotrust.database.restored": [{"name": "kro-prod-2", "at": "2026-01-31T02:00:00Z"}],
        "krogiving.mongodb.restored": [{"name": "giv-mongo-2", "from": "giv-dr-mongodb"}],
    }
    engine.change(history)
    did = _up(engine, *RULES)
    made = _deeds(did, "create")
    assert made >= NEW
    assert {name.partition("-giv-mongo-2-")[0] for name in made - NEW} == {"krogiving-mongodb"}
    assert _deeds(did, "update") == {
        *("krotrust-grouping-members", "krogiving-grouping-members", "krogiving-backend-app")
    }
    assert _deeds(did, "delete") == set()
    (app,) = [each for each in cloud(engine).values() if each["name"] == "krogiving-backend"]
    assert "giv-mongo-2" in values_at(app, "state.spec.databases.clusterName")
    assert_settled(engine)

    retired = {"krotrust.database.retired": ["kro-prod-db-cluster"]}
    engine.change(retired)
    assert "because it is protected" in _refused(engine)

    engine.change({"krotrust.database.retired": [], "removals": sorted(OLD)})
    assert "nothing-lost" in _refused(engine, *RULES)
    assert _up(engine) == set()
    engine.change({**retired, "removals": []})
    did = _up(engine)
    assert did == {
        *(("delete", name) for name in OLD),
        ("update", "krotrust-grouping-members"),
    }
    assert_settled(engine)


@pytest.fixture
def estates(tmp_path: Path) -> Callable[[], tuple[Engine, Engine]]:
    """Production and its stand-in, both brought up in one account."""

    def make() -> tuple[Engine, Engine]:
        prod, dr = played(tmp_path / "prod", "prod"), played(tmp_path / "dr", "dr")
        dr.environ[CLOUD_VARIABLE] = prod.environ[CLOUD_VARIABLE]
        key = prod.settings["config"]["estate:krotrust"]["ssh"]["publicKey"]
        dr.change({"krotrust.ssh.publicKey": f"{key[:-4]}else"})  # an account takes a key once
        for engine in (prod, dr):
            engine.on_stack(*UP, *RULES)
            engine.ops("seal")
        return prod, dr

    return make


def _names(engine: Engine) -> Mapping[str, set[str]]:
    """What every app answers, by its name; both estates' apps stand in one cloud."""
    found = cloud(engine)
    return {
        each["name"]: set(values_at(each, "state.spec.domainNames.name"))
        for key, each in found.items()
        if key.startswith("App/")
    }


def test_another_estate_answers_our_names_and_gives_them_back(
    estates: Callable[[], tuple[Engine, Engine]],
) -> None:
    prod, dr = estates()
    before, held = _names(prod), _addresses(prod)
    there = set(cloud(prod))
    answers: dict[str, Any] = {"krogiving.answersFor": "krogiving.com"}
    dr.change(answers)
    failed = quiet(dr.on_stack(*UP, code=None))
    assert "; it has to let go of it first" in failed

    address = dr.run("stack", "output", "krotrustAddress", "--stack", "dr").stdout.strip()
    prod.change({"krotrust.standIn": address, "krogiving.standIn": True})
    did = _up(prod, *RULES)
    assert _deeds(did, "create") == _deeds(did, "delete") == set()
    assert set(_addresses(prod).values()) == {address}
    dr.on_stack(*UP, *RULES)
    names = _names(prod)
    assert "api.krogiving.com" in names["krogiving-backend-dr"]
    assert names["krogiving-backend"] == {"standby-api.krogiving.com"}
    public = {host for hosts in before.values() for host in hosts if ".dr." not in f".{host}"}
    assert public <= {host for app, hosts in names.items() if "-dr" in app for host in hosts}

    dr.change({"krogiving.answersFor": None})
    dr.on_stack(*UP, *RULES)
    prod.change({"krotrust.standIn": None, "krogiving.standIn": False})
    did = _up(prod, *RULES)
    assert _deeds(did, "create") == _deeds(did, "delete") == set()
    assert (_names(prod), _addresses(prod)) == (before, held)
    assert set(cloud(prod)) == there


def _addresses(engine: Engine) -> dict[str, str]:
    """Where the public names of production's KROTrust point."""
    records = [each["state"] for key, each in cloud(engine).items() if key.startswith("DnsRecord/")]
    mine = [r for r in records if (r["domain"], r["type"]) == ("krotrust.com", "A")]
    assert len(mine) == 4
    return {record["name"]: record["value"] for record in mine}
