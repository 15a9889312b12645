"""The stack's passphrase: reading it, testing it against a salt, and encrypting with it."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ops.account.client import NoAccessError
from ops.cli.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE, FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
MARK = "estate-state-copy 1 "  # how a sealed file begins; the rest of its first line is its name
SALT, NONCE = 16, 12  # bytes
# The engine's own passphrase provider: its rounds, and what it encrypts to test a passphrase.
ROUNDS, KNOWN = 1_000_000, b"pulumi"


def read(environ: Mapping[str, str]) -> str:
    """Return the passphrase as the engine would read it. Raises NoAccessError without one."""
    if VARIABLE in environ:
        passphrase, source = environ[VARIABLE], VARIABLE
    elif file := environ.get(FILE_VARIABLE):
        source = f"{FILE_VARIABLE} ({file})"
        try:
            passphrase = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NoAccessError(f"{source} cannot be read: {error}") from None
    else:
        raise NoAccessError(f"neither {FILE_VARIABLE} nor {VARIABLE} is set")
    if not passphrase:
        raise NoAccessError(f"{source} is empty")
    return passphrase


@lru_cache  # it takes a second, and the state and the stack file have one salt
def matches(salt: str, passphrase: str) -> bool:
    """Return whether the engine wrote this salt for this passphrase.

    Raises UsageError if the engine wrote no such salt.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        _, first, _, *rest = salt.split(":")
        key_salt, nonce, encrypted = map(base64.b64decode, (first, *rest))
    except ValueError:
        raise UsageError(f"{salt!r} is no salt of the engine: v1:...:v1:...:...") from None
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), key_salt, ROUNDS, 32)
    try:
        return AESGCM(key).decrypt(nonce, encrypted, None) == KNOWN
    except InvalidTag:
        return False


def seal(name: str, text: str, passphrase: str) -> bytes:
    """Encrypt a text under a name; changing either breaks the seal."""
    header = f"{MARK}{name}\n".encode()
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    encrypted = _cipher(passphrase, salt).encrypt(nonce, text.encode(), header + salt)
    return header + salt + nonce + encrypted


def unseal(content: bytes, passphrase: str) -> tuple[str, str]:
    """Return the name and the text that were sealed.

    Raises UsageError for another passphrase, and for content that was changed.
    """
    from cryptography.exceptions import InvalidTag

    header, _, rest = content.partition(b"\n")
    if not header.startswith(MARK.encode()) or len(rest) <= SALT + NONCE:
        raise UsageError(f"this is not a copy of a state: a copy begins with {MARK.strip()!r}")
    salt, nonce, encrypted = rest[:SALT], rest[SALT : SALT + NONCE], rest[SALT + NONCE :]
    try:
        text = _cipher(passphrase, salt).decrypt(nonce, encrypted, header + b"\n" + salt)
    except InvalidTag:
        raise UsageError(
            "this copy cannot be opened: the passphrase is not the one it was saved with, or the"
            " copy was changed or cut off. Use the passphrase of that day, or another copy"
        ) from None
    return header.decode().removeprefix(MARK), text.decode()


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))
