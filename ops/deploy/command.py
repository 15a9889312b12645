"""Preview, up, refresh and destroy: the commands that run the pulumi command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from itertools import pairwise

import typer

import rehearsal
from ops import ROOT
from ops.cli.errors import UsageError
from ops.deploy import lost_stores, seal
from ops.engine import plugin, pulumi_cli, scratch
from ops.plan import config
from ops.plan.formats import as_tree
from ops.plan.graph import build

CREDENTIALS = (  # environment variables, the stack file entry in their place, what it is
    (
        ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"),
        "digitalocean:token",
        "the account's token",
    ),
    (("SPACES_ACCESS_KEY_ID",), "digitalocean:spacesAccessId", "a full-access Spaces key's id"),
    (("SPACES_SECRET_ACCESS_KEY",), "digitalocean:spacesSecretKey", "that Spaces key's secret"),
)
# Options that remove a guard or the preview, or that lead to another program or file than the one
# that was reviewed. A person who wants one of them types pulumi itself.
REFUSED = re.compile(
    r"--(?:ignore-protect|skip-preview|policy-pack-config"
    r"|cwd|config-file|disable-integrity-checking)(?:=.*)?"
    # `-f` or `-C` among short ones, unless it is the value of one that takes a value: `-mfix`.
    r"|-[^-=cmpstvx]*[fC].*",
    re.DOTALL,
)
# Options whose value is the next word. Any other word is a template: another program.
VALUED = re.compile(
    r"--(?:color|config|exclude|import-pending-creates|memprofilerate|message|otel-traces"
    r"|override-env|parallel|policy-pack|profiling|replace|secrets-provider|target|target-replace"
    r"|verbose)|-[^-=]*[cmptvx]"
)
# An `up` corrects manual changes and keeps the rules of the policy. The engine takes the last value
# of an option, so a person's own `--refresh=false` still counts.
UP = ("--refresh", "--policy-pack", "policy")


def preview(stack: str) -> int:
    """Preview a stack from nothing, on an empty local state.

    Returns the engine's exit code. Without the engine, prints the offline plan instead.
    """
    settings = config.load(stack)  # refuses a stack without a file before anything else
    if not shutil.which("pulumi"):
        typer.echo(
            f"pulumi is not installed (see {config.INSTALL_PAGE}): this is the offline plan."
        )
        typer.echo(as_tree(build(settings)), nl=False)
        return 0
    environ, chosen = plugin.choose(dict(os.environ))
    typer.echo(f"provider: {chosen}")
    folder = plugin.STATE / "preview" / stack
    shutil.rmtree(folder, ignore_errors=True)
    environ, file = scratch.create(stack, folder, environ)
    run = ["pulumi", "preview", "--diff", *pulumi_cli.target(stack, str(file))]
    with pulumi_cli.to_its_end():
        return subprocess.run(run, env=environ, cwd=ROOT, check=False).returncode  # noqa: S603


def change(
    command: str, stack: str, arguments: Sequence[str], make_empty: Sequence[str] = ()
) -> int:
    """Run `pulumi up`, `refresh` or `destroy` on the real state; store the seals after an `up`.

    Returns the engine's exit code. Raises UsageError, changing nothing, for an option that removes
    a guard, for a missing store that is not in `make_empty`, and outside a rehearsal for a
    throw-away credential or a variable that sets such an option.
    """
    settings = config.load(stack)
    stray = [
        word
        for option, word in pairwise(["", *arguments])
        if not word.startswith("-") and not VALUED.fullmatch(option)
    ]
    if unguarded := [each for each in arguments if each in stray or REFUSED.fullmatch(each)]:
        raise UsageError(
            f"`{command}` does not take {', '.join(unguarded)}; nothing was changed.\n"
            f"  It runs this program with Pulumi.{stack}.yaml. To remove or replace something"
            " guarded, name it in estate:removals there. Write a switch as one word:"
            " --refresh=false"
        )
    pulumi_cli.installed()
    if not plugin.rehearsed(os.environ) and (
        problems := _credential_problems(os.environ, settings)
    ):
        raise UsageError(
            f"`{command}` changes the real estate, and nothing was changed:\n"
            + "\n".join(f"  {problem}" for problem in problems)
        )
    if command == "up" and (unstored := seal.unstored(stack)):
        raise UsageError(
            f"Pulumi.{stack}.yaml lacks the seals of the last `up`, so this one would send older"
            f" secrets: {', '.join(unstored)}.\n"
            f"  `python -m ops seal --stack {stack}`, commit, then `up` again; nothing was changed"
        )
    typer.echo(f"provider: {plugin.answering(os.environ)}")
    lost_stores.before(command, stack, arguments, make_empty)
    run = ["pulumi", command, "--stack", stack, *(UP if command == "up" else ()), *arguments]
    with pulumi_cli.to_its_end():
        code = subprocess.run(run, cwd=ROOT, check=False).returncode  # noqa: S603
        if code == 0 and command == "up":
            seal.store(stack)
    if code and command == "up":
        typer.echo(
            "note: no seal was stored. If this `up` changed anything, provide the same plain"
            " secrets to the next one: an app may have a new secret already",
            err=True,
        )
    return code


def _credential_problems(environ: Mapping[str, str], settings: config.StackConfig) -> list[str]:
    """Return the problems of the credentials, and variables that set options of pulumi."""
    problems = [
        f"{name} sets a hidden option of pulumi: `unset {name}`, and type the option itself"
        for name in sorted(environ)
        if name.startswith(rehearsal.OPTION_PREFIX)
    ]
    if plugin.answering(environ) == plugin.STAND_IN:
        problems.append(plugin.WRONG_STATE)
    if environ.get("PULUMI_BACKEND_URL", "").startswith(plugin.STATE.as_uri()):
        problems.append("PULUMI_BACKEND_URL is the throw-away state: set it to the real one")
    if environ.get("PULUMI_CONFIG_PASSPHRASE") == plugin.THROW_AWAY:
        problems.append("PULUMI_CONFIG_PASSPHRASE is the throw-away one: set the vault's")
    for names, entry, what in CREDENTIALS:
        value = next((environ[name] for name in names if environ.get(name)), None)
        if value in (plugin.THROW_AWAY, rehearsal.TOKEN):
            problems.append(f"{names[0]} is a throw-away one: set it to {what}")
        elif value is None and entry not in settings.values:
            problems.append(f"{names[0]} is not set: set it to {what}")
    return problems
