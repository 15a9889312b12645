"""What the engine previewed of a change: its JSON, as edits of resources."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.cli.errors import UsageError
from ops.diff.plans import ORDER, Edit, Op, sorted_edits
from ops.drift.command import CHANGED, Drift, drifts, plain
from ops.engine import pulumi_cli
from ops.plan.graph import SECRET, Graph, Resource
from ops.plan.identity import name_of
from ops.plan.rendered import Change

OPS: dict[str, Op] = {  # what the comparison with the state calls it; what else there is, updates
    "REPLACE": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "DELETE": "delete",
    "create": "create",
    "import": "create",
}
Step = dict[str, Any]


def load(file: Path, stack: str) -> dict[str, Any]:
    """Read what `pulumi preview --json` wrote. Raises UsageError where it did not, or failed."""
    try:
        answer = json.loads(file.read_text())
        steps = answer.get("steps", ()) if isinstance(answer, dict) else None
    except (OSError, ValueError):
        steps = None
    if steps is None:
        raise UsageError(f"{file} holds no preview: write it with `pulumi preview --json`")
    if errors := pulumi_cli.said(answer, "error"):
        raise UsageError(f"the preview in {file} failed: {'; '.join(errors)}")
    others = {step["urn"].split(":")[2] for step in steps} - {stack}
    if others:
        raise UsageError(f"{file} previews {', '.join(sorted(others))}, not {stack}: see --stack")
    return dict(answer)


def previewed(answer: Mapping[str, Any], planned: Graph) -> tuple[list[Edit], Graph, Graph]:
    """Give the edits, the graph before and after. `planned` is the offline plan of the same code.

    The engine tells only of what changes, so everything else is taken from there.
    """
    steps: dict[str, Step] = {}
    for step in answer.get("steps") or ():
        if _ours(step):
            steps[step["urn"]] = {**step, **steps.get(step["urn"], {})}
    told: dict[str, list[Drift]] = defaultdict(list)
    for drift in drifts(answer, "code"):
        told[drift.resource].append(drift)
    reader = _Reader(steps, planned)
    edits = [reader.edit(urn, told[name_of(urn)]) for urn in steps]
    same = [resource for resource in planned.resources if resource.urn not in steps]
    before = [*same, *(edit.old for edit in edits if edit.old)]
    after = [*same, *(edit.new for edit in edits if edit.new)]
    return (
        sorted_edits(edits),
        Graph(planned.stack, tuple(before), {}),
        Graph(planned.stack, tuple(after), {}),
    )


class _Reader:
    def __init__(self, steps: Mapping[str, Step], planned: Graph) -> None:
        self._steps = steps
        self._known = {resource.urn: resource for resource in planned.resources}

    def edit(self, urn: str, found: list[Drift]) -> Edit:
        """Turn a step into an edit."""
        step = self._steps[urn]
        ops: set[Op] = {OPS.get(each.kind, "update") for each in found if each.kind != CHANGED}
        op: Op = min(ops, key=ORDER.index) if ops else "update" if found else "same"
        changes = [
            Change(each.path, SECRET, SECRET) if each.secret else each.change
            for each in found
            if each.change
        ]
        return Edit(
            op=op,
            old=self._resource(step.get("oldState")) if op != "create" else None,
            new=self._resource(step.get("newState")) if op != "delete" else None,
            changes=tuple(changes),
            because=tuple(step.get("replaceReasons") or ()),
        )

    def _resource(self, state: Mapping[str, Any] | None) -> Resource | None:
        """Turn a state of the engine's into what the offline plan calls a resource."""
        if not state:
            return None
        urn, uses = state["urn"], state.get("propertyDependencies") or {}
        known = self._known.get(urn)
        return Resource(
            urn=urn,
            type=state["type"],
            name=name_of(urn),
            parent=state.get("parent", ""),
            system=self._system(urn),
            inputs=plain(state.get("inputs") or {}),
            dependencies=tuple(sorted(state.get("dependencies") or ())),
            uses={key: tuple(sorted(map(name_of, urns))) for key, urns in uses.items() if urns},
            protect=bool(state.get("protect")),
            ignore_changes=known.ignore_changes if known else (),
            custom=bool(state.get("custom")),
        )

    def _system(self, urn: str) -> str:
        """Climb to the product."""
        while urn not in self._known and urn in self._steps:
            step = self._steps[urn]
            above = (step.get("oldState") or step.get("newState") or {}).get("parent", "")
            if not above or "::pulumi:pulumi:Stack::" in above:
                break
            urn = above
        return self._known[urn].system if urn in self._known else name_of(urn)


def _ours(step: Mapping[str, Any]) -> bool:
    """Leave out the stack itself, providers and what the engine only reads."""
    kind = step["urn"].split("::", 3)[2].rpartition("$")[2]
    return not kind.startswith("pulumi:") and step["op"] not in ("refresh", "read")
