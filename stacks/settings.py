"""Settings of a stack: read once, typed, and refused as a whole with every mistake named."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, get_args

import pulumi
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from components.facts.krogiving import BACKEND_SECRETS, BUCKET_SECRETS
from components.facts.pencom import INVENTORY
from components.inventory import problems
from components.krogiving_settings import KroGivingSettings
from components.krotrust_settings import KroTrustSettings
from components.pencom import PencomSettings
from components.sealed import Seal
from components.types import Email, Model
from stacks import secrets
from stacks.environment import Environment, System
from stacks.sharing import Claim, UnreadableError, clashes

FACTS_FILE = "components/facts/pencom.py"
# In the name of a setting, or in a value that a person typed there.
SECRET_LOOKING = re.compile(  # valkey is a database
    r"(secret|password|token|(?<!val)key)$|private key|sk_|EV\[", re.IGNORECASE
)
HIDDEN = "(not shown: it may be a secret)"


class Settings(Model):
    """The whole stack file, but for its secrets. A system that the environment lacks is None."""

    alert_emails: Annotated[tuple[Email, ...], Field(min_length=1)]
    removals: tuple[str, ...]
    seals: Mapping[str, Seal]
    krotrust: KroTrustSettings | None = None
    krogiving: KroGivingSettings | None = None
    pencom: PencomSettings | None = None


@dataclass(frozen=True)
class Mistake:
    """One wrong setting: its full key, the value found, and what is allowed."""

    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        lines = textwrap.wrap(self.allowed, 88, subsequent_indent=" " * 13, break_on_hyphens=False)
        return f"  {self.key}\n    found:   {self.found}\n    allowed: " + "\n".join(lines)


def load(stack: str, environment: Environment) -> tuple[Settings, dict[str, secrets.SecretValue]]:
    """Read the stack's settings and secrets from the engine.

    Raises pulumi.RunError that lists every mistake with its key, the value found, what is allowed
    and the file; no secret value is part of it.
    """
    project = pulumi.get_project()
    prefix = f"{project}:"
    config = {
        key.removeprefix(prefix): value
        for key, value in pulumi.runtime.get_config_env().items()
        if key.startswith(prefix)
    }
    encrypted = {key.removeprefix(prefix) for key in pulumi.runtime.get_config_secret_keys_env()}
    secret_config = {key: value for key, value in config.items() if secrets.is_secret_key(key)}
    plain = {key: _parsed(value) for key, value in config.items() if key not in secret_config}

    wrong = [
        Mistake(prefix + key, HIDDEN, text)
        for key, text in secrets.mistakes(secret_config, encrypted, os.environ)
    ]
    wrong += _misplaced_systems(plain, stack, environment, prefix)
    settings: Settings | None = None
    try:
        settings = Settings.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        wrong += _mistakes(error.errors(include_url=False), prefix)
    wrong += _seal_mistakes(plain.get("seals"), prefix)
    invalid = {mistake.key.removeprefix(prefix) for mistake in wrong}
    wrong += _shared(plain, invalid, stack, prefix)
    in_settings, in_facts = _inventory_mistakes(plain.get("pencom"), prefix)
    wrong += in_settings
    if wrong or in_facts or settings is None:
        files = {f"Pulumi.{stack}.yaml": wrong, FACTS_FILE: in_facts}
        raise pulumi.RunError("\n".join(_refusal(*each) for each in files.items() if each[1]))
    return settings, secrets.find(secret_config, os.environ)


def _refusal(file: str, mistakes: Sequence[Mistake]) -> str:
    count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
    return "\n".join([f"{file} has {count}; nothing was registered.", *map(str, mistakes)])


def _parsed(value: str) -> Any:
    """Undo the engine's JSON; a bare word comes as it is."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _misplaced_systems(
    plain: dict[str, Any], stack: str, environment: Environment, prefix: str
) -> Iterator[Mistake]:
    """Drop the empty defaults of systems that the environment lacks; yield those with settings."""
    for system in get_args(System):
        if system in environment.systems:
            if plain.get(system) is None:
                plain[system] = {}  # its keys are named as missing
        elif plain.pop(system, None):
            yield Mistake(
                prefix + system,
                "settings",
                f"nothing: stacks/{stack}.py has no {system}. Take the key out, or add the system",
            )


