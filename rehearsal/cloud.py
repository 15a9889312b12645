"""The cloud of a rehearsal: one JSON file, its log, and answers made of nothing but the question.

The file: `made` counts creations by URN, `faults` those played; `resources` holds name, import_id
and state by `Type/id`; `delegated` are the zones that a registrar leads here, which outlasts them.
The log beside it has one line for each operation that really happened.
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
from rehearsal.sdk import ResourceType
from rehearsal.table import ENGINES, NEVER_KEPT, READ_WHERE_KNOWN, TABLE, Row
from rehearsal.values import Properties, plain, seal

Json = Mapping[str, Any]
FIRST = {
    f"first_{name}": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.rehearsal.test"))
    for name in ("vpc", "project")
}
ADDRESSES = ("{public_ip}", "{private_ip}")  # given once: no change moves them
_FILLERS: Mapping[Any, Any] = {str: "made-up-{hex}", bool: False, int: 0.0, float: 0.0}


class Refused(Exception):  # noqa: N818 - the word an operator reads
    """The played far end says no; the text is its answer."""

    # The plugin server appends an error's Python stack to its text; an answer has none.
    __traceback__ = property(lambda _: None, lambda _, __: None)


def look(path: Path) -> dict[str, Any]:
    """Return what stands in the file, which need not exist before the first change."""
    empty: dict[str, Any] = {"made": {}, "faults": {}, "resources": {}, "delegated": []}
    return empty | (json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})


@contextmanager
def change(path: Path) -> Iterator[dict[str, Any]]:
    """Lend the content to one writer at a time; write it in one step, unless an error rises."""
    with _locked(path):
        content = look(path)
        yield content
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(path)


def log(path: Path, line: Json) -> None:
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
    """One fault on demand; `name` is a pattern that the whole logical name fits.

    refuse and timeout: nothing happened. lost and die: it happened, and no answer came. repeat: so,
    too, and what a creation asks for is asked for again.
    """

    type: str
    op: Literal["create", "update", "delete", "read"]
    kind: Literal["refuse", "timeout", "lost", "repeat", "die"]
    name: str = ".*"
    times: int = 1


def faults() -> list[Fault]:
    """Return what REHEARSAL_FAULTS orders. Raises `Refused` where that cannot be read."""
    text = os.environ.get(FAULTS_VARIABLE) or "[]"
    try:
        return TypeAdapter(list[Fault]).validate_json(text)
    except ValidationError as error:
        raise Refused(f"{FAULTS_VARIABLE} cannot be read: {error}") from None


def due(path: Path, op: str, kind: str, name: str) -> str:
    """Return the kind of fault that is ordered for now, and count it; else nothing."""
    for fault in faults():
        if (fault.type, fault.op) == (kind, op) and re.fullmatch(fault.name, name):
            with change(path) as content:
                count = content["faults"][repr(fault)] = content["faults"].get(repr(fault), 0) + 1
            if count <= fault.times:
                return fault.kind
    return ""


def at(value: Any, path: str) -> list[Any]:
    """Return every value at a dotted path; a list on the way stands for its elements."""
    values = [value]
    for part in path.split("."):
        found = [each[part] for each in values if isinstance(each, dict) and part in each]
        values = [each for one in found for each in (one if isinstance(one, list) else [one])]
    return values


def find(content: Json, kind: str, output: str = "", *, wanted: object) -> str:
    """Return the key of a resource, by id, what an import takes, or an output; else nothing."""
    for key, record in content["resources"].items():
        name, _, identity = key.partition("/")
        known = (identity, record["import_id"], record["state"].get(output))
        if name == kind and str(wanted) in known:
            return str(key)
    return ""


def store(
    content: dict[str, Any], kind: ResourceType, identity: str, inputs: Properties
) -> dict[str, PropertyValue]:
    """Write one resource, its secret inputs hidden, and return the state the engine keeps."""
    made, key = row(kind.name), f"{kind.name}/{identity}"
    before = content["resources"].get(key, {}).get("state", {})
    state = {n: seal(each, identity) if kind.name == "App" else each for n, each in inputs.items()}
    for name in (*made.outputs, *kind.outputs):
        if name not in state and (filled_in(kind, name) or name not in kind.inputs):
            hint = get_origin(kind.outputs[name]) or kind.outputs[name]
            value = made.outputs.get(name, _FILLERS.get(hint, []))
            if value in ADDRESSES and name in before:
                value = before[name]
            value = fill(value, identity, state, id=identity) if isinstance(value, str) else value
            state[name] = PropertyValue(float(value) if hint in (int, float) else value)
    record = content["resources"].setdefault(key, {})
    record |= {
        "name": fill(made.unique, identity, state),
        "import_id": fill(made.import_id, identity, state, id=identity),
        "state": plain(state, hide=True),
    }
    return guarded(kind, state)


def forget(content: Json, kind: str, held: dict[str, Any], known: Json) -> None:
    """Take out what no read brings back, but for what the last state knows of it."""
    nothing: dict[str, Any] = {}
    for path in row(kind).unread.split():
        above, _, leaf = f".{path}".rpartition(".")
        kept = [] if path in NEVER_KEPT else at({"": known}, above)
        for now, then in zip_longest(at({"": held}, above), kept, fillvalue=nothing):
            if path in READ_WHERE_KNOWN and leaf in then:
                continue
            now.pop(leaf, None)
            now.update({leaf: then[leaf]} if leaf in then else {})
    cluster = f"DatabaseCluster/{held.get('clusterId')}"
    mongo = at(content["resources"].get(cluster), "state.engine") == ["mongodb"]
    if kind == "DatabaseUser" and mongo and not known:
        held["password"] = ""  # told once, when the user was made


def guarded(kind: ResourceType, state: Properties) -> dict[str, PropertyValue]:
    """Return `state` with what the SDK calls secret marked as secret."""
    return {n: each.with_secret(each.is_secret or n in kind.secret) for n, each in state.items()}


def row(kind: str) -> Row:
    """Return the table's row of a type, or the defaults."""
    return TABLE.get(kind, Row())


def filled_in(kind: ResourceType, name: str) -> bool:
    """Tell whether the far end has a value of its own for an input that is left out."""
    return name in kind.computed or name in row(kind.name).outputs


def fill(template: str, seed: str, state: Properties, **more: str) -> str:
    """Fill a template from a state and from facts made of `seed` alone.

    Raises `Refused` where it names something that is not set.
    """
    digest, given = hashlib.sha256(seed.encode()).digest(), plain(state)
    facts = {
        "uuid": str(uuid.UUID(bytes=digest[:16], version=4)),
        "number": str(100_000_000 + int.from_bytes(digest[:4]) % 900_000_000),
        "hex": digest.hex()[:8],
        "byte": digest[0],
        "password": f"REHEARSAL_{digest.hex()[32:]}",
        "fingerprint": digest[:16].hex(":"),
        "public_ip": f"198.18.{digest[0]}.{digest[1]}",  # kept for tests of networks
        "private_ip": f"10.{digest[0]}.{digest[1]}.{digest[2]}",
        "first": ENGINES.get(given.get("engine", ""), ENGINES["pg"]),
        "label": "" if given.get("name") == "@" else f"{given.get('name')}.",
    }
    try:
        return template.format_map(FIRST | facts | given | more)
    except (KeyError, TypeError) as error:
        raise Refused(f"422 Unprocessable: {error} is missing") from None
