"""Who executes which command of the runbook, and a person's programs that only write down.

A command that changes a cloud or its state is executed in a rehearsal, every other one here.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ops.recovery import runbook

OFFLINE = tuple(f"python -m ops {each} " for each in ("inventory", "order", "recover", "secrets"))
A_PERSONS = ("dig", "gh", "mongorestore", "psql", "scp", "ssh")
# Writes its arguments, and what it reads on standard input, as a line.
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
    """What a program was given: its name, its arguments and its standard input."""

    words: tuple[str, ...]
    read: str = ""


def offline() -> list[str]:
    """Ours, which need neither a cloud nor a state."""
    return sorted(each for each in runbook.commands() if each.startswith(OFFLINE))


def a_persons() -> list[str]:
    """Those that a person types for a machine or a service that is not the cloud's."""
    return sorted(each for each in runbook.commands() if each.partition(" ")[0] in A_PERSONS)


def rehearsed() -> set[str]:
    """All others: a scenario has to execute each in a rehearsal."""
    return runbook.commands() - {*offline(), *a_persons()}


def prepared(folder: Path) -> Path:
    """Put a person's programs into a folder, and a `pulumi` that only knows outputs."""
    folder.mkdir()
    for name in A_PERSONS:
        (folder / name).write_text(STUB)
    (folder / "pulumi").write_text(ANSWERS)
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder


def typed(command: str, programs: Path, folder: Path) -> Call:
    """Type a command into a shell in a folder. Returns what its program was given."""
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
    words, _, read = call.partition("\n\n")
    return Call(tuple(words.splitlines()), read)
