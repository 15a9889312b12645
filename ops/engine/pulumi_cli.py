"""The client of the pulumi command line: its answer, or its own message as an error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from ops import ROOT
from ops.cli.errors import UsageError
from ops.engine import documents
from ops.engine.documents import Deployment, Preview
from ops.plan import config
from ops.plan.config import StackConfig
from rehearsal import OPTION_PREFIX, leave_interrupt_to_engine

Environ = Mapping[str, str]
LIVE = ("refresh", "--preview-only")  # compares the cloud with the state
OTHER_JSON = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"


def settings(stack: str, config_file: str | None) -> StackConfig:
    """Read the settings of a stack.

    Raises UsageError for a missing stack or file, and without pulumi.
    """
    read = config.load(stack, file=config_file)
    installed()
    return read


def installed() -> None:
    """Raise UsageError where pulumi is not installed."""
    if not shutil.which("pulumi"):
        raise UsageError(f"pulumi is not installed: `make setup`, or see {config.INSTALL_PAGE}")


def target(stack: str, config_file: str | None) -> tuple[str, ...]:
    """Return the options that select a stack and, where it is another one, its settings file."""
    file = ("--config-file", str(Path(config_file).resolve())) if config_file else ()
    return ("--stack", stack, *file)


def text(*arguments: str, environ: Environ = os.environ, stdin: str | None = None) -> str:
    """Run pulumi and return what it prints. Raises UsageError with its errors."""
    done = _run(*arguments, environ=environ, stdin=stdin)
    if done.returncode:
        raise _refusal(arguments, done.stderr.strip() or done.stdout.strip())
    return done.stdout


def exported(stack: str, environ: Environ = os.environ) -> str:
    """Return the state of a stack as the engine writes it. Raises UsageError without a stack."""
    try:
        return text("stack", "export", "--stack", stack, environ=environ)
    except UsageError as error:
        if "no stack named" in str(error):
            raise UsageError(f"{error}\n  `pulumi stack init {stack}` makes it") from None
        raise


def deployment(stack: str) -> Deployment:
    """Return the state of a stack. Raises UsageError without a stack."""
    return documents.deployment(exported(stack))


def answer(*arguments: str, environ: Environ = os.environ) -> dict[str, Any]:
    """Run pulumi and return its JSON. Raises UsageError with its errors."""
    done = _run(*arguments, "--json", environ=environ)
    document: dict[str, Any] | None
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = None
    if done.returncode or document is None:
        errors = documents.preview(document or {}).messages("error")
        raise _refusal(arguments, "\n".join(errors) or done.stderr.strip())
    return document


def preview(*arguments: str, environ: Environ = os.environ) -> Preview:
    """Run `pulumi preview`, or a refresh that only previews. Raises UsageError with its errors."""
    return documents.preview(answer(*arguments, environ=environ))


def _refusal(arguments: tuple[str, ...], words: str) -> UsageError:
    command = " ".join(takewhile(lambda each: not each.startswith("-"), arguments))
    return UsageError(f"pulumi {command}: {words.removeprefix('error: ')}")


def _run(
    *arguments: str, environ: Environ, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    installed()
    # The arguments alone decide, so variables that set options are left out.
    variables = {
        name: value
        for name, value in environ.items()
        if name != OTHER_JSON and not name.startswith(OPTION_PREFIX)
    }
    with to_its_end():
        return subprocess.run(  # noqa: S603
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],  # noqa: S607
            cwd=ROOT,
            env=variables | {"PULUMI_SKIP_UPDATE_CHECK": "true"},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def to_its_end() -> Iterator[None]:
    """Wait at a Ctrl-C until the engine ends: killed, it leaves its lock and orphaned plugins.

    Raises KeyboardInterrupt afterwards.
    """
    if (
        threading.current_thread() is not threading.main_thread()
    ):  # a Ctrl-C goes to the main thread only
        yield
        return
    with leave_interrupt_to_engine() as pressed:
        yield
    if pressed:
        raise KeyboardInterrupt
