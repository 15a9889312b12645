"""The question before something real is changed."""

from __future__ import annotations

import sys

import typer

from ops.cli.errors import UsageError


def consent(question: str, *, yes: bool) -> None:
    """Ask before something real is changed. Raises UsageError where nobody agrees."""
    try:
        agreed = yes or (bool(sys.stdin) and typer.confirm(question))
    except typer.Abort:  # the input has ended
        agreed = False
    if not agreed:
        raise UsageError("nothing was changed: nobody agreed; `--yes` does it without asking")
