"""What the tests share: plans, changed settings, the real engine and a browser."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from components.facts.krogiving import BACKEND_SECRETS
from ops import ROOT
from ops.engine import plugin
from ops.plan import config
from ops.plan.graph import Graph, record
from rehearsal.prepare import filled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STACKS = ("prod", "stage", "dr")
SECRETS = ("KROTRUST__", "KROGIVING__", "PENCOM__", "ESTATE__")  # how their variables begin
CANARIES = {f"KROGIVING__{name}": f"canary-{name.lower()}" for name in BACKEND_SECRETS}
SEAL_KEY = {"ESTATE__SEAL_KEY": "canary-seal-key"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("pulumi"):
        return
    skip = pytest.mark.skip(reason="the pulumi command line is not installed")
    for item in items:
        if "engine" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _strict_and_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """An Output in a text is an error, and no secret of the person's shell gets into a test."""
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")
    for name in list(os.environ):
        if name.startswith(SECRETS):
            monkeypatch.delenv(name)


@lru_cache
def _plan(stack: str) -> Graph:
    return record(config.load(stack))


@pytest.fixture(scope="session")
def plan() -> Callable[[str], Graph]:
    """Plan of a committed stack, made once."""
    return _plan


def _set(settings: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        settings = settings[int(part) if isinstance(settings, list) else part]
    if value is DELETE:
        del settings[last]
    else:
        settings[last] = value


DELETE = object()


def changed(
    stack: str, changes: Mapping[str, Any], encrypted: tuple[str, ...] = ()
) -> config.StackConfig:
    """A stack's configuration with some settings changed: {"krotrust.droplet.size": "..."}."""
    committed = config.load(stack)
    prefix = f"{committed.project}:"
    settings = {key.removeprefix(prefix): each for key, each in committed.document().items()}
    for path, value in changes.items():
        _set(settings, path, value)
    return replace(
        committed,
        values={
            prefix + key: value if isinstance(value, str) else json.dumps(value)
            for key, value in settings.items()
        },
        encrypted=tuple(prefix + key for key in encrypted),
    )


class Engine:
    """The real engine with a state, a cloud and a stack file of this test's own."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.stack = stack
        self.folder = folder
        self.program = ROOT
        self.file = folder / f"Pulumi.{stack}.yaml"
        (folder / "state").mkdir()
        # A fixture of a whole module is made before any of the person's variables is taken away.
        environ = {key: each for key, each in os.environ.items() if not key.startswith(SECRETS)}
        environ["PULUMI_CONFIG_PASSPHRASE"] = "a test's own"
        self.environ, self.provider = plugin.choose(environ, cloud=folder / "cloud.json")
        self.environ |= {
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_ERROR_OUTPUT_STRING": "1",
        }
        shutil.copy(ROOT / "Pulumi.yaml", folder)
        shutil.copy(ROOT / self.file.name, self.file)
        self.run("-C", str(folder), "stack", "init", stack, "--no-select")

    @property
    def settings(self) -> dict[str, Any]:
        """The test's own stack file."""
        document: dict[str, Any] = yaml.safe_load(self.file.read_text())
        return document

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings in the test's own stack file: {"krotrust.droplet.size": "..."}."""
        document = self.settings
        for path, value in changes.items():
            _set(document["config"], f"estate:{path}", value)
        self.file.write_text(yaml.safe_dump(document, sort_keys=False))

    def ready_for_up(self) -> None:
        """Make up the settings that an `up` needs, as `make rehearse` does.

        Skips the test where the real plugin is installed: an `up` is only rehearsed.
        """
        if "stand-in" not in self.provider:
            pytest.skip("an `up` is only rehearsed: the real DigitalOcean plugin is installed here")
        others = [
            yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
            for stack in STACKS
            if stack != self.stack
        ]
        # What opens the test's own encrypted entries stays.
        settings = {**self.settings, **filled(self.settings, others)}
        self.file.write_text(yaml.safe_dump(settings, sort_keys=False))

    def own_program(self) -> Path:
        """Run a copy of the program from now on, which the test may change."""
        self.program = self.folder / "program"
        hidden = shutil.ignore_patterns(".git", ".venv", ".state", "tests", ".*_cache")
        shutil.copytree(ROOT, self.program, ignore=hidden)
        (self.program / ".venv").symlink_to(ROOT / ".venv")
        return self.program

    def log(self) -> list[dict[str, Any]]:
        """What really happened in the stand-in's cloud, one operation after the other."""
        lines = (self.folder / "cloud.json.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def run(
        self, *arguments: str, code: int | None = 0, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run pulumi in the project; fails the test on another exit code than `code`."""
        command = ("pulumi", *arguments, "--non-interactive")
        return self._done(command, self.program, code, environ)

    def on_stack(
        self,
        command: str,
        *arguments: str,
        code: int | None = 0,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run preview, up, refresh or destroy with the test's own stack file."""
        stack = ("--stack", self.stack, "--config-file", str(self.file))
        return self.run(command, *stack, *arguments, code=code, environ=environ)

    def ops(
        self,
        command: str,
        *arguments: str,
        code: int | None = 0,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of ours with the test's own stack file."""
        stack = ("--stack", self.stack, "--config-file", str(self.file))
        ours = (sys.executable, "-m", "ops", command, *stack, *arguments)
        # Pulumi.yaml's folder names the project; the file is the test's own.
        return self._done(ours, ROOT, code, environ)

    def _done(
        self,
        command: Sequence[str],
        folder: Path,
        code: int | None,
        environ: Mapping[str, str] | None,
    ) -> subprocess.CompletedProcess[str]:
        environ = {**self.environ, **(environ or {})}
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        if code is not None:
            assert done.returncode == code, done.stdout + done.stderr
        return done

    def copy(self, folder: Path) -> Engine:
        """Copy state, cloud and stack file, so that a test can do with them what it likes."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        twin = copy.copy(self)
        twin.folder, twin.file = folder, folder / self.file.name
        twin.environ = {
            name: value.replace(str(self.folder), str(folder))
            for name, value in self.environ.items()
        }
        return twin

    def preview(self) -> dict[str, Any]:
        """Preview as the engine's JSON."""
        answer: dict[str, Any] = json.loads(self.on_stack("preview", "--json").stdout)
        return answer


@pytest.fixture
def engine_for(tmp_path: Path) -> Callable[[str], Engine]:
    """Make an engine for a stack."""

    def make(stack: str) -> Engine:
        folder = tmp_path / stack
        folder.mkdir()
        return Engine(folder, stack)

    return make


@pytest.fixture(scope="module")
def browser(plan: Callable[[str], Graph]) -> Iterator[Browser]:
    """Chromium, where it is installed."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the Python package playwright is not installed"
    )
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on the PATH")
    plan("prod")  # before the browser's event loop runs: recording a plan needs its own
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that prints nothing on its console and requests no file but itself."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    events: list[str] = []
    page.on("console", lambda message: events.append(message.text))
    page.on("pageerror", lambda error: events.append(str(error)))
    page.on("dialog", lambda dialog: events.append(dialog.message))
    page.on("request", lambda request: events.append(request.url))
    yield page
    page.close()
    assert {each.partition("#")[0] for each in events} == {events[0].partition("#")[0]}
    assert events[0].startswith("file://")
