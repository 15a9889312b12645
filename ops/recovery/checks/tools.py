"""What has to be installed on the machine that a recovery is done from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ops import ROOT
from ops.cli.findings import Finding
from ops.engine import plugin
from ops.plan import config
from ops.recovery.checks.subject import Subject

PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)( ;)?", re.MULTILINE)
PLUGIN = "digitalocean"


def pulumi(subject: Subject) -> Iterator[Finding]:
    """Look at the engine, at what runs its programs, and at its plugin."""
    mend = f"install it: {config.INSTALL_PAGE}"
    if not (found := _which("pulumi", subject)):
        yield Finding(
            "tools", "pulumi", "bad", "not on PATH: nothing can be previewed or made", mend
        )
        return
    done = _run(subject, "pulumi", "version")
    if done.returncode:
        yield Finding("tools", "pulumi", "bad", f"does not run: {done.stderr.strip()}", mend)
        return
    yield Finding("tools", "pulumi", "ok", done.stdout.strip() or found)
    language = "pulumi-language-python"
    beside = Path(found).resolve().parent / language
    if there := _which(language, subject) or (str(beside) if beside.is_file() else None):
        yield Finding("tools", language, "ok", there)
    else:
        told = "neither on PATH nor beside pulumi: it runs the program"
        yield Finding(
            "tools", language, "bad", told, f"it comes with pulumi: {config.INSTALL_PAGE}"
        )
    yield _plugin(subject)


def _plugin(subject: Subject) -> Finding:
    """Look for the plugin: on PATH, else among those that pulumi installed."""
    name, wanted = "DigitalOcean plugin", version("pulumi-digitalocean")
    if _which(f"pulumi-resource-{PLUGIN}", subject):
        return Finding("tools", name, "ok", plugin.answering(subject.environ))
    done = _run(subject, "pulumi", "plugin", "ls", "--json")
    listed = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    there = [each.get("version") for each in listed if each["name"] == PLUGIN]
    if wanted in there:
        return Finding("tools", name, "ok", f"{wanted} is installed")
    told = f"{wanted} is not installed" + (f", only {', '.join(map(str, there))}" if there else "")
    return Finding("tools", name, "bad", told, f"pulumi plugin install resource {PLUGIN} {wanted}")


def packages(_: Subject) -> Iterator[Finding]:
    """Hold what is installed against the pinned versions."""
    wrong, pins = [], PINNED.findall((ROOT / "requirements.txt").read_text())
    for name, pinned, marker in pins:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "" if not marker else pinned  # a marker: not for every machine
        if found != pinned:
            wrong.append(f"{name} is {found or 'missing'}, pinned is {pinned}")
    if wrong:
        mend = "rm .venv/ready && make setup"
        yield Finding("tools", "Python packages", "bad", "; ".join(wrong), mend)
    else:
        yield Finding("tools", "Python packages", "ok", f"{len(pins)} as pinned")


def git(subject: Subject) -> Iterator[Finding]:
    """Look for git, which a rebuild gets its code with."""
    yield _there("git", subject, "no code can be cloned")


def ssh(subject: Subject) -> Iterator[Finding]:
    """Look for ssh, which hosts are put right with."""
    yield _there("ssh", subject, "nobody gets on to a host")


def ssh_key(subject: Subject) -> Iterator[Finding]:
    """Look whether the agent holds the key that a new droplet lets in, which takes no other."""
    for plan in subject.plans:
        public = ((plan.setting("krotrust").get("ssh") or {}).get("publicKey") or "").split()
        if len(public) < 2:
            continue  # the settings say that it is missing
        name = f"key of a new droplet of {plan.stack}"
        held = _run(subject, "ssh-add", "-L").stdout if _which("ssh-add", subject) else ""
        if public[1] in held.split():
            yield Finding("tools", name, "ok", "your SSH agent holds it")
        else:
            told = "your SSH agent does not hold it"
            mend = (
                f"ssh-add FILE, the pair of `krotrust.ssh.publicKey` in {plan.file}; ask the owners"
                " of kro-devops"
            )
            yield Finding("tools", name, "not checked", told, mend)


def _there(name: str, subject: Subject, without: str) -> Finding:
    if found := _which(name, subject):
        return Finding("tools", name, "ok", found)
    mend = f"install it with this machine's own packages ({name} or openssh-client)"
    return Finding("tools", name, "bad", f"not on PATH: {without}", mend)


def _which(name: str, subject: Subject) -> str | None:
    return shutil.which(name, path=subject.environ.get("PATH", ""))


def _run(subject: Subject, *command: str) -> subprocess.CompletedProcess[str]:
    found = _which(command[0], subject) or command[0]
    return subprocess.run(  # noqa: S603
        [found, *command[1:]],
        env={**subject.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