def _mistakes(details: list[ErrorDetails], prefix: str) -> Iterator[Mistake]:
    """Turn pydantic's errors into mistakes; a list whose item is wrong is not too short as well."""
    paths = [detail["loc"] for detail in details]
    for detail in details:
        loc = detail["loc"]
        inner = any(path[: len(loc)] == loc for path in paths if len(path) > len(loc))
        if not (detail["type"] == "too_short" and inner):
            yield _mistake(detail, prefix)


def _mistake(detail: ErrorDetails, prefix: str) -> Mistake:
    path = [part for part in detail["loc"] if not str(part).startswith(("function-", "tuple["))]
    key = prefix + ".".join(str(part) for part in path)
    if detail["type"] == "missing":
        return Mistake(key, "nothing", "a value: every key of the stack file is written out")
    if detail["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(path[:-1]))
        # The value of an unknown key may be anything, a secret too.
        return Mistake(key, HIDDEN, f"no such key; known here are {known}")
    allowed = detail["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    return Mistake(key, _shown(key, detail["input"]), allowed)


def _shown(key: str, value: Any) -> str:
    if ":seals" in key or SECRET_LOOKING.search(key) or SECRET_LOOKING.search(str(value)):
        return HIDDEN
    return textwrap.shorten(json.dumps(value, default=str), 120, placeholder="...")


def _known_keys(path: list[Any]) -> list[str]:
    """Return the keys of the settings model at a path, as the stack file spells them."""
    model: type[BaseModel] = Settings
    for part in path:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if part not in fields:
            continue  # an index, or a key of a mapping
        candidates = _models(fields[part].annotation)
        if not candidates:
            return []
        model = candidates[0]
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _seal_mistakes(seals: Any, prefix: str) -> Iterator[Mistake]:
    sealable = [f"KROGIVING__{name}" for name in (*BACKEND_SECRETS, *BUCKET_SECRETS)]
    for key in seals if isinstance(seals, dict) else ():
        if key not in sealable:
            yield Mistake(f"{prefix}seals.{key}", HIDDEN, f"a seal of {', '.join(sealable)}")


def _shared(
    plain: Mapping[str, Any], invalid: Set[str], stack: str, prefix: str
) -> Iterator[Mistake]:
    """Yield what this stack shares with another one, or two of its settings with each other."""
    try:
        for mine, theirs in clashes(Settings, plain, invalid, stack, prefix):
            yield _shared_mistake(mine, theirs, prefix)
    except UnreadableError as error:
        yield Mistake(
            f"{prefix}*",
            f"values that may be those of {error}, which cannot be read",
            f"values of its own. Repair {error}, or remove it: it has to be YAML in UTF-8 with a"
            " mapping `config:`",
        )


def _shared_mistake(mine: Claim, theirs: Claim, prefix: str) -> Mistake:
    key, other = prefix + mine.key, f"{prefix}{theirs.key} in {theirs.file}"
    overlaps = mine.kind.same == "range"
    same = f"is {theirs.value}, which overlaps it" if overlaps else "has the same value"
    return Mistake(
        key,
        _shown(key, mine.value),
        f"{mine.kind.what} that is not in use. {other} {same}: change one of the two",
    )


def _inventory_mistakes(pencom: Any, prefix: str) -> tuple[list[Mistake], list[Mistake]]:
    """Check the inventory as a whole; return the mistakes of the stack file and of the facts.

    Settings that are invalid by themselves were reported already, and are left out here.
    """
    if not isinstance(pencom, dict):
        return [], []
    invalid: set[str] = set()
    try:
        PencomSettings.model_validate_json(json.dumps(pencom))
    except ValidationError as error:
        invalid = {".".join(map(str, detail["loc"])) for detail in error.errors()}
    valid = {
        field: {
            name: value
            for name, value in pencom[field].items()
            if not {field, f"{field}.{name}"} & invalid
        }
        for field in ("hosts", "foreign", "storePorts")
        if isinstance(pencom.get(field), dict)
    }
    ports = valid.pop("storePorts", {})
    addresses = {
        f"{field}.{name}": str(ip_address(value))
        for field, values in valid.items()
        for name, value in values.items()
    }
    in_settings, in_facts = [], []
    for problem in problems(INVENTORY, addresses, ports):
        if not problem.key:
            in_facts.append(Mistake("INVENTORY", "facts that contradict each other", problem.text))
        elif not {problem.key, problem.key.partition(".")[0]} & invalid:
            value = problem.found if problem.found == "nothing" else json.dumps(problem.found)
            in_settings.append(Mistake(f"{prefix}pencom.{problem.key}", value, problem.text))
    return in_settings, in_facts
