"""Takes over what runs today without touching it: looks, tells, and on request imports.

What an adoption would change is not guessed from two descriptions of a resource: everything that
was recognised is imported into a state that is thrown away, and the engine is asked.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from ops.account import client
from ops.account.live import KINDS, Live, unread
from ops.adopt.differences import Difference, differences
from ops.adopt.match import NONE, Survey, survey
from ops.adopt.suggest_setting import Keeper
from ops.cli.errors import UsageError
from ops.deploy import operations
from ops.drift.command import REFUSED, Drift, drifts
from ops.engine import pulumi_cli
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, build
from ops.plan.identity import name_of

IMPORTED = {kind.name for kind in KINDS if kind.importer}
LOST = {  # what no import brings, and what happens instead
    "SpacesKey": "a new key is made and the app gets it; revoke the old one afterwards",
    "ProjectResources": "made anew, which moves nothing that the plan does not name",
    "DatabaseUser": "imported without its password, which MongoDB tells once; nothing here uses it:"
    " apps get it from the attached database",
}


@dataclass(frozen=True)
class Report:
    """What an adoption would do; `differences` go by logical name."""

    stack: str
    survey: Survey
    lost: Mapping[str, str]
    differences: Mapping[str, list[Difference]]

    @property
    def replaces(self) -> dict[str, list[Difference]]:
        """Tell what an `up` would make anew, and why, by logical name."""
        reasons = {
            name: [each for each in some if each.effect == "replace"]
            for name, some in self.differences.items()
        }
        return {name: some for name, some in reasons.items() if some}

    def lines(self) -> Iterator[str]:
        """Give it to a reader, what needs a decision last."""
        found = self.survey
        if not (found.matched or found.unclear):
            yield "nothing is left to match"
        yield f"matched: {len(found.matched)} (in the state already: {len(found.managed)})"
        for name, live in found.matched.items():
            yield f"  {name} = {live}"
            for each in self.differences.get(name, ()):
                yield from (f"      {line}" for line in each.lines())
        yield from part("missing live: an `up` would create", (r.name for r in found.missing))
        yield from part("live but not in the code: stays unmanaged", map(str, found.unmanaged))
        yield from part("cannot be imported", (f"{n}: {why}" for n, why in self.lost.items()))
        twins = ((n, each) for n, there in found.twins.items() for each in there)
        yield from part(
            "there twice: one of each is no resource of this state",
            (f"{name}: also {each}" for name, each in twins),
        )
        yield from part(
            "gone from the account, though the state holds it, and another is there:"
            f" `python -m ops refresh --stack {self.stack}`, then look again",
            (f"{name}: {each}" for name, there in found.gone.items() for each in there),
        )
        yield from part(
            "in the state under another name: an `up` deletes it, unless the code has an alias or"
            " `pulumi state rename` was run",
            (f"{name}: {was} = {found.managed[name]}" for name, was in found.renamed.items()),
        )
        waiting = (f"{name}: in {', '.join(there)}" for name, there in found.waiting.items())
        yield from part("looked for once that is clear", waiting)
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
                    "differences": [each.as_json() for each in self.differences.get(name, ())],
                }
                for name, live in found.matched.items()
            },
            "managed": sorted(found.managed),
            "unclear": {name: [str(e) for e in there] for name, there in found.unclear.items()},
            "waiting": dict(found.waiting),
            "missing": [resource.name for resource in found.missing],
            "unmanaged": [str(each) for each in found.unmanaged],
            "twins": {name: [str(e) for e in there] for name, there in found.twins.items()},
            "gone": {name: [str(e) for e in there] for name, there in found.gone.items()},
            "renamed": dict(found.renamed),
            "cannotImport": dict(self.lost),
        }


def run(stack: str, config_file: str | None, said: Sequence[str], form: str, *, apply: bool) -> int:
    """Show what an adoption would do; with `apply` import it, and prove that nothing is lost.

    Returns 0; 2 where a person has to decide something, or where an `up` would replace or delete.
    """
    settings = pulumi_cli.settings(stack, config_file)
    provider = operations.answering(os.environ)
    if form == "text":
        typer.echo(f"provider: {provider}")
    if apply:
        operations.own_state(os.environ)
    planned = build(settings)
    chosen, held = chosen_among(said), state_ids(stack)
    while True:
        with client.visit(os.environ) as there:
            found = survey(planned, there, held, chosen)
            networks = there.all(there.api.vpcs.list, "vpcs")
            more = {name: unread(there, live) for name, live in found.matched.items()}
        person = bool(sys.stdin) and sys.stdin.isatty()  # none where the input is closed
        if not (found.unclear and form == "text" and person):
            break
        chosen |= _ask_for(*next(iter(found.unclear.items())))
    if apply and found.unclear:
        asked = "".join(f"\n  {line}" for line in choices(found))
        raise UsageError(f"nothing was imported: say first what is not clear{asked}")
    differing: dict[str, list[Difference]] = {}
    if found.matched:
        known = {name: each for name, each in found.managed.items() if each.kind in IMPORTED}
        answer = _asked(settings, config_file, ids({**known, **found.matched}))
        keeper = Keeper(settings, planned, {n["id"]: n["ip_range"] for n in networks})
        differing = differences(answer, more, planned, keeper)
    report = Report(stack, found, _lost(planned, found, held), differing)
    typer.echo(
        json.dumps(report.as_json(), indent=2) if form == "json" else "\n".join(report.lines())
    )
    if apply:
        code, told = _apply(stack, config_file, report)
        typer.echo("\n".join(["", *told]), err=form == "json")
        return 2 if found.gone else code
    return 2 if found.unclear or found.gone or found.renamed or report.replaces else 0


def ids(found: Mapping[str, Live]) -> dict[str, str]:
    """Give what an import takes, by logical name."""
    return {name: live.import_id or live.id for name, live in found.items()}


def state_ids(stack: str) -> dict[str, str]:
    """Give the id of every cloud resource that the state holds, by logical name.

    One that was replaced and is not deleted yet goes by its URN: its name is another's. Raises
    UsageError where there is no state yet.
    """
    return {
        resource["urn"] if resource.get("delete") else name_of(resource["urn"]): resource["id"]
        for resource in json.loads(pulumi_cli.exported(stack))["deployment"].get("resources") or ()
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
    target = pulumi_cli.target(stack, config_file)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        # What is half imported would be made anew, of which a plain preview dies.
        look = ("preview", "--ignore-protect", *target, "--import-file", str(file))
        pulumi_cli.text(*look, environ=environ)
        listed = json.loads(file.read_text(encoding="utf-8"))
        listed["resources"] = list(_filled(listed["resources"], wanted))
        file.write_text(json.dumps(listed), encoding="utf-8")
        how = ("--generate-code=false", "--protect=true", "--yes", "--skip-preview")
        pulumi_cli.text("import", *target, "--file", str(file), *how, environ=environ)


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


def _asked(
    settings: StackConfig, config_file: str | None, wanted: Mapping[str, str]
) -> dict[str, Any]:
    """Import into a state that is thrown away, and ask the engine what an `up` would change."""
    tracked = Path(config_file) if config_file else None
    with tempfile.TemporaryDirectory() as folder:
        environ, copy = operations.scratch(settings.stack, Path(folder) / "it", os.environ, tracked)
        take_over(settings.stack, str(copy), wanted, environ)
        target = pulumi_cli.target(settings.stack, str(copy))
        return pulumi_cli.answer("preview", "--ignore-protect", *target, environ=environ)


def _apply(stack: str, config_file: str | None, report: Report) -> tuple[int, list[str]]:
    """Import what matches, and ask what an `up` would do then: 2 where it would destroy, and why.

    Raises UsageError with how to go on where the import stopped.
    """
    wanted = ids(report.survey.matched)
    try:
        take_over(stack, config_file, wanted)
    except UsageError as error:
        raise UsageError(
            f"{error}\nThe state of {stack} holds what was imported until then, protected. No `up`"
            " now: mend the cause and run the same command again, it goes on with the rest"
        ) from None
    answer = pulumi_cli.answer(
        "preview", "--ignore-protect", *pulumi_cli.target(stack, config_file)
    )
    counts = answer.get("changeSummary") or {}
    told = ", ".join(f"{number} {op}" for op, number in sorted(counts.items()))
    done = f"{len(wanted)} imported and protected" if wanted else "nothing is left to import"
    bad = {each.resource: each for each in drifts(answer, "code") if each.kind in REFUSED}
    for name in report.replaces:  # what the engine takes for an update
        bad.setdefault(name, Drift(name, "REPLACE"))
    lines = [f"{done}. An `up` now: {told}"]
    if not bad:
        return 0, [*lines, "it replaces and deletes nothing"]
    lines.append("to settle before an `up`:")
    for name, each in bad.items():
        lines += (f"  {line}" for line in each.lines())
        lines += (f"    {line}" for why in report.replaces.get(name, ()) for line in why.lines())
    return 2, lines


def _lost(planned: Graph, found: Survey, held: Collection[str]) -> dict[str, str]:
    engines = {r.name: r.inputs.get("engine") for r in planned.resources}
    told = {}
    for resource in (r for r in planned.resources if r.custom and r.name not in held):
        kind = resource.kind
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
    names = [name for name, *_ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"--choose says of {', '.join(twice)} more than once what it is")
    return {name: choice for name, _, choice in pairs}


def _ask_for(name: str, candidates: Sequence[Live]) -> dict[str, str]:
    allowed = [each.import_id or each.id for each in candidates] + [NONE]
    for each in candidates:
        typer.echo(f"  {each.import_id or each.id}: {each}")
    while (said := typer.prompt(f"which one is {name}? An id of these, or {NONE}")) not in allowed:
        typer.echo(f"not one of {', '.join(allowed)}")
    return {name: said}


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
