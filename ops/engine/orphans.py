"""Plugin processes that outlived their engine: they go on writing, and nobody records it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from ops import ROOT

PLUGIN = re.compile(r"pulumi-(?:resource|language|analyzer)")  # as far as a system keeps a name
STAND_IN = ["-m", "rehearsal.plugin"]
ENGINE = "pulumi"
PATIENCE = 10  # seconds to end by itself


def end(project: str) -> list[int]:
    """End the orphaned plugins of a project's runs on the state of this shell; tell their pids."""
    found = list(_orphans(project))
    for process in found:
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            process.terminate()
    _, stubborn = psutil.wait_procs(found, PATIENCE)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn)
    return sorted(process.pid for process in found)


def alive(pid: int) -> bool:
    """Tell whether an engine runs under a pid; the number may be somebody else's by now."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and ENGINE in process.name()
    except psutil.NoSuchProcess:
        return False


def _orphans(project: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if _is_plugin(process.cmdline()) and _ours(process, project):
                yield process
        except psutil.Error:  # it ended meanwhile, or is somebody else's
            continue


def _is_plugin(command: list[str]) -> bool:
    """Tell it by what runs, not by what is given to it: somebody may be reading a plugin's file."""
    names = [Path(each).name for each in command[:2]]
    # The program itself runs as a script of Python, and may hang when its engine is gone.
    runs = names[1:] if names and names[0].startswith("python") else names[:1]
    return any(map(PLUGIN.match, runs)) or command[1:3] == STAND_IN


def _is_engine(process: psutil.Process) -> bool:
    """Tell it by its name, which a package may have changed, as to `.pulumi-wrapped`."""
    name = process.name()
    return ENGINE in name and not PLUGIN.match(name)


def _ours(process: psutil.Process, project: str) -> bool:
    """Tell whether a plugin is of this project and state, and no engine is above it."""
    environ = process.environ()
    if environ.get("PULUMI_BACKEND_URL") != os.environ.get("PULUMI_BACKEND_URL"):
        return False
    if any(map(_is_engine, process.parents())):
        return False
    named = environ.get("PULUMI_PROJECT")
    # The engine names the project to a provider; the language's plugin stands in its folder.
    return named == project if named else process.cwd() == str(ROOT)
