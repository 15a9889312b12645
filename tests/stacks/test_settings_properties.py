"""Whatever is done to one setting of a committed file: a clean refusal, or a valid whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import pulumi
from conftest import STACKS, changed
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import registered

from ops.plan.graph import Recorder
from stacks.estate import declare

Path = tuple[str | int, ...]
# Settings that a stack file may leave open.
NULLABLE = {
    *("backups", "publicKey", "frontend", "admin", "restore"),
    *("answersFor", "at", "id", "standIn", "weekday"),
    *("paystackPublicKey", "splitApiKey", "highlightProjectId"),
    *("cloudinaryCloudName", "cloudinaryUploadPreset"),
}
OPTIONAL = {  # written out in the committed files, but for older ones not required
    *("restore", "restored", "retired", "records", "answersFor", "standIn"),
    *("at", "id", "weekday"),
}

# Text as a YAML file can hold it, and texts that have fooled a parser before.
JUNK = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        *(
            "null",
            "{}",
            "[]",
            "true",
            "1e5",
            "0.0.0.0/0",
            "EV[",
            "${oops}",
            "a\nb",
            "kro\u200btrust",
        ),
        *("git@github.com:kro\u200btrust", "a\u200b@b.cd", "x" * 300, "-" * 30, "10.0.0.0/8 "),
    ]
)
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 70000),
    st.floats(allow_nan=False, allow_infinity=False),
    JUNK,
    st.lists(JUNK | st.integers(0, 9), max_size=2),
    st.dictionaries(JUNK, JUNK | st.integers(0, 9), max_size=2),
)
fast = settings(max_examples=30, deadline=None, derandomize=True)


def _paths(node: Any, path: Path = ()) -> Iterator[Path]:
    if len(path) > 1:
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in items:
        if isinstance(child, dict | list):
            yield from _paths(child, (*path, key))
        else:
            yield (*path, key)


@lru_cache
def _committed(stack: str) -> str:
    values = changed(stack, {}).values.items()
    return json.dumps({key.removeprefix("estate:"): json.loads(value) for key, value in values})


@lru_cache
def _all_paths() -> list[tuple[str, Path]]:
    return [(stack, path) for stack in STACKS for path in _paths(json.loads(_committed(stack)))]


SETTINGS = st.deferred(lambda: st.sampled_from(_all_paths()))


def _accepted(stack: str, path: Path, mutate: Callable[[Any, Any], object]) -> bool:
    """Mutate (container, key) at a path, and run the program. False for a clean refusal."""
    tree = json.loads(_committed(stack))
    node = tree
    for part in path[:-1]:
        node = node[part]
    mutate(node, path[-1])
    recorder = Recorder(changed(stack, {str(path[0]): tree[path[0]]}))
    refused = None
    try:
        recorder.run(declare)
    except pulumi.RunError as refusal:
        refused = str(refusal)
    if refused is not None:
        assert refused.startswith(f"Pulumi.{stack}.yaml has ")
        assert registered(recorder) == []
        return False
    assert len(registered(recorder)) == len(recorder.graph().resources) > 50
    return True


def _value(stack: str, path: Path) -> Any:
    node = json.loads(_committed(stack))
    for part in path:
        node = node[part]
    return node


@fast
@given(SETTINGS, ANYTHING)
def test_a_value_of_another_type_is_refused(where: tuple[str, Path], value: Any) -> None:
    stack, path = where
    if _accepted(stack, path, lambda node, key: node.__setitem__(key, value)):
        old = _value(stack, path)
        assert type(value) is type(old) or (path[-1] in NULLABLE and None in (old, value))


@fast
@given(SETTINGS, JUNK)
def test_junk_text_is_refused_or_registered_as_it_is(where: tuple[str, Path], text: str) -> None:
    stack, path = where
    if _accepted(stack, path, lambda node, key: node.__setitem__(key, text)):
        assert isinstance(_value(stack, path), str) or path[-1] in NULLABLE


@fast
@given(SETTINGS)
def test_a_setting_that_is_taken_out_is_missed(where: tuple[str, Path]) -> None:
    stack, path = where
    if _accepted(stack, path, lambda node, key: node.__delitem__(key)):
        assert isinstance(path[-1], int) or path[-1] in OPTIONAL


@fast
@given(SETTINGS, JUNK, ANYTHING)
def test_an_unknown_sibling_is_refused(where: tuple[str, Path], name: str, value: Any) -> None:
    stack, path = where

    def add(node: Any, key: Any) -> None:
        if isinstance(node, list):
            node[key] = {name: value}
        else:
            node[f"{key} {name}"] = value

    assert not _accepted(stack, path, add)
