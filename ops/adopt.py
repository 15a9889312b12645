"""Takes over what runs today without touching it: looks, tells, and on request imports.

What an adoption would change is not guessed from two descriptions of a resource: everything that
was recognised is imported into a state that is thrown away, and the engine is asked.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from ops import account, ask, engine
from ops.config import StackConfig, UsageError
from ops.drift import CHANGED, Drift, drifts
from ops.graph import Graph, build
from ops.keep import Keeper
from ops.live import KINDS, Live
from ops.match import NONE, Survey, survey

IMPORTED = {kind.name for kind in KINDS if kind.importer}
LOST = {  # what no import brings, and what happens instead
    "SpacesKey": "a new key is made and the app gets it; revoke the old one afterwards",
    "ProjectResources": "made anew, which moves nothing that the plan does not name",
    "DatabaseUser": "imported without its password, which MongoDB tells once; nothing here uses it:"
    " apps get it from the attached database",
}


@dataclass(frozen=True)
class Difference:
    """An input of a recognised resource that differs from the code: `drift` has both values.

    `replaces` says whether an `up` would make the resource anew for it, and `setting` what to write
    into the stack file so that it stays as it is, if any setting does that.
    """

    drift: Drift
    replaces: bool
    setting: str | None = None

    def line(self) -> str:
        """Give it to a reader: live value => value in the code."""
        first = next(iter(self.drift.lines())).partition("  ")[2]
        keep = f"   to keep it: {self.setting}" if self.setting else ""
        return f"{'REPLACE' if self.replaces else 'update '} {first}{keep}"


@dataclass(frozen=True)
class Report:
    """What an adoption would do; `differences` go by logical name."""

    stack: str
    survey: Survey
    lost: Mapping[str, str]
    differences: Mapping[str, list[Difference]]

    def lines(self) -> Iterator[str]:
        """Give it to a reader, what needs a decision last."""
        found = self.survey
        yield f"matched: {len(found.matched)} (in the state already: {len(found.managed)})"
        for name, live in found.matched.items():
            yield f"  {name} = {live}"
            yield from (f"      {each.line()}" for each in self.differences.get(name, ()))
        yield from part("missing live: an `up` would create", (r.name for r in found.missing))
        yield from part("live but not in the code: stays unmanaged", map(str, found.unmanaged))
        yield from part("cannot be imported", (f"{n}: {why}" for n, why in self.lost.items()))
        twins = ((n, each) for n, there in found.twins.items() for each in there)
        yield from part(
            "there twice: one of each is no resource of this state",
            (f"{name}: also {each}" for name, each in twins),
        )
        yield from part("not clear: say which, with --choose NAME=ID", choices(found))

    def as_json(self) -> dict[str, Any]:
        """Give the published form."""
        found = self.survey
        return {
            "stack": self.stack,
            "matched": {
                name: {
                    "id": live.import_id or live.id,
                    "live": live.name,
                    "differences": [
                        {
                            **each.drift.as_json(),
                            "effect": "replace" if each.replaces else "update",
                            "setting": each.setting,
                        }
                        for each in self.differences.get(name, ())
                    ],
                }
                for name, live in found.matched.items()
            },
            "managed": sorted(found.managed),
            "unclear": {name: [str(e) for e in there] for name, there in found.unclear.items()},
            "missing": [resource.name for resource in found.missing],
            "unmanaged": [str(each) for each in found.unmanaged],
            "twins": {name: [str(e) for e in there] for name, there in found.twins.items()},
            "cannotImport": dict(self.lost),
        }


def run(stack: str, config_file: str | None, said: Sequence[str], form: str, *, apply: bool) -> int:
    """Show what an adoption would do; with `apply` import it, and prove that nothing is lost.

    Returns 0; 2 where a person has to decide something, or where an `up` would replace or delete.
    """
    settings = ask.settings(stack, config_file)
    provider = engine.answering(os.environ)
    if form == "text":
        typer.echo(f"provider: {provider}")
    planned = build(settings)
    chosen = chosen_among(said)
    while True:
        with account.visit(os.environ) as there:
            found = survey(planned, there, state_ids(stack), chosen)
            networks = there.all(there.api.vpcs.list, "vpcs")
        if not (found.unclear and form == "text" and sys.stdin.isatty()):
            break
        chosen |= _ask_for(*next(iter(found.unclear.items())))
    report = Report(
        stack,
        found,
        _lost(planned, found),
        _differences(settings, config_file, found, {n["id"]: n["ip_range"] for n in networks}),
    )
    typer.echo(
        json.dumps(report.as_json(), indent=2) if form == "json" else "\n".join(report.lines())
    )
    if found.unclear:
        if apply:
            raise UsageError("nothing was imported: say first what is not clear")
        return 2
    if apply:
        take_over(stack, config_file, ids(found.matched))
        return _proof(stack, config_file)
    replaces = any(each.replaces for some in report.differences.values() for each in some)
    return 2 if replaces else 0


def ids(found: Mapping[str, Live]) -> dict[str, str]:
    """Give what an import takes, by logical name."""
    return {name: live.import_id or live.id for name, live in found.items()}


def state_ids(stack: str) -> dict[str, str]:
    """Give the id of every cloud resource that the state holds, by logical name."""
    exported = json.loads(ask.text("stack", "export", "--stack", stack))
    return {
        resource["urn"].rpartition("::")[2]: resource["id"]
        for resource in exported["deployment"].get("resources") or ()
        if resource["custom"] and not resource["type"].startswith("pulumi:")
    }


def take_over(
    stack: str,
    config_file: str | None,
    wanted: Mapping[str, str],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Import resources, by logical name and id, into the state: protected, and only reading them.

    The engine writes the file of what is not in the state yet; the ids are filled in there.
    """
    if not wanted:
        return
    target = ask.target(stack, config_file)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        ask.text("preview", *target, "--import-file", str(file), environ=environ)
        listed = json.loads(file.read_text(encoding="utf-8"))
        listed["resources"] = list(_filled(listed["resources"], wanted))
        file.write_text(json.dumps(listed), encoding="utf-8")
        how = ("--generate-code=false", "--protect=true", "--yes", "--skip-preview")
        ask.text("import", *target, "--file", str(file), *how, environ=environ)


