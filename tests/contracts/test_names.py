"""Types and logical names of production are for good: a rename without an alias destroys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_digitalocean as do
from estate import recorded

from ops import config
from ops.graph import Recorder

NAMES = Path(__file__).with_name("names.txt")
RENEW = "RENEW_NAMES"


def names(recorder: Recorder) -> set[str]:
    return {f"{request.type} {request.name}" for request in recorder.requests.values()}


def former(recorder: Recorder) -> set[str]:
    """What the resources were called before, as far as aliases say: theirs and their parents'."""
    requests = recorder.requests

    def known_as(request: Any) -> set[tuple[str, str]]:
        known = {(request.type, request.name)}
        for alias in request.aliases:
            if alias.urn:
                kinds, name = alias.urn.split("::")[2:4]
                known.add((kinds.rpartition("$")[2], name))
            else:
                known.add((alias.spec.type or request.type, alias.spec.name or request.name))
        parent = requests.get(request.parent)
        if parent and request.name.startswith(parent.name):
            # The engine gives a child named after its parent the parent's old name, too.
            rest = request.name.removeprefix(parent.name)
            known |= {(request.type, old + rest) for _, old in known_as(parent)}
        return known

    return {f"{kind} {name}" for request in requests.values() for kind, name in known_as(request)}


def kept() -> set[str]:
    return set(NAMES.read_text().splitlines())


def test_nothing_in_production_changes_its_type_or_name_without_an_alias() -> None:
    gone = kept() - former(recorded("prod"))
    assert sorted(gone) == [], (
        "the engine would delete these and make new ones: give the renamed resource"
        " `aliases=[pulumi.Alias(name=...)]` in its options. For what shall really go, take its"
        f" line out of {NAMES.name} by hand"
    )


def test_every_name_in_production_is_kept_in_the_list() -> None:
    there = names(recorded("prod"))
    if os.environ.get(RENEW):
        NAMES.write_text("".join(f"{line}\n" for line in sorted(there | kept())))
    assert sorted(there - kept()) == [], (
        f"new names, which are for good: add them to {NAMES.name} by {RENEW}=1 pytest {__file__}"
    )


def test_a_rename_is_seen_and_an_alias_covers_it_and_the_children_named_after_it() -> None:
    def program() -> None:
        here = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])
        owner = pulumi.ComponentResource("estate:product:Owner", "new", {}, here)
        child = pulumi.ResourceOptions(parent=owner)
        do.Vpc("new-vpc", name="x", region="lon1", opts=child)
        do.Vpc("other", name="y", region="lon1", opts=child)

    recorder = Recorder(config.load("prod"))
    recorder.run(program)
    vpc = "digitalocean:index/vpc:Vpc"
    assert former(recorder) - names(recorder) == {"estate:product:Owner old", f"{vpc} old-vpc"}
