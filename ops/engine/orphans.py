"""Plugin processes that outlived their engine.

They still change the cloud, and no state records it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from ops import ROOT

PLUGIN = re.compile(r"pulumi-(?:resource|language|analyzer)")  # systems cut long names
STAND_IN = ["-m", "rehearsal.plugin"]
ENGINE = "pulumi"
PATIENCE = 10  # seconds to end after SIGTERM


def end(project: str) -> list[int]:
    """End the orphaned plugins of a project that use the state of this shell; return their pids."""
    orphans = list(_orphans(project))
    for process in orphans:
        with suppress(psutil.NoSuchProcess):  # it has ended
            process.terminate()
    _, stubborn = psutil.wait_procs(orphans, PATIENCE)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn)
    return sorted(process.pid for process in orphans)


def alive(pid: int) -> bool:
    """Whether an engine runs under a pid, which may belong to another program by now."""
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
        except psutil.Error:  # it has ended, or belongs to another user
            continue


def _is_plugin(command: list[str]) -> bool:
    """Whether a command runs a plugin. Its arguments do not count: an editor may have one open."""
    names = [Path(each).name for each in command[:2]]
    # The Pulumi program is a Python script, and may hang after its engine has ended.
    programs = names[1:] if names and names[0].startswith("python") else names[:1]
    return any(map(PLUGIN.match, programs)) or command[1:3] == STAND_IN


def _is_engine(process: psutil.Process) -> bool:
    """Whether a process is an engine. A package may have renamed it, as to `.pulumi-wrapped`."""
    name = process.name()
    return ENGINE in name and not PLUGIN.match(name)


def _ours(process: psutil.Process, project: str) -> bool:
    """Whether a plugin is of this project and state, and has no engine as an ancestor."""
    environ = process.environ()
    if environ.get("PULUMI_BACKEND_URL") != os.environ.get("PULUMI_BACKEND_URL"):
        return False
    if any(map(_is_engine, process.parents())):
        return False
    name = environ.get("PULUMI_PROJECT")
    # A provider has the project in a variable; the language plugin runs in its folder.
    return name == project if name else process.cwd() == str(ROOT)
