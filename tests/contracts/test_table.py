"""The stand-in's facts of each type agree with the provider's own schema and with the SDK."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from string import Formatter
from typing import Any

import provider_schema
import pulumi_digitalocean as do
import pytest
from recorded_stacks import cloud

from rehearsal.cloud import Refused, fill_template, row, store
from rehearsal.property_values import plain, revive
from rehearsal.sdk import resource_type
from rehearsal.table import (
    ENGINES,
    MUST_BE_EMPTY,
    NO_IMPORTER,
    NOT_IN_STATE,
    READ_WHERE_KNOWN,
    REPLACES_WHEN_OFF,
    SLOW,
    TABLE,
)

WITHOUT_ROW = {"UptimeCheck"}  # declared by the program, and needs no row
EXCEPTIONS = {  # replacing inputs on which table and schema differ
    ("Droplet", "ipv6"): "replaces when it is turned off, and which a schema cannot express",
}
KINDS = sorted({*TABLE, *WITHOUT_ROW})


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return provider_schema.load_or_skip()


def _token(kind: str) -> str:
    return f"digitalocean:index/{kind[0].lower()}{kind[1:]}:{kind}"


def test_each_type_that_the_program_declares_has_a_row_or_needs_none() -> None:
    declared = {resource.kind for _, resource in cloud()}
    assert declared - TABLE.keys() == WITHOUT_ROW


def test_every_type_of_the_table_is_one_of_the_provider(schema: dict[str, Any]) -> None:
    assert [kind for kind in KINDS if _token(kind) not in schema["resources"]] == []
    assert [kind for kind in KINDS if not hasattr(do, kind)] == []


def test_the_replacing_inputs_are_those_of_the_provider(schema: dict[str, Any]) -> None:
    differs = {
        (kind, name)
        for kind in KINDS
        for name in {
            name
            for name, shape in provider_schema.properties(schema, _token(kind)).items()
            if shape.get("willReplaceOnChanges")
        }
        ^ set(row(kind).replaces.split())
    }
    assert differs == set(EXCEPTIONS)
    assert {name for _, name in EXCEPTIONS} == REPLACES_WHEN_OFF


def test_every_input_that_the_table_names_is_one_of_its_type(schema: dict[str, Any]) -> None:
    wrong = [
        f"{kind}.{path}"
        for kind in KINDS
        for path in (*row(kind).replaces.split(), *row(kind).unread.split(), *row(kind).parents)
        if not provider_schema.has(schema, _token(kind), path)
    ]
    assert wrong == []


def _parents(kind: str) -> list[str]:
    """Types that inputs of a type refer to: each as Type or Type.output."""
    return [parent for parents in row(kind).parents.values() for parent in parents.split()]


def test_every_output_that_the_table_names_is_one_of_its_type(schema: dict[str, Any]) -> None:
    named = [(kind, output) for kind in KINDS for output in row(kind).outputs]
    for parent in (parent for kind in KINDS for parent in _parents(kind)):
        name, _, output = parent.partition(".")
        assert name in KINDS
        named += [(name, output)] if output else []
    wrong = [
        f"{kind}.{output}"
        for kind, output in named
        if output not in provider_schema.properties(schema, _token(kind), "properties")
    ]
    assert wrong == []


def test_a_number_is_answered_where_the_provider_has_one_and_else_a_text(
    schema: dict[str, Any],
) -> None:
    numbers = set()
    for kind in KINDS:
        shapes = provider_schema.properties(schema, _token(kind), "properties")
        for output, template in row(kind).outputs.items():
            assert shapes[output]["type"] in ("string", "integer"), (kind, output)
            if shapes[output]["type"] == "integer":
                numbers.add(output)
                for engine in ENGINES:
                    assert fill_template(template, "any", {"engine": revive(engine)}).isdigit(), (
                        kind,
                        output,
                    )
    assert numbers


def _placeholders(template: str) -> Iterator[str]:
    """Paths that a template takes from a resource, without facts and the id."""
    for _, name, _, _ in Formatter().parse(template):
        try:
            fill_template(f"{{{name}}}" if name else "", "any", {}, id="any")
        except Refused:
            yield str(name).replace("[", ".").replace("]", "")


def test_a_template_takes_inputs_and_the_outputs_before_it(schema: dict[str, Any]) -> None:
    taken: list[tuple[str, str]] = []
    for kind in KINDS:
        answered: set[str] = set()
        for output, template in row(kind).outputs.items():
            taken += [(kind, path) for path in {*_placeholders(template)} - answered]
            answered.add(output)
        for template in (row(kind).id, row(kind).import_id, row(kind).unique):
            taken += [(kind, path) for path in _placeholders(template)]
    assert len(taken) > 10
    wrong = [each for each in taken if not provider_schema.has(schema, _token(each[0]), each[1])]
    assert wrong == []


def test_every_answer_of_the_stand_in_is_one_of_the_provider(schema: dict[str, Any]) -> None:
    wrong = set()
    kinds = set()
    for _, resource in cloud():
        kind = resource_type(resource.type)
        kinds.add(kind.name)
        inputs = {name: revive(value) for name, value in resource.inputs.items()}
        answer = plain(store({"resources": {}}, kind, "it", inputs))
        wrong |= {*provider_schema.wrong_answers(schema, resource.type, answer)}
    assert len(kinds) > 15
    assert wrong == set()


def test_the_lists_beside_the_rows_name_inputs_and_types_of_some_row() -> None:
    rows = TABLE.values()
    assert {*READ_WHERE_KNOWN, *NOT_IN_STATE} <= {path for r in rows for path in r.unread.split()}
    assert set(MUST_BE_EMPTY) <= {
        parent.split(".")[0] for kind in KINDS for parent in _parents(kind)
    }
    inputs = {name for kind in KINDS for name in resource_type(_token(kind)).inputs}
    assert set(SLOW) <= inputs - {name for r in rows for name in r.replaces.split()}


@pytest.mark.parametrize("kind", KINDS)
def test_an_import_accepts_ids_of_the_form_of_the_sdk_s_own_example(kind: str) -> None:
    source = inspect.getsource(sys.modules[getattr(do, kind).__module__])
    examples = set(re.findall(r"\$ pulumi import \S+ \S+ (\S+)", source))
    assert bool(examples) == (kind not in NO_IMPORTER)
    for example in examples:
        assert example.count(",") == row(kind).import_id.count(",")
