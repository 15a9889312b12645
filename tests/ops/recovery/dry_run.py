"""Which test runs which command of the runbook, and stubs for a person's programs.

A command that changes a cloud or its state runs in a rehearsal, every other one here.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ops.recovery import runbook

OFFLINE = tuple(f"python -m ops {each} " for each in ("inventory", "order", "recover", "secrets"))
MANUAL = ("dig", "gh", "mongorestore", "psql", "scp", "ssh")
# Records its arguments and its standard input.
STUB = """\
#!/bin/sh
{ printf '%s\\n' "${0##*/}" "$@"; echo; cat; printf '\\034'; } >> "$CALLS"
"""
ANSWERS = """\
#!/bin/sh
[ "$1 $2 $3" = "stack output --stack" ] && exec echo "$5 of $4"
exit 9
"""


@dataclass(frozen=True)
class Call:
    """The call of a program: its name and arguments, and its standard input."""

    words: tuple[str, ...]
    stdin: str = ""


def offline() -> list[str]:
    """The commands of ours that need neither a cloud nor a state."""
    return sorted(each for each in runbook.commands() if each.startswith(OFFLINE))


def manual() -> list[str]:
    """The commands that a person types for a machine or a service outside of the cloud."""
    return sorted(each for each in runbook.commands() if each.partition(" ")[0] in MANUAL)


def rehearsed() -> set[str]:
    """All others: each has to run in a rehearsal."""
    return runbook.commands() - {*offline(), *manual()}


def stubs(folder: Path) -> Path:
    """Write stubs of a person's programs, and a `pulumi` that only knows outputs."""
    folder.mkdir()
    for name in MANUAL:
        (folder / name).write_text(STUB)
    (folder / "pulumi").write_text(ANSWERS)
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder


def typed(command: str, programs: Path, folder: Path) -> Call:
    """Run a command in a shell in a folder. Returns the call of its program."""
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "CALLS": str(calls)}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (call,) = calls.read_text().removesuffix("\034").split("\034")
    words, _, stdin = call.partition("\n\n")
    return Call(tuple(words.splitlines()), stdin)
