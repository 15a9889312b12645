"""What has to be installed on the machine that runs a recovery."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ops import ROOT
from ops.cli.findings import Finding, Part
from ops.engine import plugin
from ops.plan import config
from ops.recovery.checks.subject import Subject

TOOLS = Part("tools")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)( ;)?", re.MULTILINE)
PLUGIN = "digitalocean"
LANGUAGE = "pulumi-language-python"


def pulumi(subject: Subject) -> Iterator[Finding]:
    """Check the engine, its Python language host and its plugin."""
    repair = f"install it: {config.INSTALL_PAGE}"
    if not (path := _which("pulumi", subject)):
        yield TOOLS.bad("pulumi", "not on PATH: it makes every change", repair)
        return
    done = _run(subject, "pulumi", "version")
    if done.returncode:
        yield TOOLS.bad("pulumi", f"does not run: {done.stderr.strip()}", repair)
        return
    yield TOOLS.ok("pulumi", done.stdout.strip() or path)
    beside = Path(path).resolve().parent / LANGUAGE
    language = _which(LANGUAGE, subject) or (str(beside) if beside.is_file() else None)
    detail = language or "neither on PATH nor beside pulumi: it runs the program"
    repair = f"it comes with pulumi: {config.INSTALL_PAGE}"
    yield TOOLS.verdict(LANGUAGE, detail, repair, ok=bool(language))
    yield _plugin(subject)


def _plugin(subject: Subject) -> Finding:
    """Check for the plugin: on PATH, else among those that pulumi installed."""
    name, pinned = "DigitalOcean plugin", version("pulumi-digitalocean")
    if _which(f"pulumi-resource-{PLUGIN}", subject):
        return TOOLS.ok(name, plugin.answering(subject.environ))
    done = _run(subject, "pulumi", "plugin", "ls", "--json")
    plugins = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    installed = [str(each.get("version")) for each in plugins if each["name"] == PLUGIN]
    if pinned in installed:
        return TOOLS.ok(name, f"{pinned} is installed")
    only = f", only {', '.join(installed)}" if installed else ""
    repair = f"pulumi plugin install resource {PLUGIN} {pinned}"
    return TOOLS.bad(name, f"{pinned} is not installed{only}", repair)


def packages(_: Subject) -> Iterator[Finding]:
    """Compare the installed Python packages with the pinned versions."""
    wrong, pins = [], PINNED.findall((ROOT / "requirements.txt").read_text())
    for name, pinned, marker in pins:
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "" if not marker else pinned  # a marker: not for every machine
        if installed != pinned:
            wrong.append(f"{name} is {installed or 'missing'}, pinned is {pinned}")
    detail = "; ".join(wrong) or f"{len(pins)} as pinned"
    yield TOOLS.verdict("Python packages", detail, "rm .venv/ready && make setup", ok=not wrong)


def git(subject: Subject) -> Iterator[Finding]:
    """Check for git, which clones the code."""
    yield _installed("git", subject, "no code can be cloned")


def ssh(subject: Subject) -> Iterator[Finding]:
    """Check for ssh, which logs in to hosts."""
    yield _installed("ssh", subject, "no login to a host is possible")


def ssh_key(subject: Subject) -> Iterator[Finding]:
    """Check that the SSH agent has the only key that a new droplet accepts."""
    for plan in subject.plans:
        public = ((plan.setting("krotrust").get("ssh") or {}).get("publicKey") or "").split()
        if len(public) < 2:
            continue  # the check of the settings reports that it is missing
        name = f"key of a new droplet of {plan.stack}"
        keys = _run(subject, "ssh-add", "-L").stdout if _which("ssh-add", subject) else ""
        if public[1] in keys.split():
            yield TOOLS.ok(name, "your SSH agent has it")
        else:
            setting = f"the pair of `krotrust.ssh.publicKey` in {plan.file}"
            repair = f"ssh-add FILE, {setting}; ask the owners of kro-devops"
            yield TOOLS.not_checked(name, "your SSH agent does not have it", repair)


def _installed(name: str, subject: Subject, effect: str) -> Finding:
    path = _which(name, subject)
    repair = f"install it with this machine's own packages ({name} or openssh-client)"
    return TOOLS.verdict(name, path or f"not on PATH: {effect}", repair, ok=bool(path))


def _which(name: str, subject: Subject) -> str | None:
    return shutil.which(name, path=subject.environ.get("PATH", ""))


def _run(subject: Subject, *command: str) -> subprocess.CompletedProcess[str]:
    program = _which(command[0], subject) or command[0]
    return subprocess.run(  # noqa: S603
        [program, *command[1:]],
        env={**subject.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
