"""The door for secrets: where each is found, and that none comes in by a window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from components.facts.secrets import CATALOGUE, Secret

KEYS = {secret.key: secret for secret in CATALOGUE}


@dataclass(frozen=True)
class Found:
    """Where a secret is at hand, if anywhere. The value is kept out of any printed form.

    A stack file's entry without a value is one that could not be opened here.
    """

    secret: Secret
    source: Literal["stack file", "environment"] | None
    value: str | None = field(repr=False)


def find(config: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, Found]:
    """Look every catalogued secret up. `config` holds the stack file's entries, decrypted."""
    found = {}
    for key, secret in KEYS.items():
        if key in config:
            found[key] = Found(secret, "stack file", config[key] or None)
        elif environ.get(key):
            found[key] = Found(secret, "environment", environ[key])
        else:
            found[key] = Found(secret, None, None)
    return found


def is_secret_key(key: str) -> bool:
    """Tell whether a stack file key is meant as a secret's: SYSTEM__NAME."""
    return "__" in key and key.upper() == key


def mistakes(
    config: Mapping[str, str], encrypted: Set[str], environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield (key, what to do) for each secret entry of the stack file that is not right.

    `encrypted` are the keys whose values the file holds encrypted. No value is ever part of it.
    """
    for key in config:
        if key not in KEYS:
            yield key, "no secret of the catalogue: allowed are the keys of `python -m ops secrets`"
        elif key not in encrypted:
            yield (
                key,
                "stands there in plain text. It is compromised: change it at its source, then"
                f" `pulumi config set --secret {key}`",
            )
        elif config[key] and environ.get(key, config[key]) != config[key]:
            yield (
                key,
                "differs from the environment variable of the same name: unset the one that is old",
            )
