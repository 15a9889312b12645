"""What runs today is taken over through the real engine, and nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import live_estate
import pytest
import yaml
from conftest import CANARIES, SEAL_KEY, Engine

import rehearsal
from ops.adopt.imports import import_resources
from ops.cli.errors import UsageError
from ops.plan.graph import Graph
from ops.plan.urn import name_of

pytestmark = pytest.mark.engine

Found = dict[str, Any]
ROUTES = {  # of what is not clear, the one that it is
    "krotrust-firewall": live_estate.FIREWALL,
    "krogiving-mongodb-cluster": live_estate.MONGO,
    "krogiving-postgresql-cluster": live_estate.GIVING,
    "krogiving-valkey-cluster": live_estate.CACHE,
    "krogiving-postgresql-db": f"{live_estate.GIVING},giv_production",
    "krogiving-postgresql-user": f"{live_estate.GIVING},giv_app",
}
CHOSEN = tuple(part for name, id_ in ROUTES.items() for part in ("--choose", f"{name}={id_}"))
NOT_OURS = tuple(part for name in list(ROUTES)[:4] for part in ("--choose", f"{name}=none"))


def _engine(folder: Path) -> Engine:
    """The production stack, with an empty state, and the live estate's cloud."""
    engine = Engine(folder, "prod")
    if "stand-in" not in engine.provider:
        pytest.skip("a cloud is only seeded in a rehearsal: the real plugin is installed here")
    engine.change(live_estate.SETTINGS)
    engine.environ |= {**SEAL_KEY, **CANARIES}
    live_estate.seed(folder / "cloud.json")
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return _engine(tmp_path)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What a look tells before anything is chosen; it takes long, so it is made once."""
    engine = _engine(tmp_path_factory.mktemp("first"))
    first: Found = json.loads(adopt(engine, "--format", "json", code=2))
    return first


def adopt(engine: Engine, *arguments: str, code: int = 0) -> str:
    """Run it, and see that no secret is part of what it says, nor anything written to the cloud."""
    before = (engine.folder / "cloud.json").read_bytes()
    done = engine.ops("adopt", *arguments, code=code)
    said = done.stdout + done.stderr
    assert "canary" not in said
    assert "EV[" not in said
    assert "Traceback" not in said
    assert (engine.folder / "cloud.json").read_bytes() == before
    return said


def cloud(engine: Engine) -> dict[str, Found]:
    held: dict[str, Found] = json.loads((engine.folder / "cloud.json").read_text())["resources"]
    return held


def operations(engine: Engine) -> list[tuple[str, str]]:
    log = engine.folder / "cloud.json.log"  # created by the first request
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [(line["op"], line["name"]) for line in lines if line["op"] != "read"]


def state(engine: Engine) -> dict[str, Found]:
    """What the state holds of the cloud, by logical name."""
    exported = json.loads(engine.run("stack", "export", "--stack", "prod").stdout)
    resources = exported["deployment"].get("resources") or []
    held = {name_of(r["urn"]): r for r in resources if r["custom"]}
    return {name: r for name, r in held.items() if "digitalocean:index" in r["type"]}


def environ(engine: Engine, *faults: Found) -> dict[str, str]:
    return {**engine.environ, rehearsal.FAULTS_VARIABLE: json.dumps(faults)}


def told(report: Found, effect: str) -> dict[str, dict[str, str | None]]:
    """What an `up` would do so, by resource and input, with the setting that keeps it."""
    found = {
        name: {d["path"]: d["setting"] for d in each["differences"] if d["effect"] == effect}
        for name, each in report["matched"].items()
    }
    return {name: paths for name, paths in found.items() if paths}


def keep(engine: Engine, report: Found) -> None:
    """Write every setting that the report names into the stack file."""
    settings = [d["setting"] for m in report["matched"].values() for d in m["differences"]]
    pairs = [each.partition(": ") for each in settings if each]
    engine.change({key.removeprefix("estate:"): yaml.safe_load(value) for key, _, value in pairs})


def summary(engine: Engine, *arguments: str) -> dict[str, int]:
    """Run an `up`, and give what the engine says of it."""
    done = engine.on_stack("up", "--yes", "--skip-preview", "--json", *arguments)
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    (changes,) = (e["summaryEvent"]["resourceChanges"] for e in events if "summaryEvent" in e)
    assert isinstance(changes, dict)
    return changes


def test_the_report_lists_the_matches_and_asks_for_what_is_not_clear(
    report: Found, plan: Any
) -> None:
    matched = {name: each["id"] for name, each in report["matched"].items()}
    assert matched == {
        "krotrust-droplet": live_estate.DROPLET,
        "krotrust-droplet-key": "7001",
        "krotrust-database-cluster": live_estate.ESCROW,
        "krotrust-database-db": f"{live_estate.ESCROW},krotrust",
        "krotrust-database-user": f"{live_estate.ESCROW},krotrust",
        "krotrust-database-trusted-sources": live_estate.ESCROW,
        "krotrust-files-bucket": "fra1,kro-prod-files",
        "krotrust-zone-domain": "krotrust.com",
        "krotrust-zone-a-api": "krotrust.com,5004",
        "krotrust-zone-a-app": "krotrust.com,5005",
        "krotrust-zone-a-admin": "krotrust.com,5006",
        "krotrust-zone-a-app2": "krotrust.com,5007",
        "krotrust-zone-caa-letsencrypt.org": "krotrust.com,5010",
        "krotrust-uptime-api-check": live_estate.CHECK,
        "krotrust-uptime-api-down": f"{live_estate.CHECK},{live_estate.uuid(21)}",
        "krogiving-zone-domain": "krogiving.com",
        "krogiving-backend-app": live_estate.BACKEND,
        "krogiving-frontend-app": live_estate.FRONTEND,
        "krogiving-admin-app": live_estate.ADMIN,
        "krogiving-media-files-bucket": "fra1,giv-prod-media",
        "krogiving-media-cors": "fra1,giv-prod-media",
        "krogiving-media-cdn": live_estate.CDN,
    }
    assert {name: len(there) for name, there in report["unclear"].items()} == {
        "krotrust-firewall": 1,
        "krogiving-mongodb-cluster": 1,
        "krogiving-postgresql-cluster": 2,
        "krogiving-valkey-cluster": 1,
    }
    waiting = ("mongodb-db", "mongodb-user", "postgresql-db", "postgresql-user")
    walls = tuple(f"{name}-trusted-sources" for name in ("mongodb", "postgresql", "valkey"))
    assert report["waiting"].keys() == {f"krogiving-{name}" for name in (*waiting, *walls)}
    planned: Graph = plan("prod")
    custom = {resource.name for resource in planned.resources if resource.custom}
    told_of = {*matched, *report["unclear"], *report["waiting"], "krogiving-media-key"}
    assert {*report["missing"]} == custom - told_of


def test_the_report_says_what_no_import_brings_and_what_stays_unmanaged(report: Found) -> None:
    assert report["cannotImport"].keys() == {
        *("krogiving-media-key", "krogiving-mongodb-user"),
        *("krogiving-grouping-members", "krotrust-grouping-members"),
    }
    assert "REHEARSAL7" in report["cannotImport"]["krogiving-media-key"]
    unmanaged = [each.split()[0] for each in report["unmanaged"]]
    assert {kind: unmanaged.count(kind) for kind in unmanaged} == {
        "Vpc": 2,
        "Domain": 1,
        "Droplet": 1,
        "DnsRecord": 17,
        "SpacesBucket": 2,
        "Project": 1,
    }


def test_the_report_says_which_setting_keeps_a_live_value(report: Found) -> None:
    key = f"estate:krotrust.ssh.publicKey: {live_estate.PUBLIC_KEY} kro@devops"
    network = f"estate:krotrust.vpc: {{id: {live_estate.NETWORK}, ipRange: {live_estate.RANGE}}}"
    assert told(report, "replace") == {
        "krotrust-droplet": {
            "monitoring": "estate:krotrust.droplet.monitoring: false",
            "vpcUuid": network,
        },
        "krotrust-droplet-key": {"publicKey": key},
        "krotrust-database-cluster": {"privateNetworkUuid": network},
        # They follow the cluster, and stay if it does.
        "krotrust-database-db": {"clusterId": None},
        "krotrust-database-user": {"clusterId": None},
        "krotrust-database-trusted-sources": {"clusterId": None},
    }
    drops = told(report, "drop")
    assert drops["krogiving-frontend-app"] == {
        "spec.domainNames.donate.krogiving.com": (
            "estate:krogiving.frontend.aliases: [donate.krogiving.com]"
        )
    }
    assert drops["krotrust-database-cluster"] == {
        "tags.escrow": "estate:krotrust.database.tags: [escrow]"
    }
    (acl,) = (
        each
        for each in report["matched"]["krogiving-media-files-bucket"]["differences"]
        if each["path"] == "acl"
    )
    assert (acl["old"], acl["new"], acl["setting"]) == ("public-read", "private", None)


def test_nothing_is_imported_before_everything_is_clear(engine: Engine) -> None:
    refused = adopt(engine, "--apply", code=1)
    assert "error: nothing was imported: choose first what is not clear" in refused
    assert f"--choose krogiving-postgresql-cluster={live_estate.FOREIGN}   is it" in refused
    assert state(engine) == {}
    assert operations(engine) == []


@pytest.mark.soak
def test_who_follows_the_report_loses_nothing(engine: Engine) -> None:
    report = json.loads(adopt(engine, *CHOSEN, "--format", "json", code=2))
    assert report["unclear"] == report["waiting"] == {}
    keep(engine, report)
    before = cloud(engine)
    said = adopt(engine, *CHOSEN, "--apply")
    assert said.endswith("\nit replaces and deletes nothing\n")
    assert "REPLACE" not in said
    matched = {*report["matched"]}
    held = state(engine)
    assert held.keys() == matched
    assert all(each["protect"] for each in held.values())
    assert operations(engine) == []

    first = summary(engine)
    engine.ops("seal")
    second = summary(engine, "--refresh")
    for changes in (first, second):
        assert changes.keys() <= {"same", "create", "update"}
    assert "create" not in second
    done = operations(engine)
    assert not {name for op, name in done if op == "delete"}
    assert not matched & {name for op, name in done if op == "create"}
    assert {name: each["id"] for name, each in state(engine).items() if name in matched} == {
        name: each["id"] for name, each in held.items()
    }
    after = cloud(engine)
    assert before.keys() <= after.keys()
    ours = {f"{r['type'].rpartition(':')[2]}/{r['id']}" for r in state(engine).values()}
    for key in before.keys() - ours:  # other people's, and what the code does not know
        assert after[key] == before[key], key
    for name, each in held.items():
        if each["type"].endswith((":Droplet", ":DatabaseCluster")):
            key = f"{each['type'].rpartition(':')[2]}/{each['id']}"
            was, now = before[key]["state"], after[key]["state"]
            kept = ("name", "size", "region", "version", "nodeCount", "ipv4Address")
            assert [was.get(n) for n in kept] == [now.get(n) for n in kept], name
            assert {*was["tags"]} <= {*now["tags"]}, name
    site = after[f"App/{live_estate.FRONTEND}"]["state"]["spec"]["domainNames"]
    assert "donate.krogiving.com" in [each["name"] for each in site]

    again = adopt(engine)
    assert "\nnothing is left to match\n" in again
    engine.ops("drift")


@pytest.mark.soak
def test_what_would_be_made_anew_is_settled_before_an_up(engine: Engine) -> None:
    network = {"id": live_estate.NETWORK, "ipRange": live_estate.RANGE}
    engine.change({"krotrust.vpc": network, "krogiving.vpc": network})
    said = adopt(engine, *NOT_OURS, "--apply", code=2)
    _, proof = said.split("\n\n22 imported and protected. An `up` now: ")
    key = live_estate.PUBLIC_KEY
    assert [line.strip() for line in proof.splitlines()[1:]] == [
        "to settle before an `up`:",
        "REPLACE: krotrust-droplet (protected: an `up` would refuse)",
        "REPLACE monitoring: False => True",
        "to keep it: estate:krotrust.droplet.monitoring: false",
        "REPLACE: krotrust-droplet-key (protected: an `up` would refuse)",
        f"REPLACE publicKey: '{key} kro@devops' => '{key} test'",
        f"to keep it: estate:krotrust.ssh.publicKey: {key} kro@devops",
    ]
    assert operations(engine) == []
    assert all(each["protect"] for each in state(engine).values())


@pytest.mark.soak
def test_an_import_that_stopped_half_way_goes_on(engine: Engine) -> None:
    report = json.loads(adopt(engine, *CHOSEN, "--format", "json", code=2))
    keep(engine, report)
    wanted = {name: each["id"] for name, each in report["matched"].items()}
    fault = {"type": "DnsRecord", "op": "read", "kind": "refuse", "times": 1}
    with pytest.raises(UsageError, match="503 Service Unavailable"):
        import_resources("prod", str(engine.file), wanted, environ(engine, fault))
    some = state(engine)
    assert some.keys() < wanted.keys()
    assert all(each["protect"] for each in some.values())
    said = adopt(engine, *CHOSEN, "--apply")
    assert f"\nmatched: {len(wanted) - len(some)} (in the state already: {len(some)})\n" in said
    assert state(engine).keys() == wanted.keys()
    assert operations(engine) == []
