"""The recording monitor refuses what the engine refuses, and tells references from text."""

from __future__ import annotations

import asyncio

import pulumi
import pulumi_digitalocean as do
import pytest

from ops.plan import config
from ops.plan.graph import record

STAGE = config.load("stage")


def test_two_resources_of_one_name_are_refused_as_the_engine_refuses_them() -> None:
    def program() -> None:
        do.Domain("zone", name="a.test")
        do.Domain("zone", name="b.test")

    with pytest.raises(pulumi.RunError, match="two resources are called zone"):
        record(STAGE, program)


def test_the_same_name_under_another_type_is_another_resource() -> None:
    def program() -> None:
        do.Domain("zone", name="a.test")
        do.Tag("zone", name="zone")

    assert len(record(STAGE, program).resources) == 2


def test_a_text_that_looks_like_an_id_stays_what_it_is() -> None:
    def program() -> None:
        tag = do.Tag("first", name="900000099999")
        do.Tag("second", name=tag.id)

    first, second = record(STAGE, program).resources
    assert first.inputs["name"] == "900000099999"
    assert second.inputs["name"] == "<first.id>"


def test_a_secret_inside_a_larger_text_hides_the_text() -> None:
    def program() -> None:
        do.Tag("tag", name=pulumi.Output.concat("a-", pulumi.Output.secret("canary")))

    (tag,) = record(STAGE, program).resources
    assert tag.inputs["name"] == "[secret]"


def test_a_program_runs_after_somebody_else_s_event_loop_is_gone() -> None:
    asyncio.run(asyncio.sleep(0))
    assert record(STAGE, lambda: do.Tag("tag", name="tag")).resources
    assert record(STAGE, lambda: do.Tag("tag", name="tag")).resources
