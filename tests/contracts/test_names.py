"""Names, types and parents in production are for good: without an alias, a new one destroys."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pulumi
import pulumi_digitalocean as do
from recorded_stacks import recorded

from ops.plan import config
from ops.plan.graph import Recorder

NAMES = Path(__file__).with_name("names.txt")
RENEW = "RENEW_NAMES"


def names(recorder: Recorder) -> set[str]:
    """Return each resource's identity for the engine: its parents' types, its own and its name."""
    return {" ".join(urn.split("::")[2:4]) for urn in recorder.requests}


def former(recorder: Recorder) -> set[str]:
    """Return the identities that resources have now and, by their aliases, had before."""
    known = names(recorder)
    for resource in recorder.graph().resources:
        known |= {" ".join(urn.split("::")[2:4]) for urn in resource.former}
    return known


def recorded_names() -> set[str]:
    return set(NAMES.read_text().splitlines())


def test_nothing_in_production_changes_its_name_type_or_parents_without_an_alias() -> None:
    missing = recorded_names() - former(recorded("prod"))
    assert sorted(missing) == [], (
        "the engine would delete these and create new ones: give the renamed resource"
        " `aliases=[pulumi.Alias(name=...)]` in its options, a moved one `parent=...`, one of"
        f" another type `type_=...`. For what shall really go, take its line out of {NAMES.name}"
        " by hand"
    )


def test_every_name_in_production_is_in_the_list() -> None:
    current = names(recorded("prod"))
    if os.environ.get(RENEW):
        NAMES.write_text("".join(f"{line}\n" for line in sorted(current | recorded_names())))
    assert sorted(current - recorded_names()) == [], (
        f"new names, which are permanent: add them to {NAMES.name} by {RENEW}=1 pytest {__file__}"
    )


OWNER = "estate:product:Owner"
VPC = "digitalocean:index/vpc:Vpc"


def _former(program: Callable[[], object]) -> set[str]:
    recorder = Recorder(config.load("prod"))
    recorder.run(program)
    return former(recorder) - names(recorder)


def test_a_rename_is_seen_and_an_alias_covers_it_and_the_children_named_after_it() -> None:
    def program() -> None:
        renamed = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])
        child = pulumi.ResourceOptions(parent=pulumi.ComponentResource(OWNER, "new", {}, renamed))
        do.Vpc("new-vpc", name="x", region="lon1", opts=child)
        do.Vpc("other", name="y", region="lon1", opts=child)

    assert _former(program) == {f"{OWNER} old", f"{OWNER}${VPC} old-vpc"}


def test_a_move_and_another_type_are_seen_and_an_alias_covers_them_and_the_children() -> None:
    def program() -> None:
        owner = pulumi.ComponentResource(OWNER, "owner")
        moved = pulumi.ResourceOptions(
            parent=owner, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
        )
        zone = pulumi.ComponentResource("estate:dns:Zone", "zone", {}, moved)
        names = pulumi.ResourceOptions(
            parent=zone, aliases=[pulumi.Alias(type_="estate:dns:Old", parent=owner)]
        )
        do.Vpc(
            "vpc",
            name="x",
            region="lon1",
            opts=pulumi.ResourceOptions(
                parent=pulumi.ComponentResource("estate:dns:Names", "names", {}, names)
            ),
        )

    assert _former(program) == {
        "estate:dns:Zone zone",
        "estate:dns:Zone$estate:dns:Names names",
        f"estate:dns:Zone$estate:dns:Names${VPC} vpc",
        f"{OWNER}$estate:dns:Old names",
        f"{OWNER}$estate:dns:Old${VPC} vpc",
    }
