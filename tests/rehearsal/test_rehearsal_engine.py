"""The real engine, driven against the stand-in through the life of a small stack."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rehearsal

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        shutil.which("pulumi") is None, reason="the pulumi command line is not installed"
    ),
]

PROJECT = """\
name: tiny
runtime:
  name: python
  options:
    virtualenv: {virtualenv}
"""

PROGRAM = """\
import json
import os
import pulumi
import pulumi_digitalocean as do

CHANGES = json.loads(os.environ.get("TINY", "{}"))


class Group(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("tiny:index:Group", name)
        child = pulumi.ResourceOptions(parent=self)
        vpc = do.Vpc("vpc", name="vpc", region="fra1", opts=child)
        web = do.Droplet("web", name="web", image=CHANGES.get("image", "ubuntu-24-04-x64"),
            size=CHANGES.get("size", "s-1vcpu-1gb"), region="fra1", vpc_uuid=vpc.id,
            tags=["b", "a"], opts=child)
        db = do.DatabaseCluster("db", name="db", engine=CHANGES.get("engine", "pg"), version="16",
            size="db-s-1vcpu-1gb", node_count=1, region="fra1", private_network_uuid=vpc.id,
            opts=child)
        do.DatabaseFirewall("trust", cluster_id=db.id, opts=child,
            rules=[do.DatabaseFirewallRuleArgs(type="droplet", value=web.id)])
        zone = do.Domain("zone", name="example.test", opts=child)
        do.DnsRecord("apex", domain=zone.name, type="A", name="@", value=web.ipv4_address,
            opts=child)
        secret = pulumi.Output.secret(CHANGES.get("sealed", "hunter2"))
        app = do.App("app", opts=child, spec=do.AppSpecArgs(name="app", services=[
            do.AppSpecServiceArgs(name="web", envs=[
                do.AppSpecServiceEnvArgs(key="KEY", value=secret, type="SECRET"),
                do.AppSpecServiceEnvArgs(key="DB", value=db.private_uri),
            ])]))
        pulumi.export("spec", app.spec)
        pulumi.export("ip", web.ipv4_address)
        pulumi.export("uri", db.uri)
        pulumi.export("ca", do.get_database_ca_output(cluster_id=db.id).certificate)
        self.register_outputs({})


Group("group")
"""


class Tiny:
    """A tiny program in a folder, its own state beside it, and the stand-in on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cloud = folder / "cloud.json"
        backend = folder / "state"
        backend.mkdir()
        (folder / "Pulumi.yaml").write_text(PROJECT.format(virtualenv=sys.prefix))
        (folder / "__main__.py").write_text(PROGRAM)
        self.environment = {
            **os.environ,
            **rehearsal.environment(self.cloud, speed=6000),
            "PULUMI_BACKEND_URL": backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_HOME": str(folder / "home"),
        }
        self.pulumi("stack", "init", "dev")

    def pulumi(self, *arguments: str, fails: bool = False, **changes: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, "TINY": json.dumps(changes)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *arguments: str, **changes: str) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, fails=False, **changes)

    def output(self, name: str) -> Any:
        printed = subprocess.run(
            ["pulumi", "stack", "output", name, "--json", "--show-secrets"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            check=True,
        )
        return json.loads(printed.stdout)

    def resources(self) -> list[str]:
        return [key.partition("/")[0] for key in json.loads(self.cloud.read_text())["resources"]]

    def log(self) -> list[tuple[str, str, bool]]:
        lines = Path(f"{self.cloud}.log").read_text().splitlines()
        return [(each["op"], each["name"], each["ok"]) for each in map(json.loads, lines)]


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path)


