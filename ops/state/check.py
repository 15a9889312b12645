"""How the state stands: where it lies, whether it is whole and of today, who holds it, its copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from ops import ROOT
from ops.account import client
from ops.cli.errors import UsageError
from ops.cli.findings import Finding, State
from ops.engine import documents, plugin, pulumi_cli
from ops.engine.documents import Deployment
from ops.plan import config
from ops.state import bucket, copies, history, passphrase
from ops.state.history import Backend
from ops.state.locations import Bucket, address, place

Environ = Mapping[str, str]
PART = "state"
AGE = timedelta(days=8)  # a week, and a day to mend it in
UNREADABLE = "failed to load checkpoint"
BOOTSTRAP = "python -m ops state bootstrap"
RESTORE = "python -m ops state open --stack {0} | pulumi stack import --stack {0}"
LOST = "pulumi stack init {0} --no-select && " + RESTORE
GIVE = "export PULUMI_CONFIG_PASSPHRASE_FILE=~/.config/estate/passphrase  # its content: the vault"


def look(stack: str, environ: Environ, now: datetime | None = None) -> list[Finding]:
    """Look at the state of a stack, its backend and its copies. Reads only; shows no secret."""
    return [*_state(stack, environ), *_copies(stack, environ, now or datetime.now(UTC))]


def _found(name: str, state: State, told: str, mend: str = "") -> Finding:
    return Finding(PART, name, state, told, "" if state == "ok" else mend)


def _state(stack: str, environ: Environ) -> Iterator[Finding]:
    project = config.load(stack).project
    try:
        url = history.url(environ)
    except UsageError as error:
        mend = f"{BOOTSTRAP}  # and the export that it prints"
        yield _found("backend", "bad", f"none is named: {error}", mend)
        return
    yield _kind(url, environ)
    backend = None
    if url.startswith(("s3:", "file:")):
        try:
            backend = Backend(place(url, environ), project, stack)
            backend.place.names(".pulumi/stacks/")
        except UsageError as error:
            mend = "see PULUMI_BACKEND_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            if "NoSuchBucket" in str(error):
                mend = f"{_bootstrap(url)} && {LOST.format(stack)}"
            yield _found("reachable", "bad", str(error), mend)
            return
        yield _found("reachable", "ok", str(backend.place))
        if isinstance(backend.place, Bucket):
            yield _bucket(backend.place, _bootstrap(url))
        yield from _locks(backend)
    yield from _content(stack, backend, environ)


def _kind(url: str, environ: Environ) -> Finding:
    if url.startswith("s3:"):
        return _found("backend", "ok", "a bucket")
    if url.startswith("file:"):
        if plugin.answering(environ) == plugin.STAND_IN:
            return _found("backend", "ok", "a folder, as a rehearsal has it")
        told = "a folder: it is lost with this disk, and nobody else sees a lock in it"
        return _found("backend", "bad", told, f"{BOOTSTRAP}  # then take it along: docs/state.md")
    if url.startswith("https:"):
        return _found("backend", "ok", "Pulumi Cloud, which keeps every version itself")
    return _found("backend", "unseen", f"of a kind that is not looked at: {url.split(':')[0]}")


def _bootstrap(url: str) -> str:
    """Give the command that makes the bucket of a backend, or sets it right."""
    _, name, endpoint, _ = address(url)
    region, _, host = (urlsplit(endpoint).hostname or "").partition(".")
    where = f" --region {region}" if host == "digitaloceanspaces.com" else ""
    return f"{BOOTSTRAP} --bucket {name}{where}"


def _bucket(where: Bucket, mend: str) -> Finding:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    try:
        with client.refusals():
            try:
                amiss = bucket.amiss(where.client, where.name)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                    raise
                told = "this key may not look at its settings; a full-access one may"
                return _found("bucket", "unseen", told, mend)
    except UsageError as error:
        return _found("bucket", "bad", str(error), mend)
    if amiss:
        return _found("bucket", "bad", "; ".join(each.told for each in amiss), mend)
    return _found("bucket", "ok", f"private, keeps an old version for {bucket.DAYS} days or more")


def _locks(backend: Backend) -> Iterator[Finding]:
    held = [
        f"{each['username']}@{each['hostname']} (pid {each['pid']}) since {each['timestamp']}"
        for each in backend.locks()
    ]
    mend = f"pulumi cancel --stack {backend.stack} --yes  # once no engine is at work there"
    told = f"held by {'; '.join(held)}" if held else "nobody holds one"
    yield _found("lock", "bad" if held else "ok", told, mend)


def _content(stack: str, backend: Backend | None, environ: Environ) -> Iterator[Finding]:
    if backend and _half_written(backend):
        told = "its description was left empty by an engine that was killed; the state is whole"
        yield _found("readable", "bad", told, f"python -m ops mend --stack {stack}")
        return
    try:
        exported = pulumi_cli.text("stack", "export", "--stack", stack, environ=environ)
        state = documents.deployment(exported)
    except UsageError as error:
        yield _unreadable(stack, str(error))
        return
    if not state.resources:
        older = backend and any(backend.states())
        mend = RESTORE.format(stack) if older else f"python -m ops adopt --stack {stack}"
        yield _found("readable", "bad", "it is there, and empty", mend)
    else:
        yield _found("readable", "ok", f"{len(state.resources)} resources")
        yield _age(stack, backend, state)
    yield _pending(stack, state)
    yield from _secrets(stack, state, environ)


def _half_written(backend: Backend) -> bool:
    name = f"{backend.current}.attrs"
    there = backend.place.names(f"{backend.current.rpartition('/')[0]}/")
    return name in there and not backend.place.read(name)


def _unreadable(stack: str, error: str) -> Finding:
    if "no stack named" in error:
        told = f"there is no stack {stack}: restore a copy, or adopt what runs"
        return _found("readable", "bad", told, LOST.format(stack))
    mend = RESTORE.format(stack) if UNREADABLE in error else "see what the engine says"
    return _found("readable", "bad", error, mend)


def _age(stack: str, backend: Backend | None, state: Deployment) -> Finding:
    if not (backend and (last := backend.recorded())):
        return _found("of today", "unseen", "no history tells of an update")
    written = state.time
    if written < last.when:
        told = f"the state is of {written:%Y-%m-%d %H:%M:%S} UTC, the last update"
        told += f" of {last.when:%Y-%m-%d %H:%M:%S} UTC: somebody put an older one back"
        return _found("of today", "bad", told, RESTORE.format(stack))
    return _found("of today", "ok", f"of {written:%Y-%m-%d %H:%M:%S} UTC, no update is newer")


def _pending(stack: str, state: Deployment) -> Finding:
    pending = [f"{urn.name} while {operation}" for urn, operation in state.pending.items()]
    told = f"interrupted: {', '.join(pending)}" if pending else "nothing was interrupted"
    mend = f"python -m ops mend --stack {stack}"
    return _found("pending", "bad" if pending else "ok", told, mend)


def _secrets(stack: str, state: Deployment, environ: Environ) -> Iterator[Finding]:
    keeper = state.secrets_provider
    file = f"Pulumi.{stack}.yaml"
    salts = {file: config.read(ROOT / file).get("encryptionsalt")}
    if keeper.get("type") == "passphrase":
        salts["the state"] = keeper["state"]["salt"]
    elif keeper:
        yield _found(
            "passphrase of the state", "ok", f"the state's secrets are kept by {keeper['type']}"
        )
    for what, salt in salts.items():
        if salt:
            yield _opens(what, salt, environ)


def _opens(what: str, salt: str, environ: Environ) -> Finding:
    name = f"passphrase of {what}"
    try:
        right = passphrase.opens(salt, passphrase.at_hand(environ))
    except UsageError as error:
        return _found(name, "bad", str(error), GIVE)
    told = "the one at hand opens it" if right else "the one at hand does not open it"
    return _found(name, "ok" if right else "bad", told, GIVE)


def _copies(stack: str, environ: Environ, now: datetime) -> Iterator[Finding]:
    save = f"python -m ops state save --stack {stack}"
    try:
        there = copies.named(environ)
        saved = copies.newest(there, stack)
        if not saved:
            yield _found("weekly copy", "bad", f"there is none in {there}", save)
            return
        copies.opened(there.read(saved.name), environ, saved.name)
    except UsageError as error:
        yield _found("weekly copy", "bad", str(error), f"{save}  # see docs/state.md")
        return
    old = now - saved.when > AGE
    told = f"{saved.name} in {there} {'opens, but is older than 8 days' if old else 'opens'}"
    yield _found("weekly copy", "bad" if old else "ok", told, save)
