"""Builds the project that the tests of the tools run in: this project's code, frozen values.

`.state/example` is a folder of links. They lead to the code of this checkout, but to tests/example/
for what an estate's owner edits: stack files, environments, facts. So an edit of production's
values changes nothing here, and a traceback into `.state/example` opens the real module.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VALUES = PROJECT / "tests" / "example"
FOLDER = PROJECT / ".state" / "example"
# What the example has of its own or needs not: it is neither a checkout nor has it generated pages.
LEFT_OUT = {".state", "__pycache__", "rendered", "tests"}


def build() -> None:
    """Make the links, where they are not those already. Another run may use them meanwhile."""
    links = dict(_links(PROJECT, VALUES, FOLDER))
    if links == dict(_present(FOLDER)):
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    for link, target in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    importlib.invalidate_caches()  # the folder was on the path before it was there


def _links(code: Path, values: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each link with its target: a folder that both have is made of links itself."""
    stacks = {file.name.split(".")[1] for file in PROJECT.glob("Pulumi.*.yaml")}
    owned = LEFT_OUT | {f"Pulumi.{stack}.yaml" for stack in stacks}
    if code == PROJECT / "stacks":
        owned |= {f"{stack}.py" for stack in stacks}
    names = {path.name for path in code.iterdir() if path.name[0] != "." or path.name == ".venv"}
    names -= owned
    for name in sorted(names | {path.name for path in values.iterdir()} - LEFT_OUT):
        if (values / name).is_dir():
            yield from _links(code / name, values / name, folder / name)
        else:
            yield folder / name, (values if (values / name).exists() else code) / name


def _present(folder: Path) -> Iterator[tuple[Path, Path]]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink():
                yield path, path.readlink()
