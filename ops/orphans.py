"""Plugin processes that outlived their engine: they go on writing, and nobody records it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import psutil

PLUGIN = re.compile(r"pulumi-(?:resource|language|analyzer)-|-m rehearsal\.plugin")
PATIENCE = 10  # seconds to end by itself


def end(project: str) -> list[int]:
    """End the orphaned plugins of a project's runs on the state of this shell; tell their pids."""
    found = list(_orphans(project))
    for process in found:
        process.terminate()
    _, stubborn = psutil.wait_procs(found, PATIENCE)
    for process in stubborn:
        process.kill()
    return sorted(process.pid for process in found)


def _orphans(project: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if not PLUGIN.search(" ".join(process.cmdline())):
                continue
            environ, above = process.environ(), [each.name() for each in process.parents()]
        except psutil.Error:  # it ended meanwhile, or is somebody else's
            continue
        theirs = (environ.get("PULUMI_PROJECT"), environ.get("PULUMI_BACKEND_URL"))
        if theirs == (project, os.environ.get("PULUMI_BACKEND_URL")) and "pulumi" not in above:
            yield process
