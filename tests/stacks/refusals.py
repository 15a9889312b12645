"""How the tests of the stacks run a program that should be refused, and read the refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi
import pytest

from ops.plan.config import StackConfig
from ops.plan.graph import Recorder
from stacks.estate import declare

HIDDEN = "(not shown: it may be a secret)"
_ENTRY = re.compile(r"^  (estate:.*)\n    found:   (.*)\n    allowed: (.*(?:\n {13}.*)*)", re.M)


@dataclass(frozen=True)
class Mistake:
    """One entry of a refusal; a wrapped sentence is one line again."""

    key: str
    found: str
    allowed: str


def registered(recorder: Recorder) -> list[str]:
    """Return the names of all resources that reached the engine, except the stack."""
    return [
        request.name
        for request in recorder.requests.values()
        if request.type != "pulumi:pulumi:Stack"
    ]


def refusal(settings: StackConfig) -> str:
    """Run the program, which must refuse these settings before it registers anything."""
    recorder = Recorder(settings)
    with pytest.raises(pulumi.RunError) as refused:
        recorder.run(declare)
    assert registered(recorder) == []
    return str(refused.value)


def mistakes(text: str, stack: str) -> list[Mistake]:
    """Read the mistakes out of a refusal, whose first line names the file and their number."""
    entries = [
        Mistake(key, value, " ".join(allowed.split()))
        for key, value, allowed in _ENTRY.findall(text)
    ]
    count = f"{len(entries)} mistake" + ("s" if len(entries) > 1 else "")
    head = f"Pulumi.{stack}.yaml has {count}; nothing was registered."
    assert text.splitlines()[0] == head
    return entries
