"""Takes over what runs today without touching it: looks, tells, and on request imports.

What an adoption would change is not guessed from two descriptions of a resource: everything that
was recognised is imported into a state that is thrown away, and the engine is asked.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from ops.account import client
from ops.account.live import Live, unread
from ops.adopt.differences import Difference, differences
from ops.adopt.imports import IMPORTED, choices, chosen_among, ids, part, state_ids, take_over
from ops.adopt.match import NONE, Survey, survey
from ops.adopt.suggest_setting import Keeper
from ops.cli.errors import UsageError
from ops.engine import plugin, pulumi_cli, scratch
from ops.engine.documents import Preview
from ops.engine.drifts import REFUSED, Drift, drifts
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, build
from ops.plan.references import reference

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
    provider = plugin.answering(os.environ)
    if form == "text":
        typer.echo(f"provider: {provider}")
    if apply:
        plugin.refuse_wrong_state(os.environ)
    planned = build(settings)
    chosen, held = chosen_among(said), state_ids(stack)
    while True:
        with client.visit(os.environ) as there:
            found = survey(planned, there, held, chosen)
            networks = there.read("VPCs")
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


def _asked(settings: StackConfig, config_file: str | None, wanted: Mapping[str, str]) -> Preview:
    """Import into a state that is thrown away, and ask the engine what an `up` would change."""
    tracked = Path(config_file) if config_file else None
    with tempfile.TemporaryDirectory() as folder:
        environ, copy = scratch.create(settings.stack, Path(folder) / "it", os.environ, tracked)
        take_over(settings.stack, str(copy), wanted, environ)
        target = pulumi_cli.target(settings.stack, str(copy))
        return pulumi_cli.preview("preview", "--ignore-protect", *target, environ=environ)


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
    answer = pulumi_cli.preview(
        "preview", "--ignore-protect", *pulumi_cli.target(stack, config_file)
    )
    told = ", ".join(f"{number} {op}" for op, number in sorted(answer.counts.items()))
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
        owner = reference(resource.inputs.get("clusterId"))
        engine = engines.get(owner.name) if owner else None
        if kind in LOST and (kind != "DatabaseUser" or engine == "mongodb"):
            there = found.lost.get(resource.name)
            told[resource.name] = f"{there} is there: {LOST[kind]}" if there else LOST[kind]
    return told


def _ask_for(name: str, candidates: Sequence[Live]) -> dict[str, str]:
    allowed = [each.import_id or each.id for each in candidates] + [NONE]
    for each in candidates:
        typer.echo(f"  {each.import_id or each.id}: {each}")
    while (said := typer.prompt(f"which one is {name}? An id of these, or {NONE}")) not in allowed:
        typer.echo(f"not one of {', '.join(allowed)}")
    return {name: said}
