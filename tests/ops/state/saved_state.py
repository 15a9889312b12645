"""A state and its copy in folders, as the engine and `ops state save` leave them."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from buckets import WORD
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ops.state import copies, passphrase

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
STACK = {"urn": "urn:pulumi:prod::estate::pulumi:pulumi:Stack::estate-prod"}


def salt_of(word: str = WORD) -> str:
    """The salt that the engine would write for a passphrase, with the rounds that are set."""
    salt, nonce = b"8 bytes.", b"of 12 bytes."
    key = hashlib.pbkdf2_hmac("sha256", word.encode(), salt, passphrase.ROUNDS, 32)
    parts = (salt, nonce, AESGCM(key).encrypt(nonce, passphrase.KNOWN, None))
    first, *rest = (base64.b64encode(each).decode() for each in parts)
    return ":".join(("v1", first, "v1", *rest))


def deployment(day: int, **more: Any) -> dict[str, Any]:
    provider = {"type": "passphrase", "state": {"salt": salt_of()}}
    manifest = {"time": f"2026-03-{day:02}T11:00:00.123456789Z"}
    return {
        "manifest": manifest,
        "secrets_providers": provider,
        "resources": [{**STACK, "outputs": {"day": day}}],
        **more,
    }


def checkpoint(day: int, **more: Any) -> bytes:
    return json.dumps({"version": 3, "checkpoint": {"latest": deployment(day, **more)}}).encode()


def save_state(folder: Path) -> Path:
    """Write a state of the 8th to a folder, as the update of that day left it, and a copy."""
    for name, content in (
        ("stacks/estate/prod.json", checkpoint(8)),
        ("stacks/estate/prod.json.attrs", b"{}"),
        ("stacks/estate/prod.json.bak", checkpoint(7)),
        ("history/estate/prod/prod-1.checkpoint.json", checkpoint(7)),
        ("history/estate/prod/prod-2.checkpoint.json", checkpoint(8)),
        ("history/estate/prod/prod-2.history.json", b"{}"),
    ):
        file = folder / "state" / ".pulumi" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (folder / "copies").mkdir()
    save_copy(folder / "copies", NOW - timedelta(days=5))
    return folder


def save_copy(place: Path, when: datetime, word: str = WORD, day: int = 5) -> None:
    name = copies.name("prod", when)
    text = json.dumps({"version": 3, "deployment": deployment(day)})
    (place / name).write_bytes(passphrase.seal(name, text, word))
