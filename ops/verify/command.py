"""`python -m ops verify`: compare the live estate with the state."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain

import typer

from ops.account.client import Account, NoAccessError, visit
from ops.cli import findings
from ops.cli.findings import Finding
from ops.engine import plugin, pulumi_cli
from ops.verify import live, names, on_premises, web
from ops.verify.recorded import Recorded, recorded

AT_ONCE = 32  # checks; each waits for an answer


def run(
    stack: str,
    config_file: str | None,
    form: str,
    nameserver: str | None = None,
    connect_to: str | None = None,
) -> int:
    """Print the findings. Returns 1 if one is bad, else 0.

    Raises UsageError without a state, and for an option that cannot be read.
    """
    pulumi_cli.settings(stack, config_file)  # reports a missing stack file before anything slow
    if form == "text":
        typer.echo(f"provider: {plugin.answering(os.environ)}")
    results = verify(recorded(stack), os.environ, nameserver, connect_to)
    return findings.show(f"the live estate against the state of {stack}", results, form)


def verify(
    state: Recorded, environ: Mapping[str, str], nameserver: str | None, connect_to: str | None
) -> list[Finding]:
    """Run every check, many at the same time. Returns the findings part by part."""
    account: Account | NoAccessError
    with ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            account = stack.enter_context(visit(environ))
        except NoAccessError as error:
            account = error  # everything else can be checked without it
        checks = chain(
            names.checks(state, nameserver),
            web.checks(state, connect_to),
            live.checks(state, account),
            on_premises.checks(state, rehearsed=plugin.answering(environ) == plugin.STAND_IN),
        )
        results = [each for part in pool.map(lambda check: list(check()), checks) for each in part]
    order = list(dict.fromkeys(each.part for each in results))
    return sorted(results, key=lambda each: order.index(each.part))
