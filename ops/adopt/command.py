"""Takes over live resources without changing them: reports, and on request imports.

The report does not guess what an adoption would change: all matches are imported into a throw-away
state, and the engine compares them with the code.
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
from ops.account.live import Live, unread
from ops.adopt.differences import Difference, differences
from ops.adopt.imports import (
    IMPORTED,
    ids,
    import_resources,
    part,
    possible_choices,
    read_choices,
    state_ids,
)
from ops.adopt.match import NONE, Survey, match
from ops.adopt.suggest_setting import SettingFinder
from ops.cli.errors import UsageError
from ops.engine import plugin, pulumi_cli, scratch
from ops.engine.documents import Preview
from ops.engine.drifts import REFUSED, Drift, drifts
from ops.plan.config import StackConfig
from ops.plan.graph import Graph, build
from ops.plan.references import reference

LOST = {  # types that no import brings, and what happens instead
    "SpacesKey": "a new key is made and the app gets it; revoke the old one afterwards",
    "ProjectResources": "created again, which moves only what the plan names",
    "DatabaseUser": "imported without its password, which MongoDB shows once; nothing here uses it:"
    " apps get it from the attached database",
}


@dataclass(frozen=True)
class Report:
    """What an adoption would do. `lost` and `differences` are by logical name."""

    stack: str
    survey: Survey
    lost: Mapping[str, str]
    differences: Mapping[str, list[Difference]]

    @property
    def replaces(self) -> dict[str, list[Difference]]:
        """The resources that an `up` would replace, and the differences that cause it."""
        reasons = {
            name: [each for each in some if each.effect == "replace"]
            for name, some in self.differences.items()
        }
        return {name: some for name, some in reasons.items() if some}

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report; what needs a decision comes last."""
        survey = self.survey
        if not (survey.matched or survey.unclear):
            yield "nothing is left to match"
        yield f"matched: {len(survey.matched)} (in the state already: {len(survey.managed)})"
        for name, live in survey.matched.items():
            yield f"  {name} = {live}"
            for each in self.differences.get(name, ()):
                yield from (f"      {line}" for line in each.lines())
        yield from part("missing live: an `up` would create", (r.name for r in survey.missing))
        yield from part("live but not in the code: stays unmanaged", map(str, survey.unmanaged))
        yield from part("cannot be imported", (f"{n}: {why}" for n, why in self.lost.items()))
        yield from part(
            "live twice: one of each is no resource of this state",
            (f"{name}: also {each}" for name, lives in survey.twins.items() for each in lives),
        )
        yield from part(
            "missing from the account, though the state has it, and another is live:"
            f" `python -m ops refresh --stack {self.stack}`, then run this again",
            (f"{name}: {each}" for name, lives in survey.gone.items() for each in lives),
        )
        yield from part(
            "in the state under another name: an `up` deletes it, unless the code has an alias or"
            " `pulumi state rename` was run",
            (f"{name}: {old} = {survey.managed[name]}" for name, old in survey.renamed.items()),
        )
        waiting = (f"{name}: in {', '.join(parents)}" for name, parents in survey.waiting.items())
        yield from part("searched once its parent is clear", waiting)
        yield from part("not clear: choose with --choose NAME=ID", possible_choices(survey))

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""

        def texts(lists: Mapping[str, Iterable[Live]]) -> dict[str, list[str]]:
            return {name: [str(each) for each in lives] for name, lives in lists.items()}

        survey = self.survey
        return {
            "stack": self.stack,
            "matched": {
                name: {
                    "id": live.import_id or live.id,
                    "live": live.name,
                    "differences": [each.as_json() for each in self.differences.get(name, ())],
                }
                for name, live in survey.matched.items()
            },
            "managed": sorted(survey.managed),
            "unclear": texts(survey.unclear),
            "waiting": dict(survey.waiting),
            "missing": [resource.name for resource in survey.missing],
            "unmanaged": [str(each) for each in survey.unmanaged],
            "twins": texts(survey.twins),
            "gone": texts(survey.gone),
            "renamed": dict(survey.renamed),
            "cannotImport": dict(self.lost),
        }


