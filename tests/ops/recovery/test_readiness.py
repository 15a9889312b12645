"""`recover --check`: each prerequisite of a recovery, removed one at a time."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dns.message
import dns.name
import dns.resolver
import dns.rrset
import pytest
from readiness_missing import JWT, MISSING, answer, change, only_sealed, unreachable, unset, without
from readiness_setup import (
    DROPLET,
    OURS,
    REFUSED,
    Far,
    Setup,
    ago,
    complete,
    far_ends,
    repositories,
)
from typer.testing import CliRunner

import rehearsal
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.recovery import readiness
from ops.recovery.checks import delegation
from ops.recovery.kinds import KINDS, LossKind
from rehearsal.prepare import PLAUSIBLE

BODY = PLAUSIBLE["publicKey"].split()[1]


@pytest.fixture(scope="module")
def far() -> Iterator[Far]:
    with far_ends() as served:
        yield served


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repositories(tmp_path_factory.mktemp("code"))


@pytest.fixture
def setup(tmp_path: Path, far: Far, code: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    return complete(tmp_path, far, code, monkeypatch)


def check(setup: Setup) -> tuple[int, list[Finding]]:
    """Run the command, which prints no secret."""
    arguments = ["recover", "--check", "--stack", "prod", "--config-file", str(setup.file)]
    done = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "canary" not in done.output
    findings = [Finding(**each) for each in json.loads(done.stdout)["findings"]]
    return done.exit_code, findings


def test_with_every_prerequisite_nothing_is_bad(setup: Setup) -> None:
    code, results = check(setup)
    assert [each for each in results if each.state == "bad"] == []
    assert code == 0
    assert {each.part for each in results} == {need.part.title for need in readiness.PREREQUISITES}


@pytest.mark.parametrize("what", MISSING)
def test_a_missing_prerequisite_is_bad_and_nothing_else_is(what: str, setup: Setup) -> None:
    remove, names, repair = MISSING[what]
    remove(setup)
    code, results = check(setup)
    bad = [each for each in results if each.state == "bad"]
    assert [each.name for each in bad] == names
    assert [each.detail for each in bad if not each.detail] == []
    assert [each.repair for each in bad if repair not in each.repair] == []
    assert code == 1


def names(results: list[Finding], state: str) -> set[str]:
    return {each.name for each in results if each.state == state}


def checked(setup: Setup, *kinds: LossKind) -> list[Finding]:
    return readiness.check("prod", str(setup.file), os.environ, kinds)


def test_what_is_not_checked_comes_with_a_contact(setup: Setup) -> None:
    _, results = check(setup)
    skipped = {each.name: each for each in results if each.state == "not checked"}
    assert skipped["krotrust: PRODUCTION_JSON"].repair == "ask whoever holds root on the droplet"
    assert "the infrastructure team" in skipped["postgresql/pencom_payments"].repair
    assert skipped["giv-prod-media"].detail.endswith("no copy is documented")
    assert "write scopes" in skipped
    assert [each for each in skipped.values() if not each.repair] == []


def test_a_seal_is_enough_if_no_app_is_replaced(setup: Setup) -> None:
    only_sealed(setup)
    assert JWT in names(checked(setup, "zone"), "ok")
    assert JWT in names(checked(setup, "app"), "bad")


def test_only_the_prerequisites_of_the_kind_of_loss_are_checked(setup: Setup) -> None:
    unreachable(setup)
    without("pulumi")(setup)
    on_premises = checked(setup, "host")
    assert names(on_premises, "bad") == set()
    assert {each.part for each in on_premises} == {"tools", "secrets", "backups", "pencom"}
    change("krogiving.frontend.splitApiKey", None, "dr")(setup)
    other_region = "dr: estate:krogiving.frontend.splitApiKey"
    assert other_region not in names(checked(setup, "app"), "bad")
    assert other_region in names(checked(setup, "region"), "bad")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_of_loss_needs_something(kind: LossKind) -> None:
    needs = [need for need in readiness.PREREQUISITES if kind in need.kinds]
    assert {need.part.title for need in needs} >= {"tools", "secrets"}


def test_a_weekly_backup_of_a_droplet_may_be_a_week_old(setup: Setup) -> None:
    setup.change("krotrust.droplet.backups", {"plan": "weekly", "hour": 4, "weekday": "monday"})
    answer(f"{DROPLET}/7/backups", {"backups": [ago(150)]})(setup)
    assert "kro-prod" in names(checked(setup, "droplet"), "ok")
    answer(f"{DROPLET}/7/backups", {"backups": [ago(190)]})(setup)
    assert "kro-prod" in names(checked(setup, "droplet"), "bad")


def test_the_agent_is_asked_for_the_key_that_a_new_droplet_accepts(setup: Setup) -> None:
    name = "key of a new droplet of prod"
    setup.program("ssh-add")
    assert name in names(checked(setup, "droplet"), "not checked")
    setup.program("ssh-add", f"#!/bin/sh\necho 'ssh-ed25519 {BODY} comment'\n")
    assert name in names(checked(setup, "droplet"), "ok")


def test_a_zone_without_an_answer_of_its_parent_is_not_checked(setup: Setup) -> None:
    setup.far.servers["krotrust.com"] = REFUSED
    (zone,) = [each for each in checked(setup, "zone") if each.name == "krotrust.com"]
    assert (zone.state, "REFUSED" in zone.detail) == ("not checked", True)


def test_a_rehearsal_checks_the_account_of_its_cloud(setup: Setup) -> None:
    cloud = setup.folder / "cloud.json"
    path = os.pathsep.join([str(rehearsal.ROOT / "rehearsal" / "bin"), str(setup.tools)])
    for name, value in {**rehearsal.environment(cloud), "PATH": path}.items():
        setup.patch.setenv(name, value)
    unset("DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID")(setup)
    results = checked(setup, "zone")
    assert [each for each in results if each.state == "bad"] == []
    assert {"DIGITALOCEAN_TOKEN", "account:read", "vpc:read", "key", "status"} <= names(
        results, "ok"
    )
    cloud.write_text(json.dumps({"account": {"status": "locked"}}))
    assert names(checked(setup, "zone"), "bad") == {"status"}


def test_the_text_has_the_provider_and_the_repair(setup: Setup) -> None:
    without("ssh")(setup)
    arguments = ["recover", "--check", "--config-file", str(setup.file)]
    done = CliRunner().invoke(app, arguments)
    assert done.stdout.startswith("provider: the DigitalOcean plugin ")
    assert (
        "\nbad: tools: ssh: not on PATH: no login to a host is possible\n  install it"
        in done.stdout
    )
    assert "canary" not in done.output
    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--check", "--stack", "prd"], r"^there is no Pulumi\.prd\.yaml: known stacks are "),
        (["--check", "--config-file", "nowhere.yaml"], r"^there is no nowhere\.yaml"),
    ],
)
def test_an_unknown_stack_or_file_is_an_error(arguments: list[str], error: str) -> None:
    done = CliRunner().invoke(app, ["recover", *arguments])
    assert isinstance(done.exception, UsageError)
    assert re.match(error, str(done.exception))


def test_the_parent_zone_is_asked_since_a_lost_zone_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queries: list[tuple[str, str]] = []
    server = dns.rrset.from_text("above.test.", 60, "IN", "NS", "a.above.test.")

    def resolve(name: object, kind: str) -> object:
        queries.append((str(name), kind))
        return server

    class Parent:
        def __init__(self, host: str) -> None:
            queries.append(("server", host))

        def resolve(self, name: dns.name.Name, kind: str, **_: object) -> object:
            queries.append((str(name), kind))
            response = dns.message.make_response(dns.message.make_query(name, kind))
            response.authority.append(dns.rrset.from_text(name, 60, "IN", kind, *OURS))
            return SimpleNamespace(response=response)

    monkeypatch.setattr(dns.resolver, "zone_for_name", lambda name: name)
    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    monkeypatch.setattr(delegation, "resolver", Parent)
    assert delegation.check("zone.above.test", {}).state == "ok"
    ends = [("above.test.", "NS"), ("server", "a.above.test."), ("zone.above.test.", "NS")]
    assert queries == ends
