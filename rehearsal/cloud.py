"""The cloud of a rehearsal: one JSON file, and answers made up of nothing but the question.

The file: `made` counts creations by URN; `resources` holds name, import_id and state by `Type/id`.
"""

import fcntl
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from rehearsal.sdk import ResourceType
from rehearsal.table import ENGINES, TABLE, Row
from rehearsal.values import Properties, plain

_FILLERS: Mapping[str, Any] = {"boolean": False, "integer": 0.0, "number": 0.0, "list": []}


class Refused(Exception):  # noqa: N818 - the word an operator reads
    """The played far end says no; the text is its answer."""

    # The plugin server appends an error's Python stack to its text; an answer has none.
    __traceback__ = property(lambda _: None, lambda _, __: None)


def look(path: Path) -> dict[str, Any]:
    """Return what stands in the file, which need not exist before the first change."""
    if not path.exists():
        return {"made": {}, "resources": {}}
    return dict(json.loads(path.read_text(encoding="utf-8")))


@contextmanager
def change(path: Path) -> Iterator[dict[str, Any]]:
    """Lend the content to one writer at a time; write it in one step, unless an error rises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = look(path)
        yield content
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(path)


def row(kind: ResourceType) -> Row:
    """Return the table's row of a type, or the defaults."""
    return TABLE.get(kind.name, Row())


def fill(template: str, seed: str, state: Properties, **more: str) -> str:
    """Fill a template from a state and from facts made of `seed` alone.

    Raises `Refused` where it names something that is not set.
    """
    try:
        return template.format_map(facts(seed, state) | more)
    except (KeyError, TypeError) as error:
        raise Refused(f"422 Unprocessable: {error} is missing") from None


def facts(seed: str, state: Properties) -> dict[str, Any]:
    """Return the names that a template may use, besides `id`."""
    given = {name: plain(value) for name, value in state.items()}
    digest = hashlib.sha256(seed.encode()).digest()
    engine = ENGINES.get(given.get("engine", ""), ENGINES["pg"])
    return {
        "uuid": str(uuid.UUID(bytes=digest[:16], version=4)),
        "number": str(100_000_000 + int.from_bytes(digest[:4]) % 900_000_000),
        "hex": digest.hex()[:8],
        "byte": digest[0],
        "password": f"REHEARSAL_{digest.hex()[32:]}",
        "fingerprint": digest[:16].hex(":"),
        "public_ip": f"198.18.{digest[0]}.{digest[1]}",  # kept for tests of networks
        "private_ip": f"10.{digest[0]}.{digest[1]}.{digest[2]}",
        "first_vpc": str(uuid.uuid5(uuid.NAMESPACE_DNS, "vpc.rehearsal.test")),
        "first_project": str(uuid.uuid5(uuid.NAMESPACE_DNS, "project.rehearsal.test")),
        **dict(
            zip(("scheme", "engine_port", "engine_user", "engine_database"), engine, strict=True)
        ),
        "label": "" if given.get("name") == "@" else f"{given.get('name')}.",
        **given,
    }


def answers(kind: ResourceType, identity: str, held: Properties) -> dict[str, PropertyValue]:
    """Return `held` with every output that the far end adds of its own."""
    state, made = dict(held), row(kind).outputs
    for name in (*made, *kind.outputs):
        own = name in made or name in kind.computed or name not in kind.inputs.fields
        if own and name not in state:
            text = fill(made.get(name, "made-up-{hex}"), identity, state, id=identity)
            shape = kind.outputs[name].kind
            number = name in made and shape in ("integer", "number")
            state[name] = PropertyValue(float(text) if number else _FILLERS.get(shape, text))
    return state


def guarded(kind: ResourceType, state: Properties) -> dict[str, PropertyValue]:
    """Return `state` with what the SDK calls secret marked as secret."""
    return {
        name: value.with_secret(value.is_secret or name in kind.secret)
        for name, value in state.items()
    }