def run(
    stack: str, config_file: str | None, choices: Sequence[str], form: str, *, apply: bool
) -> int:
    """Print what an adoption would do; with `apply` import, and ask the engine about an `up`.

    `choices` are texts NAME=ID. Returns 0; 2 where a person has to decide something, or where an
    `up` would replace or delete. Raises UsageError where `apply` meets an open decision.
    """
    settings = pulumi_cli.settings(stack, config_file)
    provider = plugin.answering(os.environ)
    if form == "text":
        typer.echo(f"provider: {provider}")
    if apply:
        plugin.refuse_wrong_state(os.environ)
    planned = build(settings)
    chosen, in_state = read_choices(choices), state_ids(stack)
    while True:
        with client.visit(os.environ) as account:
            survey = match(planned, account, in_state, chosen)
            networks = account.read("VPCs")
            not_imported = {name: unread(account, live) for name, live in survey.matched.items()}
        interactive = bool(sys.stdin) and sys.stdin.isatty()  # stdin is None where it is closed
        if not (survey.unclear and form == "text" and interactive):
            break
        chosen |= _prompt(*next(iter(survey.unclear.items())))
    if apply and survey.unclear:
        open_choices = "".join(f"\n  {line}" for line in possible_choices(survey))
        raise UsageError(f"nothing was imported: choose first what is not clear{open_choices}")
    differing: dict[str, list[Difference]] = {}
    if survey.matched:
        managed = {name: each for name, each in survey.managed.items() if each.kind in IMPORTED}
        preview = _preview_import(settings, config_file, ids({**managed, **survey.matched}))
        finder = SettingFinder(settings, planned, {n["id"]: n["ip_range"] for n in networks})
        differing = differences(preview, not_imported, planned, finder)
    report = Report(stack, survey, _lost(planned, survey, in_state), differing)
    typer.echo(
        json.dumps(report.as_json(), indent=2) if form == "json" else "\n".join(report.lines())
    )
    if apply:
        code, lines = _apply(stack, config_file, report)
        typer.echo("\n".join(["", *lines]), err=form == "json")
        return 2 if survey.gone else code
    return 2 if survey.unclear or survey.gone or survey.renamed or report.replaces else 0


def _preview_import(
    settings: StackConfig, config_file: str | None, ids: Mapping[str, str]
) -> Preview:
    """Import into a throw-away state, and preview an `up` on it."""
    tracked = Path(config_file) if config_file else None
    with tempfile.TemporaryDirectory() as folder:
        environ, copy = scratch.create(
            settings.stack, Path(folder) / "scratch", os.environ, tracked
        )
        import_resources(settings.stack, str(copy), ids, environ)
        target = pulumi_cli.target(settings.stack, str(copy))
        return pulumi_cli.preview("preview", "--ignore-protect", *target, environ=environ)


def _apply(stack: str, config_file: str | None, report: Report) -> tuple[int, list[str]]:
    """Import the matches, and preview an `up`. Returns 2 where it would destroy, and the lines.

    Raises UsageError with how to continue where the import stopped.
    """
    matched = ids(report.survey.matched)
    try:
        import_resources(stack, config_file, matched)
    except UsageError as error:
        raise UsageError(
            f"{error}\nThe state of {stack} has what was imported until then, protected. No `up`"
            " now: fix the cause and run the same command again, it continues with the rest"
        ) from None
    target = pulumi_cli.target(stack, config_file)
    preview = pulumi_cli.preview("preview", "--ignore-protect", *target)
    counts = ", ".join(f"{number} {op}" for op, number in sorted(preview.counts.items()))
    done = f"{len(matched)} imported and protected" if matched else "nothing is left to import"
    destroyed = {each.resource: each for each in drifts(preview, "code") if each.kind in REFUSED}
    for name in report.replaces:  # the engine previews these as updates
        destroyed.setdefault(name, Drift(name, "REPLACE"))
    lines = [f"{done}. An `up` now: {counts}"]
    if not destroyed:
        return 0, [*lines, "it replaces and deletes nothing"]
    lines.append("to settle before an `up`:")
    for name, each in destroyed.items():
        lines += (f"  {line}" for line in each.lines())
        lines += (f"    {line}" for why in report.replaces.get(name, ()) for line in why.lines())
    return 2, lines


def _lost(planned: Graph, survey: Survey, in_state: Collection[str]) -> dict[str, str]:
    """Return by name the resources that cannot be imported, and what happens instead."""
    engines = {r.name: r.inputs.get("engine") for r in planned.resources}
    lost = {}
    for resource in (r for r in planned.resources if r.custom and r.name not in in_state):
        kind = resource.kind
        owner = reference(resource.inputs.get("clusterId"))
        engine = engines.get(owner.name) if owner else None
        if kind in LOST and (kind != "DatabaseUser" or engine == "mongodb"):
            live = survey.lost.get(resource.name)
            lost[resource.name] = f"{live} is live: {LOST[kind]}" if live else LOST[kind]
    return lost


def _prompt(name: str, candidates: Sequence[Live]) -> dict[str, str]:
    allowed = [each.import_id or each.id for each in candidates] + [NONE]
    for each in candidates:
        typer.echo(f"  {each.import_id or each.id}: {each}")
    question = f"which one is {name}? Enter one of these ids, or {NONE}"
    while (choice := typer.prompt(question)) not in allowed:
        typer.echo(f"allowed is one of {', '.join(allowed)}")
    return {name: choice}
