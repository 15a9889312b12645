"""The cloud of a rehearsal: one JSON file and its log. Answers depend on the request alone.

The file: `made` counts creations by URN and `faults` those injected; `resources` has name,
import_id and state by `Type/id`; `delegated` are the zones that a registrar leads here, also after
they are deleted. The log beside it has one line for each operation that really happened.
"""

import fcntl
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, get_origin

from pulumi.provider.experimental.property_value import PropertyValue
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from rehearsal import FAULTS_VARIABLE
from rehearsal.property_values import Properties, plain, seal
from rehearsal.sdk import ResourceType
from rehearsal.table import ENGINES, NOT_IN_STATE, READ_WHERE_KNOWN, TABLE, Row

Json = Mapping[str, Any]
DEFAULTS = {
    f"default_{name}": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.rehearsal.test"))
    for name in ("vpc", "project")
}
ADDRESSES = ("{public_ip}", "{private_ip}")  # fixed at creation: no change moves them
_FILLERS: Mapping[Any, Any] = {str: "made-up-{hex}", bool: False, int: 0.0, float: 0.0}


class Refused(Exception):  # noqa: N818 - the word that an operator reads
    """The simulated API refuses a request; the text is its answer."""

    # The plugin server would append the Python stack to the text of the answer.
    __traceback__ = property(lambda _: None, lambda _, __: None)


def load(path: Path) -> dict[str, Any]:
    """Return the content of the file, which does not exist before the first change."""
    empty: dict[str, Any] = {"made": {}, "faults": {}, "resources": {}, "delegated": []}
    return empty | (json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})


