"""The command around matching and asking: what it refuses, and what it says to do next."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import live_estate
import pytest
from conftest import changed

import rehearsal
from ops.adopt import command as adopt
from ops.adopt.imports import state_ids
from ops.cli.errors import UsageError
from ops.engine import pulumi_cli
from ops.engine.documents import Preview, preview
from ops.plan.graph import Graph, build
from ops.plan.urn import name_of

CHOSEN = [
    f"krotrust-firewall={live_estate.FIREWALL}",
    f"krogiving-mongodb-cluster={live_estate.MONGO}",
    f"krogiving-postgresql-cluster={live_estate.GIVING}",
    f"krogiving-valkey-cluster={live_estate.CACHE}",
    f"krogiving-postgresql-db={live_estate.GIVING},giv_production",
    f"krogiving-postgresql-user={live_estate.GIVING},giv_app",
]


class FakeEngine:
    """Answers for the pulumi command line, and keeps what it is told to import."""

    def __init__(self, planned: Graph) -> None:
        self.planned = planned
        self.state: dict[str, str] = {}
        self.steps: list[dict[str, Any]] = []
        self.imports: list[list[dict[str, Any]]] = []
        self.options: list[tuple[str, ...]] = []
        self.backends: list[str] = []  # the state of each import
        self.refusals: dict[str, str] = {}

    def text(self, *arguments: str, environ: Mapping[str, str] = os.environ, **_: Any) -> str:
        if refused := self.refusals.get(arguments[0]):
            raise UsageError(f"pulumi {arguments[0]}: {refused}")
        if arguments[:2] == ("stack", "export"):
            held = [
                {"urn": f"u::{name}", "id": id_, "custom": True, "type": "digitalocean:a:B"}
                for name, id_ in self.state.items()
            ]
            return json.dumps({"deployment": {"resources": held}})
        if arguments[0] == "preview":
            file = Path(arguments[arguments.index("--import-file") + 1])
            file.write_text(json.dumps({"resources": [*self._entries()]}))
        if arguments[0] == "import":
            file = Path(arguments[arguments.index("--file") + 1])
            self.imports.append(json.loads(file.read_text())["resources"])
            self.options.append(arguments)
            self.backends.append(environ["PULUMI_BACKEND_URL"])
        return ""

    def _entries(self) -> Any:
        for resource in self.planned.resources:
            entry = {"name": resource.name, "type": resource.type}
            parent = {"parent": name_of(resource.parent)} if resource.parent else {}
            kind = {"id": "<PLACEHOLDER>"} if resource.custom else {"component": True}
            yield {**entry, **parent, **kind}

    def answer(self, *_: str, **__: Any) -> dict[str, Any]:
        return {"steps": self.steps, "changeSummary": {"same": 3, "create": 1}}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """An engine that is none, and the live estate's cloud."""
    cloud = tmp_path / "cloud.json"
    live_estate.seed(cloud)
    for name, value in rehearsal.environment(cloud).items():
        monkeypatch.setenv(name, value)
    settings = changed("prod", live_estate.SETTINGS)
    fake = FakeEngine(build(settings))
    monkeypatch.setattr(pulumi_cli, "settings", lambda *_: settings)
    monkeypatch.setattr(pulumi_cli, "text", fake.text)
    monkeypatch.setattr(pulumi_cli, "answer", fake.answer)
    return fake


def run(*said: str, form: str = "text", apply: bool = False) -> int:
    return adopt.run("prod", None, said, form, apply=apply)


def test_what_is_not_clear_is_asked_before_anything_is_imported(fake: FakeEngine) -> None:
    with pytest.raises(
        UsageError, match=r"^nothing was imported: choose first what is not"
    ) as said:
        run(*CHOSEN[1:], apply=True)
    assert str(said.value).splitlines()[1:] == [
        f"  --choose krotrust-firewall={live_estate.FIREWALL}   is it Firewall web-and-ssh"
        f" ({live_estate.FIREWALL})?",
        "  --choose krotrust-firewall=none   none of these",
    ]
    assert fake.imports == []


