"""Differences between matched live resources and the code, and the setting that keeps each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ops.adopt.suggest_setting import SettingFinder
from ops.engine.documents import Preview, Step
from ops.engine.drifts import CHANGED, LATER, Drift, drifts
from ops.plan.changes import Change
from ops.plan.graph import SECRET, Graph
from ops.plan.identity import IDENTITY
from ops.plan.references import references

Inputs = Mapping[str, Any]
Effect = Literal["replace", "drop", "update"]
NOT_READ = ("backupPolicy", "evictionPolicy")  # neither by an import nor by a list
HIDDEN = {
    "logDestinations",
    "registryCredentials",
    "repoCloneUrl",  # may contain a token
    "secureHeader",
    "slackWebhooks",
    "slacks",
}  # the engine shows these in clear text
# Inputs of an app that App Platform fills in, and keeps where the code has none.
FILLED_IN = ("spec.domains", "spec.features", "spec.ingress")
NOT_READ_MARK = "[not read]"
EFFECTS: Mapping[Effect, str] = {"replace": "REPLACE", "drop": "DROP   ", "update": "update "}
WIDTH = 200  # of a line; --format json has all of it


@dataclass(frozen=True)
class Difference:
    """An input of a matched resource that differs from the code; `drift` has both values.

    `effect` is what an `up` would do: replace the resource, drop something that the code lacks, or
    update it. `setting` is the line for the stack file that keeps the live value, if there is one.
    `after` are the resources whose creation causes the difference.
    """

    drift: Drift
    effect: Effect
    setting: str | None = None
    after: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield lines: live value => value in the code."""
        for line in self.drift.lines():
            text = f"{EFFECTS[self.effect]} {line.partition('  ')[2]}"
            yield text if len(text) <= WIDTH else f"{text[:WIDTH]} ..."
        if self.setting:
            yield f"        to keep it: {self.setting}"
        elif self.after:
            yield f"        settled with {', '.join(self.after)}"

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        more = {"effect": self.effect, "setting": self.setting, "after": list(self.after)}
        return {**self.drift.as_json(), **more}


def differences(
    preview: Preview, unread: Mapping[str, Inputs], planned: Graph, finder: SettingFinder
) -> dict[str, list[Difference]]:
    """Return the differences that a preview names, by logical name and the worst first.

    `unread` has the live inputs that an import leaves out, by name of every matched resource.
    """
    preview = replace(
        preview, steps=tuple(_whole(step, unread.get(step.name, {})) for step in preview.steps)
    )
    by_name = {step.name: step for step in preview.steps}
    inputs = {resource.name: resource.inputs for resource in planned.resources}
    created = {name for name, step in by_name.items() if step.op in ("create", "replace")}
    result: dict[str, list[Difference]] = {}
    for drift in drifts(preview, "code"):
        name, change, top = drift.resource, drift.change, drift.path.partition(".")[0]
        if name not in unread or drift.kind != CHANGED or not change:
            continue
        if unread[name] and not drift.path:  # only inputs that the import left out differed
            continue
        if change.new is None and (drift.path in FILLED_IN or _general(change)):
            continue
        old = by_name[name].old
        live = old.inputs if old else {}
        setting = finder.setting(name, change, live) if top in live else None
        parents = references(inputs[name].get(top)) & created
        after = tuple(sorted(parents)) if LATER in str(change.new) and not setting else ()
        shown = Drift(name, CHANGED, _shown(change, live))
        if setting and shown.secret:
            setting = f"{setting.partition(': ')[0]}: {SECRET}"
        difference = Difference(shown, _effect(by_name[name], change), setting, after)
        result.setdefault(name, []).append(difference)
    for some in result.values():
        some.sort(key=lambda each: [*EFFECTS].index(each.effect))
    return result


def _general(change: Change) -> bool:
    """Whether it is the type GENERAL of a plain variable, which is the same as none."""
    return change.path.endswith(".type") and change.old == "GENERAL"


def _effect(step: Step, change: Change) -> Effect:
    top = change.path.partition(".")[0]
    if top in step.replace_reasons or IDENTITY.get(step.urn.kind) == top:
        return "replace"
    return "drop" if change.new is None and change.old else "update"


def _whole(step: Step, unread: Inputs) -> Step:
    """Add the inputs that the import left out; drop what the engine says of those."""
    if not (unread and step.old):
        return step
    inputs = {**step.old.inputs}
    for top, value in unread.items():
        inputs[top] = {**inputs.get(top, {}), **value} if isinstance(value, Mapping) else value
    paths = tuple(
        f"{top}.{below}" if below else top
        for top, value in unread.items()
        for below in (value if isinstance(value, Mapping) else ("",))
    )
    detail = {path: how for path, how in step.detail.items() if not path.startswith(paths)}
    return replace(step, old=replace(step.old, inputs=inputs), detail=detail)


def _shown(change: Change, live: Inputs) -> Change:
    """Hide possible secrets: a plain variable of an app may be a secret too."""
    if change.path in NOT_READ and change.path not in live:
        return change._replace(old=NOT_READ_MARK)
    parts = change.path.split(".")
    if HIDDEN & {*parts}:
        return Change(change.path, SECRET, SECRET)
    if "envs" not in parts:
        return Change(change.path, _safe(change.old), _safe(change.new))
    below = parts[parts.index("envs") + 1 :]
    if not below:
        values = ({"envs": each or []} for each in change[1:])
        return Change(change.path, *(_safe(each)["envs"] or None for each in values))
    if len(below) == 1:
        return Change(change.path, *(each and "set" for each in change[1:]))
    return Change(change.path, SECRET, SECRET) if below[-1] == "value" else change


def _safe(value: Any) -> Any:
    """Reduce every list of variables to their names, and hide secrets."""
    if isinstance(value, list):
        return [_safe(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    safe = {name: SECRET if name in HIDDEN else _safe(each) for name, each in value.items()}
    if isinstance(variables := value.get("envs"), list):
        safe["envs"] = [v.get("key") if isinstance(v, Mapping) else v for v in variables]
    return safe
