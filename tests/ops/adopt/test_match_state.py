"""What the state holds already, and what came with a cluster: neither is matched like the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import live_estate
from conftest import changed
from live_estate import Seed

import rehearsal
from ops.account.client import visit
from ops.adopt.match import Survey, match
from ops.plan.graph import build


def look(
    folder: Path, *more: Seed, managed: Mapping[str, str] | None = None, **settings: Any
) -> Survey:
    """Survey the live estate's cloud for the production stack, of which the state holds some."""
    cloud = folder / "cloud.json"
    live_estate.seed(cloud, *more)
    changes = {path.replace("_", "."): value for path, value in settings.items()}
    planned = build(changed("prod", {**live_estate.SETTINGS, **changes}))
    with visit(rehearsal.environment(cloud)) as account:
        return match(planned, account, managed or {}, {})


def test_what_came_with_a_cluster_is_recognised_where_the_plan_names_it(tmp_path: Path) -> None:
    database: dict[str, Any] = {
        "krotrust_database_database": "defaultdb",
        "krotrust_database_user": "doadmin",
    }
    found = look(tmp_path, **database)
    assert found.matched["krotrust-database-db"].import_id == f"{live_estate.ESCROW},defaultdb"
    assert found.matched["krotrust-database-user"].import_id == f"{live_estate.ESCROW},doadmin"
    # Where it does not, nobody is asked for it, nor told of it.
    found = look(tmp_path, krotrust_database_database="other")
    asked = found.unclear["krotrust-database-db"]
    assert [live.name for live in asked] == ["kro-prod-db-cluster/krotrust"]
    assert not [live for live in found.unmanaged if live.built_in]


def test_what_the_state_holds_is_known_by_its_id_alone(tmp_path: Path) -> None:
    held = {
        "krotrust-database-cluster": live_estate.ESCROW,
        "krotrust-database-db": f"{live_estate.ESCROW}/database/krotrust",
        "krotrust-database-user": f"{live_estate.ESCROW}/user/krotrust",
        "krotrust-database-trusted-sources": f"{live_estate.ESCROW}-2f",
    }
    found = look(tmp_path, managed=held)
    assert found.managed.keys() == held.keys()
    assert not found.gone


def test_what_is_there_instead_is_not_taken_for_what_the_state_holds(tmp_path: Path) -> None:
    held = {
        "krotrust-database-cluster": live_estate.uuid(90),
        "krotrust-zone-a-api": "4001",
        "krotrust-zone-a-app": "5005",
    }
    found = look(tmp_path, managed=held)
    assert {name: [live.id for live in there] for name, there in found.gone.items()} == {
        "krotrust-database-cluster": [live_estate.ESCROW],
        "krotrust-zone-a-api": ["5004"],
    }
    assert found.managed.keys() == {"krotrust-zone-a-app"}
    assert found.waiting["krotrust-database-db"] == ["krotrust-database-cluster"]
    assert not {live_estate.ESCROW, "5004"} & {live.id for live in found.unmanaged}


def test_what_the_state_holds_under_a_name_that_is_no_more_is_not_imported(tmp_path: Path) -> None:
    held = {"old-api": "5004", "old-db": f"{live_estate.ESCROW}/database/krotrust"}
    found = look(tmp_path, managed=held)
    assert found.renamed == {"krotrust-zone-a-api": "old-api", "krotrust-database-db": "old-db"}
    assert found.managed.keys() == found.renamed.keys()
    assert "krotrust-database-db" not in {*found.matched, *found.unclear}
    # What was made anew beside it is the one to import: the old one goes.
    anew = {"domain": "krotrust.com", "type": "A", "name": "api", "value": live_estate.ADDRESS}
    found = look(tmp_path, Seed("DnsRecord", "5999", anew), managed=held)
    assert found.matched["krotrust-zone-a-api"].id == "5999"