def test_the_stand_in_imports_into_no_other_state_than_its_own(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://the-real-one")
    with pytest.raises(UsageError, match="the state is not its own"):
        run(*CHOSEN, apply=True)
    assert fake.imports == []


def test_an_import_takes_what_matched_and_what_it_stands_in(
    fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*CHOSEN, form="json", apply=True) == 0
    shown, proof = capsys.readouterr()
    matched = {name: each["id"] for name, each in json.loads(shown)["matched"].items()}
    assert "31 imported and protected. An `up` now: 1 create, 3 same\n" in proof
    scratch, real = fake.imports
    assert scratch == real
    report, state = fake.backends
    assert state == os.environ["PULUMI_BACKEND_URL"] != report
    assert {each["name"]: each["id"] for each in real if "id" in each} == matched
    assert len(matched) == 31
    components = {each["name"] for each in real if each.get("component")}
    parents = {each["parent"] for each in real if "parent" in each}
    assert components == parents - {"estate-prod"}
    for options in fake.options:
        assert {"--protect=true", "--generate-code=false"} <= {*options}


def state_id(name: str, taken: str) -> str:
    """The id that a state holds of what an import takes by another one."""
    owner, _, own = taken.rpartition(",")
    within = {"db": "database", "user": "user"}.get(name.rpartition("-")[2])
    return f"{owner}/{within}/{own}" if within else own


def test_what_somebody_made_anew_by_hand_is_told_and_not_imported(
    fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.state = {"krotrust-droplet": "1", "krotrust-zone-a-old": "5004"}
    assert run(*CHOSEN[1:], form="json") == 2
    report = json.loads(capsys.readouterr().out)
    droplet = f"Droplet ubuntu-s-2vcpu-4gb-fra1-01 ({live_estate.DROPLET})"
    assert report["gone"] == {"krotrust-droplet": [droplet]}
    assert "krotrust-droplet" not in {*report["matched"], *report["managed"]}
    assert run(*CHOSEN[1:], apply=True) == 2
    said = capsys.readouterr().out
    assert (
        f"`python -m ops refresh --stack prod`, then run this again\n  krotrust-droplet: {droplet}"
        in said
    )
    imported = {each["name"] for each in fake.imports[-1]}
    assert not {"krotrust-droplet", "krotrust-firewall"} & imported


def test_what_the_state_holds_under_another_name_is_not_imported_a_second_time(
    fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.state = {"krotrust-zone-a-old": "5004"}
    assert run(*CHOSEN) == 2
    said = capsys.readouterr().out
    record = f"DnsRecord api.krotrust.com A {live_estate.ADDRESS} (krotrust.com,5004)"
    assert f"state rename` was run\n  krotrust-zone-a-api: krotrust-zone-a-old = {record}" in said
    assert run(*CHOSEN, apply=True) == 0  # the fake's `up` deletes nothing: there is an alias
    assert "krotrust-zone-a-api" not in {each["name"] for each in fake.imports[-1]}


def test_a_stack_that_is_not_there_is_to_be_made(fake: FakeEngine) -> None:
    fake.refusals["stack"] = "no stack named 'prod' found"
    with pytest.raises(UsageError, match="no stack named 'prod' found\n  `pulumi stack init prod`"):
        run()


def test_another_refusal_of_the_engine_is_its_own(fake: FakeEngine) -> None:
    fake.refusals["stack"] = "passphrase must be set"
    with pytest.raises(UsageError, match=r"^pulumi stack: passphrase must be set$"):
        run()


@pytest.mark.parametrize("said", ["krotrust-droplet", "=1", "krotrust-droplet="])
def test_a_choice_is_a_name_and_an_id(fake: FakeEngine, said: str) -> None:
    with pytest.raises(UsageError, match=f"--choose takes NAME=ID or NAME=none, not {said}$"):
        run("a=b", said)
    assert fake.imports == []


def test_of_one_resource_one_thing_is_said(fake: FakeEngine) -> None:
    with pytest.raises(UsageError, match=r"^--choose has krotrust-droplet more than once"):
        run("krotrust-droplet=1", "krotrust-droplet=2")
    assert fake.imports == []


def test_of_what_is_being_replaced_the_new_one_is_the_state_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = {"urn": "u::it", "id": "new", "custom": True, "type": "digitalocean:a:B"}
    resources = [new, {**new, "id": "old", "delete": True}]
    text = json.dumps({"deployment": {"resources": resources}})
    monkeypatch.setattr(pulumi_cli, "exported", lambda _: text)
    assert state_ids("prod") == {"it": "new", "u::it": "old"}


def test_an_import_that_stops_says_how_to_go_on(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Preview:
        fake.refusals["import"] = "503 Service Unavailable"
        return preview(fake.answer())

    monkeypatch.setattr(adopt, "_preview_import", refuse)
    with pytest.raises(UsageError) as said:
        run(*CHOSEN, apply=True)
    assert str(said.value).startswith("pulumi import: 503 Service Unavailable\nThe state of prod")
    assert str(said.value).endswith("run the same command again, it continues with the rest")


@pytest.mark.usefixtures("fake")
def test_nobody_is_asked_where_the_input_is_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run(*CHOSEN[1:]) == 2
    assert "--choose krotrust-firewall=none" in capsys.readouterr().out


def test_on_a_terminal_what_is_not_clear_is_asked_one_by_one(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    answers = iter(["", live_estate.DROPLET, *(each.partition("=")[2] for each in CHOSEN)])

    def prompt(text: str) -> str:
        asked.append(text.split()[3].rstrip("?"))
        return next(answers)

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    assert run(*CHOSEN[1:4], form="json") == 2  # nobody is asked where a program reads
    assert asked == []
    capsys.readouterr()
    fake.imports = []
    assert run(*CHOSEN[1:]) == 0
    assert asked == ["krotrust-firewall"] * 3
    said = capsys.readouterr().out
    assert f"  {live_estate.FIREWALL}: Firewall web-and-ssh ({live_estate.FIREWALL})\n" in said
    assert said.count(f"allowed is one of {live_estate.FIREWALL}, none\n") == 2
    assert "matched: 31 " in said
    assert len(fake.imports) == 1  # only into the state that is thrown away


def test_where_all_is_managed_nothing_is_left_and_nothing_imported(
    fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*CHOSEN, form="json")
    report = json.loads(capsys.readouterr().out)
    gone = dict.fromkeys((*report["missing"], *report["cannotImport"]), "somewhere")
    held = {name: state_id(name, each["id"]) for name, each in report["matched"].items()}
    fake.state, fake.imports = {**gone, **held, "krogiving-media-key": "REHEARSAL7"}, []
    assert run(apply=True) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[1] == "nothing is left to match"
    assert "cannot be imported" not in said
    assert "\nnothing is left to import. An `up` now: 1 create, 3 same\n" in said
    assert fake.imports == []


def test_what_an_up_would_destroy_is_to_be_settled_first(
    fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    urn = "urn:pulumi:prod::estate::digitalocean:index/"
    fake.steps = [
        {"op": "delete", "urn": f"{urn}droplet:Droplet::old", "oldState": {"protect": True}},
        {
            "op": "update",
            "urn": f"{urn}spacesBucket:SpacesBucket::krotrust-files-bucket",
            "oldState": {"inputs": {"name": "kro-prod-files", "acl": "private"}},
            "newState": {"inputs": {"name": "other", "acl": "private"}},
        },
    ]
    assert run(*CHOSEN) == 2  # the report alone says so, too
    capsys.readouterr()
    assert run(*CHOSEN, apply=True) == 2
    assert capsys.readouterr().out.partition("to settle before an `up`:\n")[2].splitlines() == [
        "  DELETE: old (protected: an `up` would refuse)",
        "  REPLACE: krotrust-files-bucket",
        "    REPLACE name: 'kro-prod-files' => 'other'",
    ]
