"""The real engine with its own state, cloud and stack file for each test."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import warm
import yaml
from plans import SECRETS, STACKS, put

from ops import ROOT
from ops.engine import plugin
from rehearsal.prepare import with_made_up_values


def _checked(
    done: subprocess.CompletedProcess[str], code: int | None
) -> subprocess.CompletedProcess[str]:
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


class Engine:
    """Pulumi on a project, with a state, a cloud and a stack file for one test."""

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
        """The content of the test's own stack file."""
        document: dict[str, Any] = yaml.safe_load(self.file.read_text())
        return document

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings in the test's own stack file: {"krotrust.droplet.size": "..."}."""
        document = self.settings
        for path, value in changes.items():
            put(document["config"], f"estate:{path}", value)
        self.file.write_text(yaml.safe_dump(document, sort_keys=False))

    def ready_for_up(self) -> None:
        """Fill in made-up settings that an `up` needs, as `make rehearse` does.

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
        settings = {**self.settings, **with_made_up_values(self.settings, others)}
        self.file.write_text(yaml.safe_dump(settings, sort_keys=False))

    def own_program(self) -> Path:
        """Run a copy of the program from now on, which the test may change."""
        self.program = self.folder / "program"
        hidden = shutil.ignore_patterns(".git", ".venv", ".state", "tests", ".*_cache")
        shutil.copytree(ROOT, self.program, ignore=hidden)
        (self.program / ".venv").symlink_to(ROOT / ".venv")
        return self.program

    def log(self) -> list[dict[str, Any]]:
        """Return the operations that really happened in the stand-in's cloud, in order."""
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
        # Pulumi.yaml's folder names the project; the file is the test's own.
        environ = {**self.environ, **(environ or {})}
        done = warm.run("ops", command, *stack, *arguments, cwd=ROOT, env=environ)
        return _checked(done, code)

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
        return _checked(done, code)

    def copy(self, folder: Path) -> Engine:
        """Copy state, cloud and stack file, so that a test can change them."""
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
