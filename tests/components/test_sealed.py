"""Secrets of an app: when the sealed string is sent back, and when the plain text is."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pulumi
import pulumi_digitalocean as do
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime import rpc
from pydantic import ValidationError
from recording import exported, recorded

from components.sealed import Seal, Sealer, fingerprint, to_send

KEY = "the key of the fingerprints"
MARK = fingerprint(KEY, "JWT", "plain")
SEAL = Seal(sealed="EV[1:abc:def]", fingerprint=MARK)
OLD = Seal(sealed="EV[1:old]", fingerprint=fingerprint(KEY, "JWT", "rotated since"))

ROWS = [  # plain, seal, key -> what is sent, and the fingerprint that goes with it
    ("unchanged", "plain", SEAL, KEY, ("EV[1:abc:def]", MARK)),
    ("rotated", "plain", OLD, KEY, ("plain", MARK)),
    ("first time", "plain", None, KEY, ("plain", MARK)),
    ("no plain at hand", None, SEAL, KEY, ("EV[1:abc:def]", MARK)),
    ("no plain, no key", None, SEAL, None, ("EV[1:abc:def]", MARK)),
    ("no key to compare by", "plain", SEAL, None, ("plain", None)),
    ("first time, no key", "plain", None, None, ("plain", None)),
    ("another key", "plain", SEAL, "other", ("plain", fingerprint("other", "JWT", "plain"))),
    ("empty is a value", "", SEAL, KEY, ("", fingerprint(KEY, "JWT", ""))),
    ("empty, no key", "", SEAL, None, ("", None)),
]


@pytest.mark.parametrize(
    ("plain", "seal", "key", "sent"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_the_sealed_string_is_sent_only_where_it_is_surely_the_same_secret(
    plain: str | None, seal: Seal | None, key: str | None, sent: tuple[str, str | None]
) -> None:
    assert to_send("JWT", plain, seal, key) == sent


@pytest.mark.parametrize("key", [KEY, None])
def test_neither_plain_nor_sealed_is_refused_by_name(key: str | None) -> None:
    with pytest.raises(ValueError, match="JWT has neither a plain nor a sealed value"):
        to_send("JWT", None, None, key)


@settings(deadline=None)  # a machine may be busy
@given(st.text(), st.text(), st.text(min_size=1))
def test_a_rotation_is_never_lost_and_an_unchanged_secret_is_never_sent_again(
    sealed_from: str, plain: str, key: str
) -> None:
    seal = Seal(sealed="EV[1:x]", fingerprint=fingerprint(key, "A", sealed_from))
    value, mark = to_send("A", plain, seal, key)
    assert value == ("EV[1:x]" if plain == sealed_from else plain)
    assert mark == fingerprint(key, "A", plain)


def test_a_fingerprint_is_keyed_and_bound_to_the_name_of_its_secret() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", MARK)
    assert fingerprint("another key", "JWT", "plain") != MARK
    assert fingerprint(KEY, "OTHER", "plain") != MARK
    assert fingerprint(KEY, "JWT", "plain2") != MARK
    assert fingerprint(KEY, "JWT", "plain") == MARK


@pytest.mark.parametrize("text", ["plain", "JWT\0plain", f"{KEY}plain", f"{KEY}JWT\0plain"])
def test_a_fingerprint_is_no_plain_hash_that_could_be_guessed_without_the_key(text: str) -> None:
    assert not hashlib.sha256(text.encode()).hexdigest().startswith(MARK)


def test_name_and_text_of_a_secret_do_not_run_into_each_other() -> None:
    assert fingerprint(KEY, "AB", "C") != fingerprint(KEY, "A", "BC")


@pytest.mark.parametrize(
    ("sealed", "mark"),
    [
        ("plain text", "0" * 32),
        ("x EV[1:a]", "0" * 32),
        ("EV[1:a]", "0" * 64),
        ("EV[1:a]", "G" * 32),
    ],
)
def test_what_is_no_seal_is_refused(sealed: str, mark: str) -> None:
    with pytest.raises(ValidationError):
        Seal(sealed=sealed, fingerprint=mark)


def _sealed(plain: str | None, seal: Seal | None, key: str | None) -> dict[str, Any]:
    """Return the value, the fingerprint and the seal to store of one secret."""

    def program() -> dict[str, Any]:
        sealer = Sealer({"JWT": seal} if seal else {}, key and pulumi.Output.secret(key))
        value = sealer.value("JWT", plain and pulumi.Output.secret(plain))
        stored = sealer.seals(pulumi.Output.from_input({"JWT": "EV[1:new]", "OTHER": "x"}))
        return {
            "value": value,
            "opened": pulumi.Output.unsecret(value),
            "fingerprints": sealer.fingerprints,
            "stored": stored,
        }

    return exported(program)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_sealer_sends_as_a_secret_and_tells_the_fingerprint_openly(row: Any) -> None:
    _, plain, seal, key, (sent, mark) = row
    made = _sealed(plain, seal, key)
    assert made["value"] == "[secret]"
    assert made["opened"] == sent
    assert made["fingerprints"] == {"JWT": mark}


def test_what_is_stored_joins_the_cloud_s_answer_with_the_fingerprint_of_this_run() -> None:
    assert _sealed("plain", OLD, KEY)["stored"] == {
        "JWT": {"sealed": "EV[1:new]", "fingerprint": MARK}
    }


def test_a_value_that_is_not_known_yet_stays_unknown_and_secret() -> None:
    def program() -> None:
        cluster = do.DatabaseCluster(
            "c", name="c", engine="pg", version="16", size="s", region="lon1", node_count=1
        )
        sealer = Sealer({"JWT": SEAL}, KEY)
        pulumi.export("value", sealer.value("JWT", cluster.port.apply(str)))
        pulumi.export("mark", sealer.fingerprints["JWT"])

    (outputs,) = recorded(program).outputs.values()
    assert outputs["value"]["value"] == rpc.UNKNOWN
    assert outputs["value"][rpc._special_sig_key] == rpc._special_secret_sig
    assert outputs["mark"] == rpc.UNKNOWN
