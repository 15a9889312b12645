"""The question before a real change."""

from __future__ import annotations

import sys

import typer

from ops.cli.errors import UsageError


def consent(question: str, *, yes: bool) -> None:
    """Ask before something real is changed. Raises UsageError without a yes."""
    try:
        agreed = yes or (bool(sys.stdin) and typer.confirm(question))
    except typer.Abort:  # the input has ended
        agreed = False
    if not agreed:
        raise UsageError("nothing was changed: the answer was not yes; `--yes` skips the question")
