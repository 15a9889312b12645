"""Secrets of a stack: where each value comes from, and which entries of a stack file are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from components.facts.secrets import CATALOGUE, Secret

KEYS = {secret.key: secret for secret in CATALOGUE}


@dataclass(frozen=True)
class SecretValue:
    """A secret with its value and where that came from. No printed form includes the value.

    `source` None: the secret is not available. A source without a value is an encrypted entry of
    the stack file that cannot be opened here.
    """

    secret: Secret
    source: Literal["stack file", "environment"] | None
    value: str | None = field(repr=False)


def find(config: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, SecretValue]:
    """Look up every catalogued secret. `config` has the stack file's entries, decrypted."""
    values = {}
    for key, secret in KEYS.items():
        if key in config:
            values[key] = SecretValue(secret, "stack file", config[key] or None)
        elif environ.get(key):
            values[key] = SecretValue(secret, "environment", environ[key])
        else:
            values[key] = SecretValue(secret, None, None)
    return values


def is_secret_key(key: str) -> bool:
    """Return whether a stack file key has the form of a secret's: SYSTEM__NAME."""
    return "__" in key and key.upper() == key


def mistakes(
    config: Mapping[str, str], encrypted: Set[str], environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield (key, what to do) for each thing that is wrong with a secret entry of the stack file.

    `encrypted` are the keys whose values the file holds encrypted. No text includes a value.
    """
    for key in config:
        if key not in KEYS:
            yield key, "no secret of the catalogue: allowed are the keys of `python -m ops secrets`"
        if key not in encrypted:
            command = f"`pulumi config set --secret {key}`" if key in KEYS else "remove this entry"
            yield (
                key,
                "an encrypted entry. This one is in plain text, so the secret is compromised:"
                f" change it at its source, then {command}",
            )
        elif config[key] and environ.get(key, config[key]) != config[key]:
            yield (
                key,
                "the value of the environment variable of the same name: unset the outdated one",
            )
