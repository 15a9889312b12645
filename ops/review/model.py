"""A reviewed change: what there is to say of it, before anybody puts it into a form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ops.diff.plans import ORDER, Edit
from ops.impact.blast import Blast
from ops.impact.dependencies import held, holding
from ops.plan.changes import Change
from ops.plan.graph import SECRET
from ops.review import policy
from policy.rules import Finding


@dataclass(frozen=True)
class Review:
    """A change of a stack, and what it was compared with."""

    stack: str
    compared: str
    edits: Sequence[Edit]
    blast: Blast
    cost: Sequence[str]
    broken: Sequence[Finding]
    secrets: Sequence[str] = ()  # keys of the stack file whose value is another one

    def counts(self) -> dict[str, int]:
        """Count the resources by what happens to them, what destroys first, and the secrets."""
        found = Counter[str](edit.op for edit in self.edits)
        found["unprotect"] = sum(edit.unprotected for edit in self.edits)
        order = (*ORDER[:-1], "unprotect", "rotate")  # all but `same`
        found["rotate"] = len(self.secrets)
        return {op: found[op] for op in order if found[op]}

    def as_json(self) -> dict[str, Any]:
        """Give the published form."""
        return {
            "stack": self.stack,
            "compared": self.compared,
            "counts": self.counts(),
            "loud": [line for edit in self.edits if (line := loud(edit))],
            "blast": self.blast.as_json(),
            "changes": [
                {
                    "op": edit.op,
                    "name": edit.resource.name,
                    "type": edit.resource.type,
                    "system": edit.resource.system,
                    "lines": details(edit),
                }
                for edit in self.edits
            ],
            "secrets": list(self.secrets),
            "cost": list(self.cost),
            "policy": [policy.as_json(finding) for finding in self.broken],
        }


def loud(edit: Edit) -> str:
    """Say what a reviewer must not miss of an edit, or nothing."""
    name = f"{edit.resource.name} ({edit.kind})"
    refused = "; protected: an `up` refuses" if edit.protected else ""
    refused += "; the change takes its protection off, too" if edit.unprotected else ""
    if edit.op == "replace":
        why = ", ".join(edit.because)
        return f"REPLACE {name} because of {why}: the old one is destroyed{_lost(edit)}{refused}"
    if edit.op == "delete":
        return f"DELETE {name}{_lost(edit)}{refused}"
    if edit.renamed:
        return f"RENAME {name}: no bucket can be renamed; the other name is another, empty one"
    if edit.unprotected:
        return f"PROTECTION OFF {name}"
    inputs = ", ".join(edit.unguarded)
    return f"GUARD OFF {name}: {inputs} not ignored, a difference replaces it" if inputs else ""


def _lost(edit: Edit) -> str:
    """Say what goes with a store."""
    name = edit.resource.name
    return f"; in it: {held(name)}" if holding(name) else ""


def details(edit: Edit) -> list[str]:
    """Give every value of an edit, on as many lines as it takes."""
    given = edit.old if edit.op == "delete" else edit.new if edit.op == "create" else None
    if given:
        text = yaml.safe_dump(given.inputs, sort_keys=False, width=2**16, allow_unicode=True)
        return text.splitlines() if given.inputs else []
    return [
        *(line for change in edit.changes for line in _full(change)),
        *(f"{key}: another value from {name}" for key, name in edit.follows),
        *(f"no effect: {line}" for change in edit.ignored for line in _full(change)),
    ]


def _full(change: Change) -> Iterator[str]:
    if change.old == SECRET and change.new == SECRET:
        yield f"{change.path}: changed"
    else:
        yield from change.lines()
