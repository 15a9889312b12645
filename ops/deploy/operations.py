"""The pulumi command line: a preview that costs and changes nothing, and the commands that do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
import yaml

import rehearsal
from ops import ROOT
from ops.cli.errors import UsageError
from ops.deploy import lost_stores, seal
from ops.engine import pulumi_cli
from ops.plan import config, formats

THROW_AWAY = "throw-away"
STATE = ROOT / ".state"
STAND_IN = "the rehearsal stand-in"
ASTRAY = (
    f"PATH leads to {STAND_IN}, for another state than its own: open a new shell, or to rehearse"
    " set all that `python -m rehearsal env` prints"
)
CREDENTIALS = (  # variables that hold it, the stack file entry that may instead, what it is
    (
        ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"),
        "digitalocean:token",
        "the account's token",
    ),
    (("SPACES_ACCESS_KEY_ID",), "digitalocean:spacesAccessId", "a full-access Spaces key's id"),
    (("SPACES_SECRET_ACCESS_KEY",), "digitalocean:spacesSecretKey", "that Spaces key's secret"),
)
# What would take the guard or the look beforehand away, or lead to another program or file than
# what was looked at; whoever wants that types pulumi itself.
REFUSED = re.compile(
    r"--(?:ignore-protect|skip-preview|policy-pack-config"
    r"|cwd|config-file|disable-integrity-checking)(?:=.*)?"
    # `-f` or `-C` among short ones, unless it is the value of one that takes a value: `-mfix`.
    r"|-[^-=cmpstvx]*[fC].*",
    re.DOTALL,
)
# Options after which a word is their value. Any other word names a template: another program.
VALUED = re.compile(
    r"--(?:color|config|exclude|import-pending-creates|memprofilerate|message|otel-traces"
    r"|override-env|parallel|policy-pack|profiling|replace|secrets-provider|target|target-replace"
    r"|verbose)|-[^-=]*[cmptvx]"
)
# What was changed by hand is seen and mended, and no rule of the policy is broken. What a person
# adds comes last: `--refresh=false` is heard.
UP = ("--refresh", "--policy-pack", "policy")
ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")


def preview(stack: str) -> int:
    """Preview a stack from nothing, on a local state that is made anew each time.

    Returns the engine's exit code. Without the engine, prints the offline plan instead.
    """
    config.load(stack)  # a stack without a file is said at once
    if not shutil.which("pulumi"):
        typer.echo(
            f"pulumi is not installed (see {config.INSTALL_PAGE}): this is the offline plan."
        )
        return formats.run(stack, "tree", diff=False, exit_code=False)
    environ, chosen = provider(dict(os.environ))
    typer.echo(f"provider: {chosen}")
    folder = STATE / "preview" / stack
    shutil.rmtree(folder, ignore_errors=True)
    environ, settings = scratch(stack, folder, environ)
    run = ["pulumi", "preview", "--diff", *pulumi_cli.target(stack, str(settings))]
    with pulumi_cli.to_its_end():
        return subprocess.run(run, env=environ, cwd=ROOT, check=False).returncode  # noqa: S603


def scratch(
    stack: str, folder: Path, environ: Mapping[str, str], file: Path | None = None
) -> tuple[dict[str, str], Path]:
    """Make an empty state of a stack in a folder, and a copy of its file beside it.

    Returns the environment that leads there, and the copy. Raises UsageError where that fails.
    """
    (folder / "state").mkdir(parents=True)
    environ = {
        **environ,
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in environ:
        environ.setdefault("PULUMI_CONFIG_PASSPHRASE", THROW_AWAY)
    settings = _private_copy(file or ROOT / f"Pulumi.{stack}.yaml", folder, environ)
    # The stack is made beside a copy of its file: making it writes a salt into the file.
    pulumi_cli.text("stack", "init", stack, "--no-select", "-C", str(folder), environ=environ)
    return environ, settings


def change(
    command: str, stack: str, arguments: Sequence[str], make_empty: Sequence[str] = ()
) -> int:
    """Run `pulumi up`, `refresh` or `destroy` on the real state; seal what an `up` brought.

    Returns the engine's exit code. Raises UsageError for an option that takes a guard away, for a
    store that is gone and not in `make_empty`, and outside a rehearsal for a throw-away value and
    a variable that may hold such an option.
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
            " guarded, name it in estate:removals there. A switch is set in one word, as"
            " --refresh=false"
        )
    pulumi_cli.installed()
    if not rehearsed(os.environ) and (found := _unfit(os.environ, settings)):
        raise UsageError(
            f"`{command}` changes the real estate, and nothing was changed:\n"
            + "\n".join(f"  {problem}" for problem in found)
        )
    if command == "up" and (unstored := seal.unstored(stack)):
        raise UsageError(
            f"Pulumi.{stack}.yaml does not hold what the last `up` sealed, and this one would send"
            f" the older back: {', '.join(unstored)}.\n"
            f"  `python -m ops seal --stack {stack}`, commit, then `up` again; nothing was changed"
        )
    typer.echo(f"provider: {answering(os.environ)}")
    lost_stores.before(command, stack, arguments, make_empty)
    run = ["pulumi", command, "--stack", stack, *(UP if command == "up" else ()), *arguments]
    with pulumi_cli.to_its_end():
        code = subprocess.run(run, cwd=ROOT, check=False).returncode  # noqa: S603
        if code == 0 and command == "up":
            seal.run(stack)
    if code and command == "up":
        typer.echo(
            "note: no seal was stored. Where this `up` had begun to change anything, have the same"
            " plain secrets at hand at the next: an app may hold a new one already",
            err=True,
        )
    return code


