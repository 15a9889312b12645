"""The commands of docs/state.md for a lost or broken state, run with the real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from buckets import KEY, Spaces, played

from ops import ROOT
from ops.cli.findings import Finding
from ops.state.check import look

pytestmark = pytest.mark.engine

BLOCK = re.compile(r"^## (.+?)$.*?^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENT = dict(BLOCK.findall((ROOT / "docs" / "state.md").read_text()))
FILE = ".pulumi/stacks/estate/prod.json"


@dataclass
class Person:
    """A person at a shell, in a copy of the project with a state of its own."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, str]:
        """The environment, without this machine's own Pulumi variables."""
        clean = {name: each for name, each in os.environ.items() if not name.startswith("PULUMI_")}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return {**clean, "PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true", **self.environ}

    def types(self, commands: str, code: int = 0) -> str:
        """Run commands; check the exit code of the last."""
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{commands}"],
            cwd=self.folder,
            env=self.all,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == code, printed
        assert "canary" not in printed
        return printed

    def finds(self) -> dict[str, Finding]:
        """The findings of the check, by name."""
        return {each.name: each for each in look("prod", self.all)}

    def begins(self) -> None:
        """Make a stack with one secret in its state, as an `up` would have left it."""
        self.types("pulumi stack init prod --no-select --non-interactive")
        self.types("pulumi stack export --stack prod --file made.json")
        export = json.loads((self.folder / "made.json").read_text())
        urn = "urn:pulumi:prod::estate::pulumi:pulumi:Stack::estate-prod"
        root = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack"}
        export["deployment"]["resources"] = [{**root, "outputs": {"is": "whole"}}]
        (self.folder / "made.json").write_text(json.dumps(export))
        self.types("pulumi stack import --stack prod < made.json")


@pytest.fixture
def person(tmp_path: Path) -> Person:
    folder = tmp_path / "project"
    hidden = shutil.ignore_patterns(".git", ".venv", ".state", "tests", "docs", ".*_cache")
    shutil.copytree(ROOT, folder, ignore=hidden)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "copies").mkdir()
    (tmp_path / "passphrase").write_text("canary-word\n")
    return Person(
        folder,
        {
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
            "ESTATE_STATE_COPIES": str(tmp_path / "copies"),
        },
    )


@pytest.fixture
def spaces() -> Iterator[Spaces]:
    with played() as served:
        yield served


def test_every_remedy_of_the_document_is_tried_here() -> None:
    remedies = {title for title in DOCUMENT if title.startswith("When")}
    assert remedies == {
        "When it is lost",
        "When it cannot be read",
        "When it is older than the last update",
        "When it is locked",
    }


def test_in_a_bucket_the_last_version_comes_back(person: Person, spaces: Spaces) -> None:
    person.environ |= {name: each for name, each in spaces.environ.items() if name != "PATH"}
    made = person.types("python -m ops state bootstrap --yes")
    (url,) = re.findall("export PULUMI_BACKEND_URL='(.*)'", made)
    person.environ["PULUMI_BACKEND_URL"] = f"{url}&use_path_style=true"  # as moto wants it
    person.begins()
    results = person.finds()
    assert results["bucket"].state == results["readable"].state == "ok"
    assert results["passphrase of the state"].state == "ok"

    client, bucket = spaces.client(), "kro-estate-state"
    whole = client.get_object(Bucket=bucket, Key=FILE)["Body"].read()
    client.put_object(Bucket=bucket, Key=FILE, Body=whole[: len(whole) // 2])
    assert "failed to load checkpoint" in person.finds()["readable"].detail
    printed = person.types(DOCUMENT["When it cannot be read"], code=1)  # no weekly copy
    assert "prod.json, an older version, of " in printed
    assert client.get_object(Bucket=bucket, Key=FILE)["Body"].read() == whole


@pytest.mark.soak
def test_what_was_deleted_from_a_bucket_comes_back(person: Person, spaces: Spaces) -> None:
    spaces.client().create_bucket(Bucket="kro")
    settings = {"Status": "Enabled"}
    spaces.client().put_bucket_versioning(Bucket="kro", VersioningConfiguration=settings)
    person.environ |= {**KEY, "PULUMI_BACKEND_URL": spaces.url("kro")}
    person.begins()
    spaces.client().delete_object(Bucket="kro", Key=FILE)
    assert "there is no stack prod" in person.finds()["readable"].detail
    file = person.folder / "Pulumi.prod.yaml"
    before = file.read_text()
    person.types(DOCUMENT["When it is lost"], code=1)
    assert file.read_text() == before
    person.types("pulumi stack export --stack prod --file again.json")
    exported = json.loads((person.folder / "again.json").read_text())
    assert exported["deployment"]["resources"][0]["outputs"] == {"is": "whole"}


@pytest.mark.soak
def test_in_a_folder_history_and_copy_bring_it_back(person: Person, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    person.environ["PULUMI_BACKEND_URL"] = state.as_uri()
    person.begins()
    older = (state / FILE).read_bytes()
    person.types("pulumi refresh --yes --skip-preview --stack prod --non-interactive")
    whole = (state / FILE).read_bytes()
    assert person.finds()["up to date"].state == "ok"

    (state / FILE).write_bytes(older)
    assert person.finds()["up to date"].state == "bad"
    person.types(DOCUMENT["When it is older than the last update"], code=1)  # it is a folder
    assert json.loads((state / FILE).read_bytes()) == json.loads(whole)

    locks = state / ".pulumi" / "locks" / "organization" / "estate" / "prod"
    locks.mkdir(parents=True, exist_ok=True)
    lock = {"pid": 1, "username": "ada", "hostname": "far", "timestamp": "2026-01-01T00:00:00Z"}
    (locks / "a.json").write_text(json.dumps(lock))
    assert "ada@far (pid 1) since 2026-01-01" in person.finds()["lock"].detail
    person.types(DOCUMENT["When it is locked"], code=1)
    assert person.finds()["lock"].state == "ok"

    person.types(DOCUMENT["The weekly copy"])
    shutil.rmtree(state / ".pulumi")
    printed = person.types(DOCUMENT["When it is lost"], code=1)
    assert str(tmp_path / "copies" / "prod-") in printed
    results = person.finds()
    assert {name for name, each in results.items() if each.state == "bad"} == {"backend"}

    # A killed engine can leave this; `stack init` would put an empty state in its place.
    (state / f"{FILE}.attrs").write_text("")
    person.types("pulumi stack export --stack prod", code=1)
    assert person.finds()["readable"].repair == "python -m ops repair --stack prod"
