"""Recoveries of the committed stacks, and their commands applied to the settings."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from conftest import changed

from ops.impact.dependencies import DependencyGraph
from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, build
from ops.recovery.case import Case
from ops.recovery.loss import find, losable
from ops.recovery.steps.cloud import steps
from ops.recovery.steps.step import Step

ADDRESS = "188.166.145.69"  # what the stand-in's droplet has in the end
PATH = re.compile(r"\w+|\d+")


@lru_cache
def known(stack: str) -> tuple[StackConfig, Graph, DependencyGraph]:
    """A committed stack, planned once."""
    return planned(config.load(stack))


def planned(settings: StackConfig) -> tuple[StackConfig, Graph, DependencyGraph]:
    graph = build(settings)
    return settings, graph, dependency_graph(graph)


def case(
    lost: str, stack: str = "prod", at: str | None = None, settings: StackConfig | None = None
) -> Case:
    """The case of a loss in a committed stack, or in one with other settings."""
    used, graph, dependencies = planned(settings) if settings else known(stack)
    return Case(used, graph, dependencies, find(graph, dependencies, lost), at)


@lru_cache
def every(stack: str) -> dict[str, list[Step]]:
    """The steps of each loss of a stack."""
    settings, graph, dependencies = known(stack)
    losses = losable(graph, dependencies)
    return {loss.name: steps(Case(settings, graph, dependencies, loss)) for loss in losses}


def words(command: str) -> list[list[str]]:
    """The words of each command between `&&`, split as by a shell."""
    return [shlex.split(each) for each in command.split(" && ")]


def commands(taken: Iterable[Step]) -> list[str]:
    return [text for step in taken for text in (step.command, step.check) if text]


def applied(before: Mapping[str, StackConfig], typed: Iterable[str]) -> dict[str, StackConfig]:
    """The settings of stacks after each `pulumi config set` and `rm` among the commands."""
    documents = {stack: _own(settings) for stack, settings in before.items()}
    for command in typed:
        for word in words(command):
            if word[:2] == ["pulumi", "config"] and "--path" in word:
                _apply(documents[word[word.index("--stack") + 1]], word)
    return {stack: changed(stack, document) for stack, document in documents.items()}


def _own(settings: StackConfig) -> dict[str, Any]:
    prefix = f"{settings.project}:"
    document = json.loads(json.dumps(settings.document()))
    return {key.removeprefix(prefix): value for key, value in document.items()}


def _apply(document: Any, word: list[str]) -> None:
    """Apply a command as the engine does: the index behind the end of a list adds an item."""
    path = word[word.index("--path") + 1]
    assert path.startswith("estate:"), path
    *parents, last = PATH.findall(path.removeprefix("estate:"))
    for part, following in zip(parents, [*parents[1:], last], strict=True):
        if isinstance(document, dict):
            document = document.setdefault(part, [] if following.isdigit() else {})
        else:
            if int(part) == len(document):
                document.append({})
            document = document[int(part)]
    if word[2] == "rm":
        del document[int(last) if isinstance(document, list) else last]
    elif isinstance(document, list):
        document[int(last) : int(last) + 1] = [_value(word[-1])]
    else:
        document[last] = _value(word[-1])


def _value(text: str) -> str | bool:
    if text.startswith("$("):
        assert text.endswith("krotrustAddress)"), text
        return ADDRESS
    return {"true": True, "false": False}.get(text, text)
