"""A copy of the project to run commands in, and a `pulumi` that only writes down what it is asked.

The copy's stack files can be broken; nothing of the checkout is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import warm
from plans import rendered_folder

from ops import ROOT

COPIED = ("stacks", "rendered")
LINKED = ("components", "ops", "policy", "rehearsal")  # code that no test changes
REAL = {
    "DIGITALOCEAN_TOKEN": "dop_v1_real",
    "SPACES_ACCESS_KEY_ID": "real",
    "SPACES_SECRET_ACCESS_KEY": "real",
    "PULUMI_CONFIG_PASSPHRASE": "correct horse",
}
SEAL = {"sealed": "EV[1:x]", "fingerprint": "0" * 32}
STORED = f"  estate:seals: {json.dumps({'KROGIVING__JWT_SECRET_KEY': SEAL})}\n"
FAKE = """\
#!{python} -IS
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
arguments = sys.argv[1:]
call = {{"arguments": arguments, "environ": dict(os.environ)}}
if "--config-file" in arguments:
    file = pathlib.Path(arguments[arguments.index("--config-file") + 1])
    call["file"] = file.read_text() if file.exists() else str(file)
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(call) + "\\n")
for beginning, (code, out, err) in json.loads((folder / "answers").read_text()).items():
    if " ".join(arguments).startswith(beginning):
        sys.stdout.write(out)
        sys.stderr.write(err)
        sys.exit(code)
"""


class FakePulumi:
    """A `pulumi` in a folder of its own; answers 0 and nothing, unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "pulumi"
        program.write_text(FAKE.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        self._answers: dict[str, tuple[int, str, str]] = {}
        self.answer("plugin ls", out="[]")

    def answer(self, beginning: str, code: int = 0, out: str = "", err: str = "") -> None:
        """Set what a command that begins so answers."""
        self._answers[beginning] = (code, out, err)
        (self.folder / "answers").write_text(json.dumps(self._answers))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What it was asked so far: arguments, environment, and the text of the config file."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def call(self, *beginning: str) -> dict[str, Any]:
        """The only call that begins so."""
        (found,) = (
            call for call in self.calls if call["arguments"][: len(beginning)] == list(beginning)
        )
        return found


@dataclass(frozen=True)
class Project:
    """A copy of the project."""

    folder: Path

    @classmethod
    def copied(cls, folder: Path) -> Project:
        """Copy the rooms that commands need."""
        rendered_folder()
        for room in COPIED:
            # Compiled modules come along, which saves time; not those that are being written.
            ignore = shutil.ignore_patterns("*.pyc.*")
            shutil.copytree(ROOT / room, folder / room, ignore=ignore)
        for room in LINKED:
            (folder / room).symlink_to(ROOT / room)
        for file in [*ROOT.glob("Pulumi*.yaml"), ROOT / "__main__.py"]:
            shutil.copy(file, folder)
        return cls(folder)

    def replace(self, file: str, old: str, new: str) -> None:
        """Change one place of a file."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    def append(self, file: str, text: str) -> None:
        """Add to the end of a file."""
        path = self.folder / file
        path.write_text(path.read_text() + text)

    def ops(
        self,
        *arguments: str,
        path: Path | str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m ops` with nothing on PATH but the folder `path`."""
        clean = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG")}
        clean |= {"PATH": str(path or self.folder / "empty"), **(environ or {})}
        return warm.run("ops", *arguments, cwd=self.folder, env=clean)
