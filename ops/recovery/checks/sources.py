"""What a recovery needs from others: the repositories, the delegation, the last drift report."""

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
from ops.cli.findings import Finding, Part
from ops.recovery.checks import delegation
from ops.recovery.checks.delegation import ZONES
from ops.recovery.checks.subject import Subject

GIT = Part("git")
LIMIT = 20  # seconds for a repository to answer
NO_PROMPT = {  # git never asks for a password
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10",
}
# How to get access, by who clones: the person that starts the droplet, or App Platform.
CLONES = "your SSH agent needs a key that may read it (the owners of the repository)"
BUILDS = "`gh auth setup-git` gives git your access; App Platform's own: Apps, Settings, GitHub"
CREDENTIAL = re.compile(r"(?<=https:)//[^/@\s]*@")  # in a URL; it is never shown
REPORT = "ESTATE_DRIFT_REPORT"
MAX_DAYS = 8  # of a nightly report: a week without anyone noticing, and a day
RECORDS = "unmanagedRecords"


class Repository(NamedTuple):
    """A repository that is cloned, the branch, and how to get access to it."""

    url: str
    access: str
    branch: str


def repositories(subject: Subject) -> Iterator[Finding]:
    """Check that each repository has the branch that a recovery clones."""
    needed = list(dict.fromkeys(_repositories(subject)))
    if needed:
        with ThreadPoolExecutor(len(needed)) as pool:
            yield from pool.map(lambda each: _reachable(each, subject), needed)


def _repositories(subject: Subject) -> Iterator[Repository]:
    for plan in subject.plans:
        base = plan.setting("krotrust").get("gitBaseUrl")
        if base and subject.includes("droplet", "region"):
            yield from (Repository(f"{base}/{name}.git", CLONES, "HEAD") for name in REPOSITORIES)
        if not subject.includes("app", "region"):
            continue
        for app in plan.resources("App"):
            spec = app.inputs["spec"]
            for part in (*spec.get("services", ()), *spec.get("staticSites", ())):
                source = part["github"]
                url = f"https://github.com/{source['repo']}.git"
                yield Repository(url, BUILDS, source["branch"])


def _reachable(repository: Repository, subject: Subject) -> Finding:
    branch, url = repository.branch, CREDENTIAL.sub("//", repository.url)
    command = f"git ls-remote {url} {branch}"
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "ls-remote", repository.url, branch],  # noqa: S607
            env={**NO_PROMPT, **subject.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return GIT.bad(url, f"no answer within {LIMIT} s", f"{command}; this machine's network")
    except OSError:
        return GIT.not_checked(url, "git is not installed")
    if done.returncode:
        error = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        detail = f"not reachable: {CREDENTIAL.sub('//', error)}"
        return GIT.bad(url, detail, f"{command}; {repository.access}")
    exists = bool(done.stdout.strip())
    detail = f"has {branch}" if exists else f"has no {branch}"
    return GIT.verdict(url, detail, f"{command}; ask its owners", ok=exists)


def zones(subject: Subject) -> Iterator[Finding]:
    """Check that each zone is delegated to DigitalOcean's name servers."""
    names = [each.inputs["name"] for plan in subject.plans for each in plan.resources("Domain")]
    with ThreadPoolExecutor(len(names) or 1) as pool:
        yield from pool.map(lambda name: delegation.check(name, subject.environ), names)


def drift(subject: Subject) -> Iterator[Finding]:
    """Check that there is a recent report of the records outside of the program."""
    stack, name = subject.plan.stack, "last drift report"
    repair = (
        f"nightly: python -m ops drift --stack {stack} --format json > FILE, stored outside of the"
        f" account; then export {REPORT}=FILE"
    )
    loss = "a zone's other records (mail, proofs of ownership) would be lost"
    if not (path := subject.environ.get(REPORT)):
        yield ZONES.bad(name, f"{REPORT} is not set: {loss}", repair)
        return
    try:
        file = Path(path)
        report: Any = json.loads(file.read_text("utf-8"))
        days = (time.time() - file.stat().st_mtime) / 86400
    except (OSError, ValueError) as error:
        yield ZONES.bad(name, f"{path} cannot be read: {error}", repair)
        return
    if not isinstance(report, dict) or RECORDS not in report or report.get("stack") != stack:
        detail = f"{path} is no report of {stack} with {RECORDS}: {loss}"
        yield ZONES.bad(name, detail, repair)
    elif days > MAX_DAYS:
        detail = f"{path} is {days:.0f} days old, allowed are {MAX_DAYS}: newer records would be"
        yield ZONES.bad(name, f"{detail} lost", repair)
    else:
        detail = f"{path}: {len(report[RECORDS])} unmanaged records, {days * 24:.0f} h old"
        yield ZONES.ok(name, detail)