def _filled(
    entries: Sequence[dict[str, Any]], wanted: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield what is wanted with its id, and the components that it stands in."""
    by_name = {entry["name"]: entry for entry in entries}
    kept: set[str] = set()
    for name in wanted.keys() & by_name.keys():
        while name in by_name:
            kept.add(name)
            name = by_name[name].get("parent", "")
    for entry in entries:
        if entry["name"] in kept:
            yield entry if entry.get("component") else {**entry, "id": wanted[entry["name"]]}


def _differences(
    settings: StackConfig, config_file: str | None, found: Survey, ranges: Mapping[str, str]
) -> dict[str, list[Difference]]:
    """Import into a state that is thrown away, and ask the engine what an `up` would change."""
    if not found.matched:
        return {}
    known = {name: live for name, live in found.managed.items() if live.kind in IMPORTED}
    everything = ids({**known, **found.matched})
    tracked = Path(config_file) if config_file else None
    with tempfile.TemporaryDirectory() as folder:
        environ, copy = engine.scratch(settings.stack, Path(folder) / "it", os.environ, tracked)
        take_over(settings.stack, str(copy), everything, environ)
        target = ask.target(settings.stack, str(copy))
        answer = ask.answer("preview", "--ignore-protect", *target, environ=environ)
    steps = {step["urn"].rpartition("::")[2]: step for step in answer["steps"]}
    keeper = Keeper(settings, ranges)
    differing: dict[str, list[Difference]] = {}
    for drift in drifts(answer, "code"):
        if drift.resource not in found.matched or drift.kind != CHANGED or not drift.change:
            continue
        step = steps[drift.resource]
        top = drift.path.partition(".")[0]
        replaces = top in (step.get("replaceReasons") or ())
        live = (step.get("oldState") or {}).get("inputs") or {}
        setting = keeper.setting(drift.resource, drift.change, live) if top in live else None
        differing.setdefault(drift.resource, []).append(Difference(drift, replaces, setting))
    return differing


def _proof(stack: str, config_file: str | None) -> int:
    """Ask what an `up` would do now. Returns 2 where it would replace or delete, and tells that."""
    answer = ask.answer("preview", "--ignore-protect", *ask.target(stack, config_file))
    left = drifts(answer, "code")
    bad = {each.resource for each in left if each.kind in ("REPLACE", "DELETE")}
    counts = answer.get("changeSummary") or {}
    told = ", ".join(f"{number} {op}" for op, number in sorted(counts.items()))
    typer.echo(f"\nimported and protected. An `up` now: {told}")
    if not bad:
        typer.echo("it replaces and deletes nothing")
        return 0
    typer.echo("to settle before an `up`:")
    for line in (line for each in left if each.resource in bad for line in each.lines()):
        typer.echo(f"  {line}")
    return 2


def _lost(planned: Graph, found: Survey) -> dict[str, str]:
    engines = {r.name: r.inputs.get("engine") for r in planned.resources}
    told = {}
    for resource in (r for r in planned.resources if r.custom and r.name not in found.managed):
        kind = resource.type.rpartition(":")[2]
        owner = str(resource.inputs.get("clusterId", ""))[1:].partition(".")[0]
        if kind in LOST and (kind != "DatabaseUser" or engines.get(owner) == "mongodb"):
            there = found.lost.get(resource.name)
            told[resource.name] = f"{there} is there: {LOST[kind]}" if there else LOST[kind]
    return told


def chosen_among(said: Sequence[str]) -> dict[str, str]:
    """Read what was said with --choose. Raises UsageError for what is no NAME=ID."""
    pairs = [choice.partition("=") for choice in said]
    if wrong := ["".join(pair) for pair in pairs if not (pair[0] and pair[2])]:
        raise UsageError(f"--choose takes NAME=ID or NAME={NONE}, not {', '.join(wrong)}")
    return {name: choice for name, _, choice in pairs}


def _ask_for(name: str, candidates: Sequence[Live]) -> dict[str, str]:
    for each in candidates:
        typer.echo(f"  {each.import_id or each.id}: {each}")
    return {name: typer.prompt(f"which one is {name}? An id of these, or {NONE}")}


def choices(found: Survey) -> Iterator[str]:
    """Give what a person may say of each resource that is not clear."""
    for name, candidates in found.unclear.items():
        for each in candidates:
            yield f"--choose {name}={each.import_id or each.id}   is it {each}?"
        yield f"--choose {name}={NONE}   none of these"


def part(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Give a part of a report, where there is anything in it."""
    listed = [f"  {line}" for line in lines]
    if listed:
        yield from (f"\n{title}", *listed)
