"""Measures how parallel an `up` is: its wall time divided by its longest chain.

prod is deployed from nothing in a rehearsal. The chain is the longest one through the dependencies
that the engine recorded, by the table's ready times alone. With a ratio near 1, nothing waits
without need. The rest is the engine's own start, which counts for more at a higher speed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rehearsal import INSTALL_PAGE, ROOT
from rehearsal.prepare import ops_json, prepare
from rehearsal.timing import (
    critical_path,
    dependencies,
    operations,
    real_seconds,
    reduce_dependencies,
    with_real_durations,
)


@dataclass(frozen=True)
class Width:
    """Seconds of an `up`, seconds of its longest chain, and the names of the chain in order."""

    wall: float
    chain: float
    names: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """How much longer the `up` took than its chain; 1 is the optimum."""
        return self.wall / self.chain


def measure(stack: str, speed: float, folder: Path) -> Width:
    """Deploy a stack from nothing, with ready times divided by `speed`."""
    workspace = prepare(stack, folder, ops_json("secrets", "--stack", stack))
    environ = workspace.environment(speed)
    target = ("--stack", stack, "--config-file", str(workspace.file))
    _pulumi(environ, "-C", str(folder), "stack", "init", stack, "--no-select")
    start = time.perf_counter()
    _pulumi(environ, "up", *target, "--yes", "--skip-preview")
    wall = time.perf_counter() - start
    export = json.loads(_pulumi(environ, "stack", "export", "--stack", stack))
    done = operations(workspace.log)
    waits = reduce_dependencies((each.urn for each in done), dependencies(export))
    chain = critical_path(with_real_durations(done, waits, real_seconds), waits)
    return Width(wall, chain[-1].end / speed, tuple(each.name for each in chain))


def _pulumi(environ: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def main(
    stack: Annotated[
        str, typer.Option("--stack", "-s", help="A stack: STACK of Pulumi.STACK.yaml.")
    ] = "prod",
    speed: Annotated[
        float, typer.Option(min=0.1, help="How many times faster than real life.")
    ] = 10,
) -> None:
    """Measure at a speed, and at that of `make rehearse`."""
    if not shutil.which("pulumi"):
        print(f"pulumi is not installed (see {INSTALL_PAGE}): no `up` is measured")
        return
    for each in (speed, 60):
        with tempfile.TemporaryDirectory() as folder:
            width = measure(stack, each, Path(folder) / stack)
        print(
            f"up of {stack} at {each:g} times the speed: wall {width.wall:.1f} s,"
            f" longest chain {width.chain:.1f} s, ratio {width.ratio:.2f}"
        )
    print(f"  the chain: {', '.join(width.names)}")


if __name__ == "__main__":
    typer.run(main)
