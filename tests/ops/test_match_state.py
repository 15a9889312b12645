"""What the state holds already, and what came with a cluster: neither is matched like the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import today
from conftest import changed

import rehearsal
from ops.account import visit
from ops.graph import build
from ops.match import Survey, survey


def look(folder: Path, managed: Mapping[str, str] | None = None, **settings: Any) -> Survey:
    """Survey today's cloud for the production stack, of which the state holds some."""
    cloud = folder / "cloud.json"
    today.seed(cloud)
    changes = {path.replace("_", "."): value for path, value in settings.items()}
    planned = build(changed("prod", {**today.SETTINGS, **changes}))
    with visit(rehearsal.environment(cloud)) as account:
        return survey(planned, account, managed or {}, {})


def test_what_came_with_a_cluster_is_recognised_where_the_plan_names_it(tmp_path: Path) -> None:
    database = {"krotrust_database_database": "defaultdb", "krotrust_database_user": "doadmin"}
    found = look(tmp_path, **database)
    assert found.matched["krotrust-database-db"].import_id == f"{today.ESCROW},defaultdb"
    assert found.matched["krotrust-database-user"].import_id == f"{today.ESCROW},doadmin"
    # Where it does not, nobody is asked for it, nor told of it.
    found = look(tmp_path, krotrust_database_database="other")
    asked = found.unclear["krotrust-database-db"]
    assert [live.name for live in asked] == ["kro-prod-db-cluster/krotrust"]
    assert not [live for live in found.unmanaged if live.given]
