"""`recover --check`: each of the things that a recovery needs, taken away one at a time."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.resolver
import dns.rrset
import pytest
from readiness_missing import JWT, MISSING, answer, change, nobody, only_sealed, unset, without
from readiness_setup import DROPLET, OURS, REFUSED, Far, Setup, ago, complete, far_ends
from readiness_setup import repositories as made
from typer.testing import CliRunner

import rehearsal
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.recovery import readiness
from ops.recovery.checks import delegation
from ops.recovery.kinds import KINDS, LossKind
from rehearsal.prepare import MADE_UP

BODY = MADE_UP["publicKey"].split()[1]


@pytest.fixture(scope="module")
def far() -> Iterator[Far]:
    with far_ends() as there:
        yield there


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("code"))


@pytest.fixture
def setup(tmp_path: Path, far: Far, code: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    return complete(tmp_path, far, code, monkeypatch)


def check(setup: Setup) -> tuple[int, list[Finding]]:
    """Run the command; nothing that is secret is printed in either form."""
    arguments = ["recover", "--check", "--stack", "prod", "--config-file", str(setup.file)]
    done = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "canary" not in done.output
    found = [Finding(**each) for each in json.loads(done.stdout)["findings"]]
    return done.exit_code, found


def test_where_nothing_is_missing_nothing_is_bad(setup: Setup) -> None:
    code, found = check(setup)
    assert [each for each in found if each.state == "bad"] == []
    assert code == 0
    assert {each.part for each in found} == {need.part for need in readiness.NEEDS}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_found_and_nothing_else(what: str, setup: Setup) -> None:
    take_away, names, mend = MISSING[what]
    take_away(setup)
    code, found = check(setup)
    bad = [each for each in found if each.state == "bad"]
    assert [each.name for each in bad] == names
    assert [each.told for each in bad if not each.told] == []
    assert [each.mend for each in bad if mend not in each.mend] == []
    assert code == 1


def names(found: list[Finding], state: str) -> set[str]:
    return {each.name for each in found if each.state == state}


def looked(setup: Setup, *kinds: LossKind) -> list[Finding]:
    return readiness.look("prod", str(setup.file), os.environ, kinds)


def test_what_nobody_can_see_from_here_says_whom_to_ask(setup: Setup) -> None:
    _, found = check(setup)
    unseen = {each.name: each for each in found if each.state == "unseen"}
    assert unseen["krotrust: PRODUCTION_JSON"].mend == "ask whoever holds root on the droplet"
    assert "the infrastructure team" in unseen["postgresql/pencom_payments"].mend
    assert unseen["giv-prod-media"].told.endswith("no copy is documented")
    assert "write scopes" in unseen
    assert [each for each in unseen.values() if not each.mend] == []


def test_a_seal_is_enough_where_no_app_is_rebuilt(setup: Setup) -> None:
    only_sealed(setup)
    assert JWT in names(looked(setup, "zone"), "ok")
    assert JWT in names(looked(setup, "app"), "bad")


def test_only_what_the_kind_of_loss_needs_is_looked_for(setup: Setup) -> None:
    nobody(setup)
    without("pulumi")(setup)
    on_premises = looked(setup, "host")
    assert names(on_premises, "bad") == set()
    assert {each.part for each in on_premises} == {"tools", "secrets", "backups", "pencom"}
    change("krogiving.frontend.splitApiKey", None, "dr")(setup)
    other_region = "dr: estate:krogiving.frontend.splitApiKey"
    assert other_region not in names(looked(setup, "app"), "bad")
    assert other_region in names(looked(setup, "region"), "bad")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_of_loss_needs_something(kind: LossKind) -> None:
    needs = [need for need in readiness.NEEDS if kind in need.kinds]
    assert {need.part for need in needs} >= {"tools", "secrets"}


def test_a_weekly_copy_of_a_droplet_may_be_a_week_old(setup: Setup) -> None:
    setup.change("krotrust.droplet.backups", {"plan": "weekly", "hour": 4, "weekday": "monday"})
    answer(f"{DROPLET}/7/backups", {"backups": [ago(150)]})(setup)
    assert "kro-prod" in names(looked(setup, "droplet"), "ok")
    answer(f"{DROPLET}/7/backups", {"backups": [ago(190)]})(setup)
    assert "kro-prod" in names(looked(setup, "droplet"), "bad")


def test_the_key_that_a_new_droplet_lets_in_is_looked_for_in_the_agent(setup: Setup) -> None:
    name = "key of a new droplet of prod"
    setup.program("ssh-add")
    assert name in names(looked(setup, "droplet"), "unseen")
    setup.program("ssh-add", f"#!/bin/sh\necho 'ssh-ed25519 {BODY} somebody'\n")
    assert name in names(looked(setup, "droplet"), "ok")


def test_a_zone_whose_parent_does_not_tell_is_unseen(setup: Setup) -> None:
    setup.far.servers["krotrust.com"] = REFUSED
    (zone,) = [each for each in looked(setup, "zone") if each.name == "krotrust.com"]
    assert (zone.state, "REFUSED" in zone.told) == ("unseen", True)


def test_in_a_rehearsal_the_played_account_is_looked_at(setup: Setup) -> None:
    cloud = setup.folder / "cloud.json"
    path = os.pathsep.join([str(rehearsal.ROOT / "rehearsal" / "bin"), str(setup.tools)])
    for name, value in {**rehearsal.environment(cloud), "PATH": path}.items():
        setup.patch.setenv(name, value)
    unset("DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID")(setup)
    found = looked(setup, "zone")
    assert [each for each in found if each.state == "bad"] == []
    assert {"DIGITALOCEAN_TOKEN", "account:read", "vpc:read", "key", "status"} <= names(found, "ok")
    cloud.write_text(json.dumps({"account": {"status": "locked"}}))
    assert names(looked(setup, "zone"), "bad") == {"status"}


def test_the_text_says_who_answers_and_how_to_mend(setup: Setup) -> None:
    without("ssh")(setup)
    arguments = ["recover", "--check", "--config-file", str(setup.file)]
    done = CliRunner().invoke(app, arguments)
    assert done.stdout.startswith("provider: the DigitalOcean plugin ")
    assert "\nbad: tools: ssh: not on PATH: nobody gets on to a host\n  install it" in done.stdout
    assert "canary" not in done.output
    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check", "--stack", "prd"], r"^there is no Pulumi\.prd\.yaml: known stacks are "),
        (["--check", "--config-file", "nowhere.yaml"], r"^there is no nowhere\.yaml"),
    ],
)
def test_what_cannot_be_looked_at_at_all_is_said(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["recover", *arguments])
    assert isinstance(done.exception, UsageError)
    assert re.match(said, str(done.exception))


def test_the_parent_is_asked_since_a_lost_zone_answers_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    server = dns.rrset.from_text("above.test.", 60, "IN", "NS", "a.above.test.")
    referral = dns.rrset.from_text("zone.above.test.", 60, "IN", "NS", *OURS)

    def resolve(name: object, kind: str, **_: object) -> object:
        asked.append((str(name), kind))
        return server if kind == "NS" else ["192.0.2.1"]

    def query(message: dns.message.Message, where: str, *_: object) -> object:
        asked.append((str(message.question[0].name), where))
        answer = dns.message.make_response(message)
        answer.authority.append(referral)
        return answer, False

    monkeypatch.setattr(dns.resolver, "zone_for_name", lambda name, **_: name)
    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    monkeypatch.setattr(dns.query, "udp_with_fallback", query)
    assert delegation.look("zone.above.test", {}).state == "ok"
    ends = [("above.test.", "NS"), ("a.above.test.", "A"), ("zone.above.test.", "192.0.2.1")]
    assert asked == ends