def rehearsed(environ: Mapping[str, str]) -> bool:
    """Tell a rehearsal: the stand-in answers, for a cloud that has the state beside it."""
    if not (cloud := environ.get(rehearsal.CLOUD_VARIABLE)):
        return False
    mine = Path(cloud).resolve().parent.joinpath("state").as_uri()
    return environ.get("PULUMI_BACKEND_URL") == mine and answering(environ) == STAND_IN


def own_state(environ: Mapping[str, str]) -> None:
    """Raise UsageError where the stand-in would answer for another state than its own."""
    if answering(environ) == STAND_IN and not rehearsed(environ):
        raise UsageError(f"nothing was changed: {ASTRAY}")


def _unfit(environ: Mapping[str, str], settings: config.StackConfig) -> list[str]:
    """Name what keeps these credentials from being real ones, and what sets options unseen."""
    problems = [
        f"{name} sets an option of pulumi unseen: `unset {name}`, and type the option itself"
        for name in sorted(environ)
        if name.startswith(rehearsal.OPTION)
    ]
    if answering(environ) == STAND_IN:
        problems.append(ASTRAY)
    if environ.get("PULUMI_BACKEND_URL", "").startswith(STATE.as_uri()):
        problems.append("PULUMI_BACKEND_URL is the throw-away state: set it to the real one")
    if environ.get("PULUMI_CONFIG_PASSPHRASE") == THROW_AWAY:
        problems.append("PULUMI_CONFIG_PASSPHRASE is the throw-away one: set the vault's")
    for names, entry, what in CREDENTIALS:
        value = next((environ[name] for name in names if environ.get(name)), None)
        if value in (THROW_AWAY, rehearsal.TOKEN):
            problems.append(f"{names[0]} is a throw-away one: set it to {what}")
        elif value is None and entry not in settings.values:
            problems.append(f"{names[0]} is not set: set it to {what}")
    return problems


def provider(environ: dict[str, str], cloud: Path | None = None) -> tuple[dict[str, str], str]:
    """Choose the plugin: the real one where it is or can be had, else the stand-in.

    Returns the environment to run pulumi in, and what to say of the choice. The word `rehearsal`
    in ESTATE_PROVIDER chooses the stand-in, whose cloud is the file `cloud`.
    """
    wanted = version("pulumi-digitalocean")
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in environ:
        environ.setdefault("PULUMI_CONFIG_PASSPHRASE", THROW_AWAY)
    asked_for = environ.get("ESTATE_PROVIDER") == "rehearsal"
    if not asked_for and _real_plugin(wanted):
        if not environ.get("DIGITALOCEAN_ACCESS_TOKEN"):
            environ.setdefault("DIGITALOCEAN_TOKEN", THROW_AWAY)
        return environ, answering(environ)
    environ |= rehearsal.environment(cloud or STATE / "preview" / "cloud.json")
    why = f"the DigitalOcean plugin {wanted} is neither here nor to be had"
    return environ, f"{answering(environ)} ({'as asked for' if asked_for else why})"


def answering(environ: Mapping[str, str]) -> str:
    """Say which plugin answers in an environment. One on PATH goes before an installed one."""
    found = shutil.which("pulumi-resource-digitalocean", path=environ.get("PATH"))
    if not found:
        return f"the DigitalOcean plugin {version('pulumi-digitalocean')}"
    if Path(found).resolve().parent.parts[-2:] == ("rehearsal", "bin"):  # of any checkout
        return STAND_IN
    return f"the DigitalOcean plugin on PATH, {found}"


@lru_cache  # to be refused takes seconds
def _real_plugin(wanted: str) -> bool:
    listed = subprocess.run(
        ["pulumi", "plugin", "ls", "--json"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    plugins = json.loads(listed.stdout) if listed.returncode == 0 else []
    if any(p["name"] == "digitalocean" and p.get("version") == wanted for p in plugins):
        return True
    install = ["pulumi", "plugin", "install", "resource", "digitalocean", wanted]
    return subprocess.run(install, capture_output=True, check=False).returncode == 0  # noqa: S603


def _private_copy(tracked: Path, folder: Path, environ: Mapping[str, str]) -> Path:
    """Copy the stack's files, without what the throw-away passphrase could not open."""
    copy: dict[str, Any] = config.read(tracked)
    real_passphrase = (
        "PULUMI_CONFIG_PASSPHRASE_FILE" in environ
        or environ.get("PULUMI_CONFIG_PASSPHRASE") != THROW_AWAY
    )
    if not (real_passphrase and "encryptionsalt" in copy):
        copy = {key: value for key, value in copy.items() if key not in ENCRYPTION}
        copy["config"] = {
            key: value for key, value in copy["config"].items() if not config.is_encrypted(value)
        }
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    file = folder / tracked.name
    file.write_text(yaml.safe_dump(copy, sort_keys=False))
    return file
