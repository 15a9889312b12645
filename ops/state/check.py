"""Check the state of a stack: its backend, bucket, locks, content, passphrase and weekly copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from ops import ROOT
from ops.account import client
from ops.account.client import RefusedError
from ops.cli.errors import UsageError
from ops.cli.findings import Finding, Part
from ops.engine import documents, plugin, pulumi_cli
from ops.engine.documents import Deployment
from ops.plan import config
from ops.state import bucket, copies, history, passphrase
from ops.state.history import Backend
from ops.state.locations import Bucket, address, place

Environ = Mapping[str, str]
MAX_AGE = timedelta(days=8)  # a week, and a day to repair it
UNREADABLE = "failed to load checkpoint"  # in the engine's error
BOOTSTRAP = "python -m ops state bootstrap"
RESTORE = "python -m ops state open --stack {0} | pulumi stack import --stack {0}"
RECREATE = "pulumi stack init {0} --no-select && " + RESTORE
REPAIR = "python -m ops repair --stack {0}"
SET_FILE = (
    "export PULUMI_CONFIG_PASSPHRASE_FILE=~/.config/estate/passphrase  # its content: the vault"
)
STATE = Part("state")


def look(stack: str, environ: Environ, now: datetime | None = None) -> list[Finding]:
    """Check the state, its backend and its copies. Reads only; no finding has a secret."""
    return [*_state(stack, environ), *_copies(stack, environ, now or datetime.now(UTC))]


def _state(stack: str, environ: Environ) -> Iterator[Finding]:
    project = config.load(stack).project
    try:
        url = history.url(environ)
    except UsageError as error:
        repair = f"{BOOTSTRAP}  # and the export that it prints"
        yield STATE.bad("backend", f"not set: {error}", repair)
        return
    yield _kind(url, environ)
    backend = None
    if url.startswith(("s3:", "file:")):
        try:
            backend = Backend(place(url, environ), project, stack)
            backend.place.names(".pulumi/stacks/")
        except UsageError as error:
            repair = "check PULUMI_BACKEND_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            if "NoSuchBucket" in str(error):
                repair = f"{_bootstrap(url)} && {RECREATE.format(stack)}"
            yield STATE.bad("reachable", str(error), repair)
            return
        yield STATE.ok("reachable", str(backend.place))
        if isinstance(backend.place, Bucket):
            yield _bucket(backend.place, _bootstrap(url))
        yield _locks(backend)
    yield from _content(stack, backend, environ)


def _kind(url: str, environ: Environ) -> Finding:
    kind = url.split(":")[0]
    if kind == "s3":
        return STATE.ok("backend", "a bucket")
    if kind == "https":
        return STATE.ok("backend", "Pulumi Cloud, which keeps every version itself")
    if kind != "file":
        return STATE.not_checked("backend", f"unknown kind: {kind}")
    if plugin.answering(environ) == plugin.STAND_IN:
        return STATE.ok("backend", "a folder, which is right for a rehearsal")
    detail = "a folder: it is lost with this disk, and other machines do not see its locks"
    repair = f"{BOOTSTRAP}  # then move the state there: docs/state.md"
    return STATE.bad("backend", detail, repair)


def _bootstrap(url: str) -> str:
    """Return the command that creates the bucket of a backend, or corrects its settings."""
    parsed = address(url)
    region, _, host = (urlsplit(parsed.endpoint).hostname or "").partition(".")
    option = f" --region {region}" if host == "digitaloceanspaces.com" else ""
    return f"{BOOTSTRAP} --bucket {parsed.bucket}{option}"


def _bucket(location: Bucket, repair: str) -> Finding:
    try:
        with client.refusals():
            problems = bucket.problems(location.client, location.name)
    except RefusedError as error:
        if error.status != 403:
            return STATE.bad("bucket", str(error), repair)
        detail = "this key may not read its settings; a full-access key may"
        return STATE.not_checked("bucket", detail, repair)
    detail = "; ".join(each.detail for each in problems)
    right = f"private, keeps old versions for at least {bucket.DAYS} days"
    return STATE.verdict("bucket", detail or right, repair, ok=not problems)


def _locks(backend: Backend) -> Finding:
    locks = [
        f"{each['username']}@{each['hostname']} (pid {each['pid']}) since {each['timestamp']}"
        for each in backend.locks()
    ]
    repair = f"pulumi cancel --stack {backend.stack} --yes  # only if no engine is running there"
    detail = f"held by {'; '.join(locks)}" if locks else "not held"
    return STATE.verdict("lock", detail, repair, ok=not locks)


def _content(stack: str, backend: Backend | None, environ: Environ) -> Iterator[Finding]:
    if backend and _half_written(backend):
        detail = "its description is empty: an engine was killed; the state itself is complete"
        yield STATE.bad("readable", detail, REPAIR.format(stack))
        return
    try:
        exported = pulumi_cli.text("stack", "export", "--stack", stack, environ=environ)
        state = documents.deployment(exported)
    except UsageError as error:
        yield _unreadable(stack, str(error))
        return
    if not state.resources:
        older = backend and any(backend.versions())
        repair = RESTORE.format(stack) if older else f"python -m ops adopt --stack {stack}"
        yield STATE.bad("readable", "the state is empty", repair)
    else:
        yield STATE.ok("readable", f"{len(state.resources)} resources")
        yield _age(stack, backend, state)
    pending = [f"{urn.name} while {operation}" for urn, operation in state.pending.items()]
    detail = f"interrupted: {', '.join(pending)}" if pending else "no interrupted operation"
    yield STATE.verdict("pending", detail, REPAIR.format(stack), ok=not pending)
    yield from _secrets(stack, state, environ)


def _half_written(backend: Backend) -> bool:
    description = f"{backend.current}.attrs"
    names = backend.place.names(f"{backend.current.rpartition('/')[0]}/")
    return description in names and not backend.place.read(description)


def _unreadable(stack: str, error: str) -> Finding:
    if "no stack named" in error:
        detail = f"there is no stack {stack}: restore a copy, or adopt the live resources"
        return STATE.bad("readable", detail, RECREATE.format(stack))
    repair = RESTORE.format(stack) if UNREADABLE in error else "see the engine's error"
    return STATE.bad("readable", error, repair)


def _age(stack: str, backend: Backend | None, state: Deployment) -> Finding:
    if not (backend and (last := backend.last_update())):
        return STATE.not_checked("up to date", "no update in the history")
    written, updated = (f"{each:%Y-%m-%d %H:%M:%S} UTC" for each in (state.time, last.when))
    if state.time < last.when:
        detail = f"the state is of {written}, the last update of {updated}: an older state was put"
        detail += " back"
        return STATE.bad("up to date", detail, RESTORE.format(stack))
    return STATE.ok("up to date", f"of {written}, no update is newer")


def _secrets(stack: str, state: Deployment, environ: Environ) -> Iterator[Finding]:
    provider = state.secrets_provider
    file = f"Pulumi.{stack}.yaml"
    salts = {file: config.read(ROOT / file).get("encryptionsalt")}
    if provider.get("type") == "passphrase":
        salts["the state"] = provider["state"]["salt"]
    elif provider:
        detail = f"secrets are encrypted by {provider['type']}"
        yield STATE.ok("passphrase of the state", detail)
    for owner, salt in salts.items():
        if salt:
            yield _passphrase(f"passphrase of {owner}", salt, environ)


def _passphrase(name: str, salt: str, environ: Environ) -> Finding:
    try:
        right = passphrase.matches(salt, passphrase.read(environ))
    except UsageError as error:
        return STATE.bad(name, str(error), SET_FILE)
    detail = "the passphrase opens it" if right else "the passphrase does not open it"
    return STATE.verdict(name, detail, SET_FILE, ok=right)


def _copies(stack: str, environ: Environ, now: datetime) -> Iterator[Finding]:
    save = f"python -m ops state save --stack {stack}"
    try:
        location = copies.second_place(environ)
        copy = copies.newest(location, stack)
        if not copy:
            yield STATE.bad("weekly copy", f"there is none in {location}", save)
            return
        copies.opened(location.read(copy.name), environ, copy.name)
    except UsageError as error:
        yield STATE.bad("weekly copy", str(error), f"{save}  # see docs/state.md")
        return
    old = now - copy.when > MAX_AGE
    detail = f"{copy.name} in {location} opens" + (", but is older than 8 days" if old else "")
    yield STATE.verdict("weekly copy", detail, save, ok=not old)