@contextmanager
def edit(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the content to one writer at a time; write it atomically, unless an error is raised."""
    with _locked(path):
        content = load(path)
        yield content
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(path)


def append_log(path: Path, line: Json) -> None:
    """Append one line to the log of operations."""
    with _locked(path), path.with_name(f"{path.name}.log").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Fault:
    """One fault to inject; `name` is a pattern of the whole logical name.

    refuse, timeout: nothing happens. lost, die: it happens, and no answer arrives. repeat: like
    lost, and the client sends the creation a second time.
    """

    type: str
    op: Literal["create", "update", "delete", "read"]
    kind: Literal["refuse", "timeout", "lost", "repeat", "die"]
    name: str = ".*"
    times: int = 1


def faults() -> list[Fault]:
    """Return the faults in REHEARSAL_FAULTS. Raises `Refused` if it is not valid."""
    text = os.environ.get(FAULTS_VARIABLE) or "[]"
    try:
        return TypeAdapter(list[Fault]).validate_json(text)
    except ValidationError as error:
        raise Refused(f"{FAULTS_VARIABLE} cannot be read: {error}") from None


def fault_due(path: Path, op: str, kind: str, name: str) -> str:
    """Return the kind of fault to inject now, and count it; an empty string for none."""
    for fault in faults():
        if (fault.type, fault.op) == (kind, op) and re.fullmatch(fault.name, name):
            with edit(path) as content:
                count = content["faults"][repr(fault)] = content["faults"].get(repr(fault), 0) + 1
            if count <= fault.times:
                return fault.kind
    return ""


def values_at(value: Any, path: str) -> list[Any]:
    """Return every value at a dotted path; of a list on the way, those of all elements."""
    values = [value]
    for part in path.split("."):
        children = [each[part] for each in values if isinstance(each, dict) and part in each]
        values = [each for one in children for each in (one if isinstance(one, list) else [one])]
    return values


def find_key(content: Json, kind: str, output: str = "", *, value: object) -> str:
    """Return the key of the resource whose id, import id or `output` is `value`, or ""."""
    for key, record in content["resources"].items():
        name, _, identity = key.partition("/")
        if name == kind and str(value) in (
            identity,
            record["import_id"],
            record["state"].get(output),
        ):
            return str(key)
    return ""


def store(
    content: dict[str, Any], kind: ResourceType, identity: str, inputs: Properties
) -> dict[str, PropertyValue]:
    """Write one resource, its secret inputs hidden, and return the state that the engine keeps."""
    own_row, key = row(kind.name), f"{kind.name}/{identity}"
    before = content["resources"].get(key, {}).get("state", {})
    state = {n: seal(each, identity) if kind.name == "App" else each for n, each in inputs.items()}
    for name in (*own_row.outputs, *kind.outputs):
        if name not in state and (is_computed(kind, name) or name not in kind.inputs):
            hint = get_origin(kind.outputs[name]) or kind.outputs[name]
            value = own_row.outputs.get(name, _FILLERS.get(hint, []))
            if value in ADDRESSES and name in before:
                value = before[name]
            if isinstance(value, str):
                value = fill_template(value, identity, state, id=identity)
            state[name] = PropertyValue(float(value) if hint in (int, float) else value)
    record = content["resources"].setdefault(key, {})
    record |= {
        "name": fill_template(own_row.unique, identity, state),
        "import_id": fill_template(own_row.import_id, identity, state, id=identity),
        "state": plain(state, hide=True),
    }
    return with_secrets_marked(kind, state)


def drop_unread(content: Json, kind: str, live: dict[str, Any], known: Json) -> None:
    """Remove from `live` what no read returns, except what the last state, `known`, has of it."""
    nothing: dict[str, Any] = {}
    for path in row(kind).unread.split():
        above, _, leaf = f".{path}".rpartition(".")
        last = [] if path in NOT_IN_STATE else values_at({"": known}, above)
        for now, then in zip_longest(values_at({"": live}, above), last, fillvalue=nothing):
            if path in READ_WHERE_KNOWN and leaf in then:
                continue
            now.pop(leaf, None)
            now.update({leaf: then[leaf]} if leaf in then else {})
    cluster = f"DatabaseCluster/{live.get('clusterId')}"
    mongo = values_at(content["resources"].get(cluster), "state.engine") == ["mongodb"]
    if kind == "DatabaseUser" and mongo and not known:
        live["password"] = ""  # returned once, when the user is created


def with_secrets_marked(kind: ResourceType, state: Properties) -> dict[str, PropertyValue]:
    """Return `state` with every output that the SDK calls secret marked as secret."""
    return {n: each.with_secret(each.is_secret or n in kind.secret) for n, each in state.items()}


def row(kind: str) -> Row:
    """Return the table's row of a type, or the defaults."""
    return TABLE.get(kind, Row())


def is_computed(kind: ResourceType, name: str) -> bool:
    """Return whether the API fills in an input that is left out."""
    return name in kind.computed or name in row(kind.name).outputs


def fill_template(template: str, seed: str, state: Properties, **more: str) -> str:
    """Fill a template with values of the state and with facts that are derived from `seed` alone.

    Raises `Refused` if the template names a value that is not set.
    """
    digest, values = hashlib.sha256(seed.encode()).digest(), plain(state)
    facts = {
        "uuid": str(uuid.UUID(bytes=digest[:16], version=4)),
        "number": str(100_000_000 + int.from_bytes(digest[:4]) % 900_000_000),
        "hex": digest.hex()[:8],
        "byte": digest[0],
        "password": f"REHEARSAL_{digest.hex()[32:]}",
        "fingerprint": digest[:16].hex(":"),
        "public_ip": f"198.18.{digest[0]}.{digest[1]}",  # a range reserved for tests of networks
        "private_ip": f"10.{digest[0]}.{digest[1]}.{digest[2]}",
        "first": ENGINES.get(values.get("engine", ""), ENGINES["pg"]),
        "label": "" if values.get("name") == "@" else f"{values.get('name')}.",
    }
    try:
        return template.format_map(DEFAULTS | facts | values | more)
    except (KeyError, TypeError) as error:
        raise Refused(f"422 Unprocessable: {error} is missing") from None
