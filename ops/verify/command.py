"""Hold what is against what the state says should be: from outside, and through the account."""

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
from ops.verify.recorded import Look, Recorded, recorded

AT_ONCE = 32  # looks; each waits for somebody else


def run(
    stack: str,
    config_file: str | None,
    form: str,
    nameserver: str | None = None,
    connect_to: str | None = None,
) -> int:
    """Print what was found. Returns 1 where something is bad, else 0.

    Raises UsageError where there is no state, or an option cannot be read.
    """
    pulumi_cli.settings(stack, config_file)  # what is not there is said at once
    if form == "text":
        typer.echo(f"provider: {plugin.answering(os.environ)}")
    state = recorded(stack)
    found = look(state, os.environ, nameserver, connect_to)
    return findings.show(f"What the state of {stack} says, and what is there", found, form)


def look(
    state: Recorded, environ: Mapping[str, str], nameserver: str | None, connect_to: str | None
) -> list[Finding]:
    """Look at everything, many things at once."""
    account: Account | NoAccessError
    with ExitStack() as door, ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            account = door.enter_context(visit(environ))
        except NoAccessError as error:
            account = error  # the rest is looked at without it
        looks = chain(
            names.looks(state, nameserver),
            web.looks(state, connect_to),
            live.looks(state, account),
            on_premises.looks(state, rehearsed=plugin.answering(environ) == plugin.STAND_IN),
        )
        found = [each for part in pool.map(_all, looks) for each in part]
    order = list(dict.fromkeys(each.part for each in found))
    return sorted(found, key=lambda each: order.index(each.part))


def _all(look: Look) -> list[Finding]:
    return list(look())