@pytest.mark.soak
def test_a_life_from_nothing_to_nothing(tiny: Tiny) -> None:
    previewed = tiny.pulumi("preview", "--diff")
    assert "7 to create" in previewed or "9 to create" in previewed
    assert "hunter2" not in previewed
    assert not tiny.cloud.exists()

    tiny.up()
    assert len(tiny.resources()) == 7
    names = ("apex", "app", "db", "trust", "vpc", "web", "zone")
    assert sorted(tiny.log()) == [("create", name, True) for name in names]
    assert tiny.output("ca").startswith("-----BEGIN CERTIFICATE-----")
    for file in (tiny.cloud, *tiny.folder.glob("state/**/*.json")):
        assert "hunter2" not in file.read_text()

    # The trap: the plain secret again is a change; its sealed form sent back is none.
    assert "1 to update" in tiny.pulumi("preview")
    (sealed,) = [
        each["value"] for each in tiny.output("spec")["services"][0]["envs"] if each["key"] == "KEY"
    ]
    assert sealed.startswith("EV[1:")
    tiny.up(sealed=sealed)
    tiny.pulumi("refresh", "--yes", "--expect-no-changes", sealed=sealed)

    before = tiny.output("ip")
    assert "1 updated" in tiny.up(sealed=sealed, size="s-2vcpu-4gb")
    assert tiny.output("ip") == before

    grown = {"sealed": sealed, "size": "s-2vcpu-4gb", "image": "debian-12-x64"}
    plan = json.loads(_only_json(tiny.pulumi("preview", "--json", **grown)))
    steps = {step["urn"].rsplit("::", 1)[1]: step["op"] for step in plan["steps"]}
    assert steps["web"] in ("replace", "create-replacement", "delete-replaced")
    assert steps.get("db", "same") == "same"
    assert "1 replaced" in tiny.up(**grown)
    assert tiny.output("ip") != before

    tiny.pulumi("destroy", "--yes", "--skip-preview")
    assert tiny.resources() == []
    assert [op for op, _, _ in tiny.log()].count("delete") == 8


@pytest.mark.soak
def test_a_refusal_reads_like_an_answer_and_not_like_a_crash(tiny: Tiny) -> None:
    refused = tiny.pulumi("preview", fails=True, engine="redis")
    assert "redis is retired; use valkey" in refused
    tiny.environment["DIGITALOCEAN_TOKEN"] = "dop_v1_real"
    refused = tiny.pulumi("preview", fails=True)
    assert "never answers for a real account" in refused
    assert "dop_v1_real" not in refused
    assert "rehearsal/plugin.py" not in refused


@pytest.mark.soak
def test_what_the_api_refuses_reads_like_its_answer_and_is_in_the_log(tiny: Tiny) -> None:
    refused = tiny.pulumi("up", "--yes", "--skip-preview", fails=True, size="s-huge")
    assert "422 Unprocessable: size 's-huge' is none of s-1vcpu-512mb-10gb" in refused
    assert ("create", "web", False) in tiny.log()
    importing = ("import", "digitalocean:index/spacesKey:SpacesKey", "key", "REHEARSAL1")
    assert "has no importer" in tiny.pulumi(
        *importing, "--yes", "--generate-code=false", fails=True
    )


@pytest.mark.soak
def test_what_died_was_lost_or_vanished_is_created_again_and_some_of_it_twice(tiny: Tiny) -> None:
    faults = [
        {"type": "Vpc", "op": "create", "kind": "die"},
        {"type": "Droplet", "name": "w.b", "op": "create", "kind": "lost"},
    ]
    tiny.environment[rehearsal.FAULTS_VARIABLE] = json.dumps(faults)
    tiny.pulumi("up", "--yes", "--skip-preview", fails=True)
    assert tiny.log()[-1] == ("create", "vpc", False)
    assert "Vpc" in tiny.resources()  # and in no state: the next one meets its name
    content = json.loads(tiny.cloud.read_text())
    content["resources"] = {k: each for k, each in content["resources"].items() if k[:4] != "Vpc/"}
    tiny.cloud.write_text(json.dumps(content))
    lost = tiny.pulumi("up", "--yes", "--skip-preview", fails=True)
    assert "timeout while waiting for the answer to create Droplet 'web'" in lost
    tiny.up()
    assert tiny.resources().count("Droplet") == 2

    content = json.loads(tiny.cloud.read_text())
    content["resources"] = {k: each for k, each in content["resources"].items() if k[:4] != "DnsR"}
    tiny.cloud.write_text(json.dumps(content))
    assert "1 deleted" in tiny.pulumi("refresh", "--yes")
    tiny.up()
    assert "DnsRecord" in tiny.resources()


def _only_json(printed: str) -> str:
    return printed[printed.index("{") : printed.rindex("}") + 1]
