"""The edits of a change, read from a preview of the engine."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ops.cli.errors import UsageError
from ops.diff.plans import ORDER, Edit, Op, sorted_edits
from ops.engine import documents
from ops.engine.documents import Preview, State, Step
from ops.engine.drifts import CHANGED, Drift, drifts, plain
from ops.plan.changes import Change
from ops.plan.graph import SECRET, Graph, Resource
from ops.plan.urn import Urn, name_of

OPS: dict[str, Op] = {  # kind of drift -> operation; any other kind updates
    "REPLACE": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "DELETE": "delete",
    "create": "create",
    "import": "create",
}


def load(file: Path, stack: str) -> Preview:
    """Read a file of `pulumi preview --json`. Raises UsageError for any other file or an error."""
    try:
        preview = documents.preview(json.loads(file.read_text()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{file} is not a preview: write it with `pulumi preview --json`"
        ) from None
    if errors := preview.messages("error"):
        raise UsageError(f"the preview in {file} failed: {'; '.join(errors)}")
    if others := {step.urn.stack for step in preview.steps} - {stack}:
        raise UsageError(f"{file} previews {', '.join(sorted(others))}, not {stack}: use --stack")
    return preview


def preview_edits(preview: Preview, planned: Graph) -> tuple[list[Edit], Graph, Graph]:
    """Return the edits of a preview, the graph before and the graph after.

    `planned` is the offline plan of the same code: it adds the resources that do not change.
    """
    steps: dict[str, Step] = {}
    for step in preview.steps:
        if not step.urn.of_engine and step.op not in ("refresh", "read"):
            first = steps.get(step.urn, step)  # a replacement has several steps
            steps[step.urn] = replace(first, old=first.old or step.old, new=first.new or step.new)
    by_name: dict[str, list[Drift]] = defaultdict(list)
    for drift in drifts(preview, "code"):
        by_name[drift.resource].append(drift)
    reader = _Reader(steps, planned)
    edits = [reader.edit(step, by_name[step.name]) for step in steps.values()]
    same = [resource for resource in planned.resources if resource.urn not in steps]
    before = Graph(planned.stack, (*same, *(edit.old for edit in edits if edit.old)), {})
    after = Graph(planned.stack, (*same, *(edit.new for edit in edits if edit.new)), {})
    return sorted_edits(edits), before, after


class _Reader:
    def __init__(self, steps: Mapping[str, Step], planned: Graph) -> None:
        self._steps = steps
        self._known = {resource.urn: resource for resource in planned.resources}

    def edit(self, step: Step, step_drifts: list[Drift]) -> Edit:
        """Convert a step."""
        ops: set[Op] = {OPS.get(d.kind, "update") for d in step_drifts if d.kind != CHANGED}
        op: Op = min(ops, key=ORDER.index) if ops else "update" if step_drifts else "same"
        changes = [
            Change(each.path, SECRET, SECRET) if each.secret else each.change
            for each in step_drifts
            if each.change
        ]
        old = self._resource(step.old) if step.old and op != "create" else None
        new = self._resource(step.new) if step.new and op != "delete" else None
        return Edit(op, old, new, tuple(changes), because=step.replace_reasons)

    def _resource(self, state: State) -> Resource:
        """Convert a state of the engine."""
        known = self._known.get(state.urn)
        return Resource(
            urn=state.urn,
            type=state.type,
            name=state.name,
            parent=state.parent,
            system=self._system(state.urn),
            inputs=plain(state.inputs),
            dependencies=tuple(sorted(state.dependencies)),
            uses={
                key: tuple(sorted(map(name_of, urns)))
                for key, urns in state.property_dependencies.items()
            },
            protect=state.protect,
            ignore_changes=known.ignore_changes if known else (),
            custom=state.custom,
        )

    def _system(self, urn: str) -> str:
        """Return the product, which is the outermost parent."""
        while urn not in self._known and urn in self._steps:
            state = self._steps[urn].old or self._steps[urn].new
            if not (state and state.parent) or Urn(state.parent).of_engine:
                break
            urn = state.parent
        return self._known[urn].system if urn in self._known else name_of(urn)
