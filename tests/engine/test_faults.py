"""An `up` in which the cloud fails: what that leaves, `mend` and the next `up` put right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from conftest import Engine
from played import UP, assert_settled, cloud, faults, forget, mend, played, quiet, state

from ops import ROOT
from ops.plan import config
from ops.plan.graph import record
from rehearsal.cloud import Fault, edit
from rehearsal.prepare import with_made_up_values

pytestmark = pytest.mark.engine

KINDS = get_args(get_type_hints(Fault)["kind"])
MADE = ("lost", "repeat", "die")  # of those, the ones after which it is there
SAID = re.compile("503 Service|timeout while waiting|already exists|EOF|error reading from server")
# Each type and a stack that has it: the small one, where it can be.
TYPES = {
    resource.kind: stack
    for stack in ("prod", "stage")
    for resource in record(config.load(stack)).resources
    if resource.custom
}
DYING = ("DatabaseCluster", "Droplet", "SpacesKey", "App")  # each takes the whole plugin along
ROUNDS = 7  # a fault stops what waits for it, and the longest chain has so many links
CHANGES = (  # a type, what is done to it, and the settings that do it
    ("Droplet", "update", {"krotrust.droplet.size": "s-2vcpu-4gb"}),
    ("App", "update", {"krogiving.backend.branch": "next"}),
    ("DnsRecord", "delete", {"krogiving.caaIssuers": ["letsencrypt.org"]}),
    ("App", "delete", {"krogiving.frontend": None}),
    ("UptimeCheck", "delete", {"krogiving.frontend": None}),
)
QUICK = ("DatabaseCluster", "die")  # leaves the most behind: the others are for the soak


def _up(engine: Engine, rounds: int, *ordered: dict[str, Any]) -> int:
    """Bring up, and mend what that left, until it succeeds; tell how often it did not."""
    environ = faults(*ordered)
    for failed in range(rounds):
        done = engine.on_stack(*UP, "--continue-on-error", code=None, environ=environ)
        printed = quiet(done)
        if done.returncode == 0:
            mend(engine)
            return failed
        assert SAID.search(printed), printed
        if any(each["kind"] in MADE for each in ordered):
            mend(engine)
    pytest.fail(f"no `up` of {rounds} succeeded")


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_every_type_s_first_creation_fails_at_once(kind: str, tmp_path: Path) -> None:
    engine = played(tmp_path / "stage", "stage")
    types = DYING if kind == "die" else TYPES
    ordered = [{"type": each, "op": "create", "kind": kind} for each in types]
    assert _up(engine, ROUNDS, *ordered) > 0
    assert_settled(engine)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        pytest.param(made, kind, marks=() if (made, kind) == QUICK else pytest.mark.soak)
        for made in sorted(TYPES)
        for kind in KINDS
    ],
)
def test_a_creation_fails(made: str, kind: str, tmp_path: Path) -> None:
    stack = TYPES[made]
    engine = played(tmp_path / stack, stack)
    _up(engine, 2, {"type": made, "op": "create", "kind": kind})
    assert_settled(engine)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A stage stack that is up, with a frontend as production has one, and sealed."""
    engine = played(tmp_path_factory.mktemp("estate") / "stage", "stage")
    prod = with_made_up_values(config.read(ROOT / "Pulumi.prod.yaml"), [])["config"]
    engine.change({"krogiving.frontend": prod["estate:krogiving"]["frontend"]})
    engine.on_stack(*UP)
    assert_settled(engine)
    return engine


@pytest.mark.soak
@pytest.mark.parametrize(
    ("changed", "op", "changes", "kind"),
    [(changed, op, changes, kind) for changed, op, changes in CHANGES for kind in KINDS],
)
def test_a_change_or_a_deletion_fails(
    changed: str, op: str, changes: dict[str, Any], kind: str, estate: Engine, tmp_path: Path
) -> None:
    engine = estate.copy(tmp_path)
    engine.change(changes)
    assert _up(engine, 3, {"type": changed, "op": op, "kind": kind}) > 0
    assert_settled(engine)


@pytest.mark.soak
def test_twins_are_named_with_both_ids_and_stay_until_a_person_deletes_one(tmp_path: Path) -> None:
    engine = played(tmp_path / "stage", "stage")
    twins = faults({"type": "Droplet", "op": "create", "kind": "repeat"})
    quiet(engine.on_stack(*UP, environ=twins))
    before = cloud(engine)
    both = [key.partition("/")[2] for key in before if key.startswith("Droplet/")]
    assert len(both) == 2
    told = quiet(engine.ops("mend", "--yes", code=2))
    assert all(f"({identity})" in told for identity in both)
    assert cloud(engine) == before
    (extra,) = {f"Droplet/{identity}" for identity in both} - {*state(engine)}
    forget(engine, *extra.split("/"))
    assert "nothing to repair" in quiet(engine.ops("mend", "--yes"))
    assert_settled(engine)


@pytest.mark.soak
def test_a_mend_waits_for_what_is_being_made_and_may_itself_be_interrupted(tmp_path: Path) -> None:
    engine = played(tmp_path / "stage", "stage")
    lost = [{"type": each, "op": "create", "kind": "lost"} for each in ("Droplet", "Project")]
    quiet(engine.on_stack(*UP, "--continue-on-error", code=None, environ=faults(*lost)))
    before = state(engine)
    (droplet,) = (key for key in cloud(engine) if key.startswith("Droplet/"))

    def turn(status: str) -> None:
        with edit(engine.folder / "cloud.json") as content:
            content["resources"][droplet]["state"]["status"] = status

    turn("new")
    waits = quiet(engine.ops("mend", "--yes", code=2))
    assert f"({droplet.partition('/')[2]})" in waits.partition("still being made")[2]
    assert state(engine) == before
    turn("active")
    dies = faults({"type": "Project", "op": "read", "kind": "die"})
    broken = engine.ops("mend", "--yes", code=1, environ=dies)
    assert quiet(broken).count("error: pulumi import") == 1
    assert "Traceback" not in broken.stderr
    mend(engine)
    assert {*before} < {*state(engine)}
    assert droplet in state(engine)
    quiet(engine.on_stack(*UP))
    assert_settled(engine)
