"""A reviewed change: the facts for a reviewer, independent of any output format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ops.diff.plans import ORDER, Edit, compare
from ops.diff.previews import preview_edits
from ops.engine.documents import Preview
from ops.impact.blast import BlastRadius, blast_radius
from ops.impact.dependencies import contents, store_facts
from ops.impact.edges import dependency_graph
from ops.plan.graph import Graph
from ops.review import prices
from ops.review.violations import as_json, violations
from policy.rules import Violation


@dataclass(frozen=True)
class Review:
    """A change of a stack. `compared` describes the base, `secrets` are keys with a new value."""

    stack: str
    compared: str
    edits: Sequence[Edit]
    blast: BlastRadius
    cost: Sequence[str]
    violations: Sequence[Violation]
    secrets: Sequence[str] = ()

    def counts(self) -> dict[str, int]:
        """Return how many resources each operation affects, destructive first, and secrets."""
        counts = Counter[str](edit.op for edit in self.edits)
        counts["unprotect"] = sum(edit.unprotected for edit in self.edits)
        counts["rotate"] = len(self.secrets)
        order = (*ORDER[:-1], "unprotect", "rotate")  # without `same`
        return {op: counts[op] for op in order if counts[op]}

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        return {
            "stack": self.stack,
            "compared": self.compared,
            "counts": self.counts(),
            "loud": [text for edit in self.edits if (text := warning(edit))],
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
            "policy": [as_json(violation) for violation in self.violations],
        }


def review(before: Graph, after: Graph, compared: str) -> Review:
    """Review the change between two offline plans."""
    return _review(compare(before, after), before, after, after, compared)


def review_preview(plans: Review, preview: Preview, planned: Graph, compared: str) -> Review:
    """Review a preview of the engine.

    `planned` is the offline plan of the same code, `plans` the review of the offline plans.
    """
    edits, before, after = preview_edits(preview, planned)
    # The engine does not report a protection that is removed and nothing else.
    edits += [edit for edit in plans.edits if edit.op == "same" and edit.unprotected]
    return _review(edits, before, after, planned, compared)


def _review(
    edits: list[Edit], before: Graph, after: Graph, planned: Graph, compared: str
) -> Review:
    graph = dependency_graph(after, before)
    changed = [edit for edit in edits if edit.op != "same" or edit.unprotected]
    lost = {graph.node_of[edit.resource.name] for edit in changed}
    return Review(
        stack=after.stack,
        compared=compared,
        edits=edits,
        blast=blast_radius(graph, lost, existing=dependency_graph(before).nodes),
        cost=prices.lines(before, after),
        violations=violations(planned, edits),
    )


def warning(edit: Edit) -> str:
    """Return what a reviewer must not miss of an edit; empty for a harmless one."""
    name = f"{edit.resource.name} ({edit.kind})"
    guard = "; protected: an `up` refuses" if edit.protected else ""
    guard += "; the change also removes its protection" if edit.unprotected else ""
    store = edit.resource.name
    loss = f"; in it: {contents(store)}" if store_facts(store) else ""
    if edit.op == "replace":
        inputs = ", ".join(edit.because)
        return f"REPLACE {name} because of {inputs}: the old one is destroyed{loss}{guard}"
    if edit.op == "delete":
        return f"DELETE {name}{loss}{guard}"
    if edit.renamed:
        return f"RENAME {name}: a bucket cannot be renamed; the new name is another, empty bucket"
    if edit.unprotected:
        return f"PROTECTION OFF {name}"
    if edit.unguarded:
        inputs = ", ".join(edit.unguarded)
        return f"GUARD OFF {name}: {inputs} no longer ignored, a difference replaces it"
    return ""


def details(edit: Edit) -> list[str]:
    """Return every value of an edit, in as many lines as needed."""
    whole = edit.old if edit.op == "delete" else edit.new if edit.op == "create" else None
    if whole:
        text = yaml.safe_dump(whole.inputs, sort_keys=False, width=2**16, allow_unicode=True)
        return text.splitlines() if whole.inputs else []
    return [
        *(line for change in edit.changes for line in change.lines()),
        *(f"{key}: another value from {name}" for key, name in edit.follows),
        *(f"no effect: {line}" for change in edit.ignored for line in change.lines()),
    ]
