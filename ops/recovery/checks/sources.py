"""What a rebuild takes from others: the code, the names, and a list of what only a zone knows."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from components.facts.krotrust import REPOSITORIES
from ops.cli.findings import Finding
from ops.recovery.checks import delegation
from ops.recovery.checks.subject import Subject

PATIENCE = 20  # seconds for a repository to answer
QUIET = {  # nobody is asked for a password
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10",
}
# How to be let in, by who takes the code: whoever starts the droplet, or App Platform.
CLONES = "your SSH agent needs a key that may read it (the owners of the repository)"
BUILDS = "`gh auth setup-git` gives git your access; App Platform's own: Apps, Settings, GitHub"
CREDENTIAL = re.compile(r"(?<=https:)//[^/@\s]*@")  # in a URL; it is never shown
REPORT = "ESTATE_DRIFT_REPORT"
DAYS = 8  # a nightly report, and a week in which nobody looked
RECORDS = "unmanagedRecords"


class Repository(NamedTuple):
    """Where code is cloned from, by whom, and the branch that is built."""

    url: str
    reader: str
    branch: str


def repositories(subject: Subject) -> Iterator[Finding]:
    """Ask each repository for the branch that a rebuild clones."""
    wanted = list(dict.fromkeys(_repositories(subject)))
    if wanted:
        with ThreadPoolExecutor(len(wanted)) as pool:
            yield from pool.map(lambda each: _reached(each, subject), wanted)


def _repositories(subject: Subject) -> Iterator[Repository]:
    for plan in subject.plans:
        base = plan.setting("krotrust").get("gitBaseUrl")
        if base and subject.matters("droplet", "region"):
            yield from (Repository(f"{base}/{name}.git", CLONES, "HEAD") for name in REPOSITORIES)
        if not subject.matters("app", "region"):
            continue
        for app in plan.every("App"):
            spec = app.inputs["spec"]
            for part in (*spec.get("services", ()), *spec.get("staticSites", ())):
                code = part["github"]
                url = f"https://github.com/{code['repo']}.git"
                yield Repository(url, BUILDS, code["branch"])


def _reached(wanted: Repository, subject: Subject) -> Finding:
    reader, branch, url = wanted.reader, wanted.branch, CREDENTIAL.sub("//", wanted.url)
    command = f"git ls-remote {url} {branch}"
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "ls-remote", wanted.url, branch],  # noqa: S607
            env={**QUIET, **subject.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        told = f"no answer within {PATIENCE} s"
        return Finding("git", url, "bad", told, f"{command}; this machine's network")
    except OSError:
        return Finding("git", url, "not checked", "git is not installed")
    if done.returncode:
        said = CREDENTIAL.sub("//", " ".join(done.stderr.split())) or f"exit code {done.returncode}"
        return Finding("git", url, "bad", f"not reached: {said}", f"{command}; {reader}")
    if not done.stdout.strip():
        return Finding("git", url, "bad", f"it has no {branch}", f"{command}; ask its owners")
    return Finding("git", url, "ok", f"{branch} is there")


def zones(subject: Subject) -> Iterator[Finding]:
    """Look whether the parent of each zone sends the world to DigitalOcean's name servers."""
    names = [each.inputs["name"] for plan in subject.plans for each in plan.every("Domain")]
    with ThreadPoolExecutor(len(names) or 1) as pool:
        yield from pool.map(lambda name: delegation.look(name, subject.environ), names)


def drift(subject: Subject) -> Iterator[Finding]:
    """Look for the last list of the records that no code knows, and how old it is."""
    stack, name = subject.plan.stack, "last drift report"
    keep = (
        f"nightly: python -m ops drift --stack {stack} --format json > FILE, kept outside of the"
        f" account; then export {REPORT}=FILE"
    )
    lost = "a zone's foreign records (mail, proofs of ownership) would be lost"
    if not (path := subject.environ.get(REPORT)):
        yield Finding("zones", name, "bad", f"{REPORT} is not set: {lost}", keep)
        return
    try:
        file = Path(path)
        report: Any = json.loads(file.read_text("utf-8"))
        days = (time.time() - file.stat().st_mtime) / 86400
    except (OSError, ValueError) as error:
        yield Finding("zones", name, "bad", f"{path} cannot be read: {error}", keep)
        return
    if not isinstance(report, dict) or RECORDS not in report or report.get("stack") != stack:
        told = f"{path} is no report of {stack} with {RECORDS}: {lost}"
        yield Finding("zones", name, "bad", told, keep)
    elif days > DAYS:
        told = f"{path} is {days:.0f} days old; allowed are {DAYS}: newer records would be lost"
        yield Finding("zones", name, "bad", told, keep)
    else:
        told = f"{path}: {len(report[RECORDS])} records that no code knows, {days * 24:.0f} h old"
        yield Finding("zones", name, "ok", told)
