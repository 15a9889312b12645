"""What somebody changed by hand, and what is not deployed yet, through the real engine."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from by_hand import PUBLIC, brought_up, by_hand, named, only, parts, settle
from conftest import Engine

from rehearsal import cloud

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def after_up(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return brought_up(tmp_path_factory.mktemp("up"))


@pytest.fixture(scope="module")
def settled(after_up: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return settle(after_up, tmp_path_factory.mktemp("settled"))


def _everything(engine: Engine) -> dict[str, str]:
    """Every file of state, history, cloud and stack file, what the engine exports, and writes."""
    log = engine.folder / "cloud.json.log"
    files = {
        path: hashlib.sha256(Path(path).read_bytes()).hexdigest()
        for folder, _, names in os.walk(engine.folder)
        for path in (os.path.join(folder, name) for name in names)  # noqa: PTH118
        if path != str(log)  # reading is logged, too
    }
    writes = str(len([each for each in engine.log() if each["op"] != "read"]))
    exported = engine.run("stack", "export", "--stack", engine.stack).stdout
    return files | {"export": exported, "writes": writes}


def test_after_an_up_there_is_none_and_nothing_is_written(after_up: Engine) -> None:
    # The state still holds the plain secrets and the cloud their seals: that alone is no drift.
    before = _everything(after_up)
    first, live, code = parts(after_up.ops("drift").stdout)
    assert first == "provider: the rehearsal stand-in"
    assert live == code == ["no drift"]
    assert _everything(after_up) == before


def _change_by_hand(engine: Engine) -> None:
    """Change one thing of each type in the cloud, and some that make no difference."""
    by_hand(engine, "DnsRecord", named("api"), lambda s: s.update(value="198.18.0.9"))
    by_hand(engine, "DnsRecord", named("app2"), None)
    by_hand(engine, "Droplet", only, lambda s: s.update(size="s-4vcpu-8gb", tags=["stage"]))
    by_hand(
        engine,
        "Firewall",
        only,
        lambda s: s["inboundRules"][2]["sourceAddresses"].append("0.0.0.0/0"),
    )
    by_hand(
        engine,
        "DatabaseFirewall",
        lambda s: bool(s["rules"][0]["type"] == "droplet"),
        lambda s: s["rules"].insert(0, {"type": "ip_addr", "value": "198.18.0.7"}),
    )
    by_hand(
        engine,
        "App",
        only,
        lambda s: s["spec"]["services"][0].update(
            instanceCount=3,
            github={**s["spec"]["services"][0]["github"], "deployOnPush": True},
            envs=s["spec"]["services"][0]["envs"][::-1],
        ),
    )
    by_hand(
        engine,
        "DatabaseCluster",
        named("giv-stage-valkey"),
        lambda s: s["maintenanceWindows"][0].update(day="monday"),
    )
    by_hand(
        engine,
        "MonitorAlert",
        lambda s: "cpu" in s["type"],
        lambda s: s.update(enabled=False),
    )
    by_hand(engine, "SpacesBucket", named("kro-stage-files"), lambda s: s.update(acl="public-read"))
    # What nobody set is none: computed outputs, and the order of tags.
    by_hand(engine, "Vpc", named("kro-stage"), lambda s: s.update(createdAt="long ago"))
    by_hand(engine, "DatabaseCluster", named("kro-stage-db-cluster"), lambda s: s["tags"].sort())
    by_hand(engine, "DatabaseCluster", named("giv-stage-mongodb"), lambda s: s["tags"].reverse())


def test_what_was_done_by_hand_and_what_is_not_deployed(settled: Engine, tmp_path: Path) -> None:
    engine = settled.copy(tmp_path)
    _change_by_hand(engine)
    engine.change(
        {
            "krogiving.backend.branch": "next",
            "krotrust.bucket.region": "ams3",
            "krotrust.caaIssuers": ["pki.goog"],
            "pencom.storePorts.postgresql": 5433,
        }
    )
    exported = engine.run("stack", "export", "--stack", engine.stack).stdout
    # As in a guarded stack: what the engine would refuse is told, and is no error.
    name = re.escape("krotrust-zone-caa-letsencrypt.org")
    (urn,) = re.findall(rf'"urn": "(urn:pulumi:[^"]*::{name})"', exported)
    engine.run("state", "protect", urn, "--yes", "--stack", engine.stack)
    rotated = {"KROGIVING__JWT_SECRET_KEY": "canary-rotated"}
    before = _everything(engine)
    done = engine.ops("drift", code=2, environ=rotated)
    assert _everything(engine) == before
    assert "canary" not in done.stdout + done.stderr
    assert "EV[" not in done.stdout + done.stderr

    _, live, code = parts(done.stdout)
    address = json.loads(engine.run("stack", "output", "--json", "--stack", "stage").stdout)
    service = "krogiving-backend-app  spec.services.krogiving-backend-staging"
    assert live == [
        "gone: krotrust-zone-a-app2",
        f"{service}.github.deployOnPush: False => True",
        f"{service}.instanceCount: 1 => 3",
        "krogiving-valkey-cluster  maintenanceWindows.0.day: 'sunday' => 'monday'",
        "krotrust-alert-cpu  enabled: True => False",
        "krotrust-database-trusted-sources  rules.1: None =>"
        " {'type': 'ip_addr', 'value': '198.18.0.7'}",
        "krotrust-droplet  size: 's-1vcpu-2gb' => 's-4vcpu-8gb'",
        "krotrust-droplet  tags.krotrust: 'krotrust' => None",
        "krotrust-firewall  inboundRules.2.sourceAddresses.0.0.0.0/0: None => '0.0.0.0/0'",
        f"krotrust-zone-a-api  value: '{address['krotrustAddress']}' => '198.18.0.9'",
        *PUBLIC,
    ]
    assert code == [
        "DELETE: krotrust-zone-caa-letsencrypt.org (protected: an `up` would refuse)",
        "REPLACE: krotrust-files-bucket",
        "krotrust-files-bucket  region: 'fra1' => 'ams3'",
        "krogiving-backend-app  spec.envs.JWT_SECRET_KEY.value: changed",
        f"{service}.github.branch: 'staging' => 'next'",
        "krotrust-grouping-members  resources.[known later]: None => '[known later]'",
        "krotrust-grouping-members  resources.do:space:kro-stage-files:"
        " 'do:space:kro-stage-files' => None",
        "create: krotrust-zone-caa-pki.goog",
        "pencom-postgresql  port: 5432 => 5433",
    ]


@pytest.mark.soak
@pytest.mark.parametrize("state", ["settled", "after_up"])
def test_a_droplet_that_is_gone_and_a_secret_typed_by_hand(
    state: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    engine: Engine = request.getfixturevalue(state).copy(tmp_path)
    by_hand(engine, "Droplet", only, None)
    by_hand(engine, "App", only, lambda s: s["spec"]["envs"][0].update(value="EV[1:by:hand]"))
    mail = {"type": "MX", "name": "@", "value": "mx.mail.test.", "ttl": 3600, "priority": 10}
    with cloud.change(engine.folder / "cloud.json") as content:
        held = {**mail, "domain": "stage.krotrust.com"}
        content["resources"]["DnsRecord/7"] = {"name": "", "import_id": "7", "state": held}
    printed = engine.ops("drift", "--format", "json", code=2).stdout
    assert "EV[" not in printed
    report = json.loads(printed)
    assert report == {
        "stack": "stage",
        "provider": "the rehearsal stand-in",
        "drift": True,
        "liveAgainstState": [
            {"resource": "krotrust-droplet", "kind": "gone", "protected": False},
            {
                "resource": "krogiving-backend-app",
                "kind": "changed",
                "path": "spec.envs.JWT_SECRET_KEY.value",
                "secret": True,
            },
        ],
        "codeAgainstState": [],
        "unmanagedRecords": [{"zone": "stage.krotrust.com", **mail}],
    }


@pytest.mark.soak
def test_what_keeps_the_engine_from_telling_is_an_error(settled: Engine, tmp_path: Path) -> None:
    engine = settled.copy(tmp_path)
    engine.change({"krotrust.droplet.size": "tiny"})
    refused = engine.ops("drift", code=1)
    assert "error: pulumi preview: " in refused.stderr
    assert "estate:krotrust.droplet.size" in refused.stderr
    token = {"DIGITALOCEAN_TOKEN": "dop_v1_real"}
    denied = engine.ops("drift", code=1, environ=token)
    assert "error: pulumi refresh: " in denied.stderr
    assert denied.stderr.count("never answers for a real account") == 1
    unknown = engine.ops("drift", code=1, environ={"PULUMI_BACKEND_URL": tmp_path.as_uri()})
    assert "no stack named" in unknown.stderr
    for said in (refused, denied, unknown):
        assert "Traceback" not in said.stdout + said.stderr
        assert "drift" not in said.stdout
