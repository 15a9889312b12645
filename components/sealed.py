"""Secrets of an app: an unchanged one causes no update, and a changed one is never lost.

DigitalOcean answers a secret variable sealed (`EV[1:...]`, encrypted for that one app). Sending
the plain text again redeploys the app at every run; ignoring the difference drops rotations. So
the stack file keeps, beside the sealed string, a keyed fingerprint of the plain text it came from:
while the fingerprint still fits, the sealed string is sent back; when it does not, the plain text.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Annotated

import pulumi
from pydantic import StringConstraints

from components.facts.secrets import SEALED
from components.types import Model, Unique


class Seal(Model):
    """A sealed string and the fingerprint of its plain text; neither is a secret."""

    sealed: Annotated[
        str,
        StringConstraints(pattern=f"^{re.escape(SEALED)}"),
        Unique("a seal (each opens in one app only)"),
    ]
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def fingerprint(seal_key: str, name: str, plain: str) -> str:
    """HMAC-SHA256 of one secret, 32 hex digits. Keyed, so that a short secret cannot be guessed."""
    return hmac.digest(seal_key.encode(), f"{name}\0{plain}".encode(), "sha256").hex()[:32]


def to_send(
    name: str, plain: str | None, seal: Seal | None, seal_key: str | None
) -> tuple[str, str | None]:
    """Return the value for the app's spec, and the fingerprint to store with it.

    Without a plain text, the sealed string is sent. With both, the sealed string is sent only
    if the fingerprint proves that it is the same secret; when in doubt the plain text is sent.
    Raises ValueError when there is neither.
    """
    if plain is None:
        if seal is None:
            raise ValueError(f"{name} has neither a plain nor a sealed value")
        return seal.sealed, seal.fingerprint
    mark = fingerprint(seal_key, name, plain) if seal_key is not None else None
    if seal is not None and mark == seal.fingerprint:
        return seal.sealed, mark
    return plain, mark


class Sealer:
    """Chooses what to send for each secret of one app: the seal or the plain text."""

    def __init__(self, seals: Mapping[str, Seal], seal_key: pulumi.Input[str] | None) -> None:
        self._seals = seals
        self._key = seal_key
        self.fingerprints: dict[str, pulumi.Output[str | None]] = {}

    def value(self, name: str, plain: pulumi.Input[str] | None) -> pulumi.Output[str]:
        """Return the secret value for variable `name`, and keep its fingerprint."""
        # With unwrapped inputs, a value that is not known yet stays unknown through `apply`.
        chosen = pulumi.Output.all(plain, self._key).apply(
            lambda known: to_send(name, known[0], self._seals.get(name), known[1])
        )
        self.fingerprints[name] = pulumi.Output.unsecret(chosen.apply(lambda pair: pair[1]))
        return pulumi.Output.secret(chosen.apply(lambda pair: pair[0]))

    def seals(
        self, sealed: pulumi.Output[Mapping[str, str]]
    ) -> pulumi.Output[dict[str, dict[str, str | None]]]:
        """Return the seals to store: sealed strings of the app, with fingerprints, by variable."""
        return pulumi.Output.all(sealed, self.fingerprints).apply(
            lambda both: {
                name: {"sealed": both[0].get(name), "fingerprint": mark}
                for name, mark in both[1].items()
            }
        )
