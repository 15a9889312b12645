"""The stack's passphrase: whether it is at hand, what it opens, and what is sealed with it."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from ops.account.client import NoAccessError
from ops.cli.errors import UsageError

VARIABLE, FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
MARK = "estate-state-copy 1 "  # how a sealed file begins; the rest of its first line names it
SALT, NONCE = 16, 12
# Of the engine's own passphrase keeper: how it makes a key, and what it encrypts to know it again.
ROUNDS, KNOWN = 1_000_000, b"pulumi"


def at_hand(environ: Mapping[str, str]) -> str:
    """Return the passphrase as the engine would read it. Raises NoAccessError without one."""
    if VARIABLE in environ:
        found, where = environ[VARIABLE], VARIABLE
    elif file := environ.get(FILE_VARIABLE):
        where = f"{FILE_VARIABLE}, {file}"
        try:
            found = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NoAccessError(f"{where}, cannot be read: {error}") from None
    else:
        raise NoAccessError(f"neither {FILE_VARIABLE} nor {VARIABLE} is set")
    if not found:
        raise NoAccessError(f"{where}, is empty")
    return found


@lru_cache  # it takes a second, and the state and the stack's file have one salt
def opens(salt: str, passphrase: str) -> bool:
    """Tell whether a passphrase is the one for which the engine wrote this salt.

    Raises UsageError where it is no such salt.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        _, salted, _, nonce, known = salt.split(":")
        with_salt, number, text = map(base64.b64decode, (salted, nonce, known))
    except ValueError:
        raise UsageError(f"{salt!r} is no salt of the engine: v1:...:v1:...:...") from None
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), with_salt, ROUNDS, 32)
    try:
        return AESGCM(key).decrypt(number, text, None) == KNOWN
    except InvalidTag:
        return False


def seal(name: str, text: str, passphrase: str) -> bytes:
    """Encrypt a text under a name; neither can be changed without the passphrase."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    first = f"{MARK}{name}\n".encode()
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, text.encode(), first + salt)
    return first + salt + nonce + sealed


def unseal(content: bytes, passphrase: str) -> tuple[str, str]:
    """Return the name and the text of what was sealed.

    Raises UsageError where the passphrase is another one, or the content was changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    first, _, rest = content.partition(b"\n")
    if not first.startswith(MARK.encode()) or len(rest) <= SALT + NONCE:
        raise UsageError(f"this is no copy of a state: one begins with {MARK.strip()!r}")
    salt, nonce, sealed = rest[:SALT], rest[SALT : SALT + NONCE], rest[SALT + NONCE :]
    try:
        text = AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, first + b"\n" + salt)
    except InvalidTag:
        raise UsageError(
            "this copy cannot be opened: the passphrase is not the one with which it was saved, or"
            " the copy was changed or cut off. Take the passphrase of that day, or another copy"
        ) from None
    return first.decode().removeprefix(MARK), text.decode()


def _key(passphrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
