"""The report of a recovery: what is affected and what is not, prerequisites, steps, contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from ops.cli.findings import Finding
from ops.impact.blast import BlastRadius, blast_radius, lines
from ops.impact.dependencies import Kind
from ops.recovery.case import Case
from ops.recovery.kinds import ON_PREMISES
from ops.recovery.steps.cloud import steps
from ops.recovery.steps.step import Step
from ops.recovery.steps.times import shown

UNAFFECTED: tuple[Kind, ...] = ("url", "store")
MOST = 12  # lines of each kind of thing
SHELL = "In the project's folder, after `make setup` and `. .venv/bin/activate`."


@dataclass(frozen=True)
class Recovery:
    """`prerequisites` are the findings of their checks; None if they were not checked."""

    case: Case
    blast: BlastRadius
    steps: Sequence[Step]
    prerequisites: Sequence[Finding] | None = None

    @property
    def unaffected(self) -> dict[str, list[str]]:
        """The public URLs and stores that the loss does not affect, by product."""
        affected = {each.node.key for each in self.blast.hits if each.effect}
        labels: dict[str, list[str]] = {}
        for key, thing in self.case.dependencies.nodes.items():
            if thing.kind in UNAFFECTED and key not in affected and thing.system:
                labels.setdefault(thing.system, []).append(thing.label)
        return {system: sorted(names) for system, names in sorted(labels.items())}

    @property
    def now(self) -> list[Step]:
        """The steps that are not for later."""
        return [each for each in self.steps if not each.later]

    @property
    def seconds(self) -> float:
        """How long DigitalOcean takes for the steps of now."""
        return sum(each.seconds for each in self.now)

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        loss, findings = self.case.loss, self.prerequisites
        return {
            "stack": self.case.stack,
            "lost": {"kind": loss.kind, "name": loss.name, "label": loss.label},
            "blast": self.blast.as_json(),
            "unaffected": self.unaffected,
            "needs": None if findings is None else [asdict(each) for each in findings],
            "steps": [each.as_json() for each in self.steps],
            "seconds": self.seconds,
        }


def recovery(case: Case, prerequisites: Sequence[Finding] | None = None) -> Recovery:
    """Derive a recovery from a case."""
    affected = blast_radius(case.dependencies, case.loss.starts)
    return Recovery(case, affected, steps(case), prerequisites)


def markdown(report: Recovery) -> Iterator[str]:
    """Yield the lines of the report, which are also a page of the runbook."""
    loss, stack = report.case.loss, report.case.stack
    yield from (f"# Lost: {loss.label}", "")
    yield from (f"`python -m ops recover {loss.name} --stack {stack}`", "")
    if report.blast.hits:
        yield from ("## Affected", "", "```")
        yield from lines(replace(report.blast, contacts=()), MOST)  # the contacts come last
        yield from ("```", "")
    yield from ("## Unaffected", "")
    for system, names in report.unaffected.items():
        more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
        yield f"- {system}: {', '.join(names[:MOST])}{more}"
    if not report.unaffected:
        yield "- nothing in this stack"
    yield from ("", "## Prerequisites", "")
    if report.prerequisites is None:
        yield f"`python -m ops recover --check {loss.name} --stack {stack}` checks them."
    else:
        yield from prerequisites(report.prerequisites)
    yield from ("", "## Steps", "", SHELL, "")
    yield from _steps(report.now)
    if later := [each for each in report.steps if each.later]:
        yield from ("## Later, on a separate decision", "")
        yield from _steps(later)
    yield from ("## Time", "", time(report), "", "## Contact", "")
    yield from (f"- {each}" for each in report.blast.contacts or ["whoever has the vault"])


def prerequisites(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield how many are met, each missing one with its repair, and those not checked.

    Findings with one detail are one line.
    """
    met, bad, skipped = (
        [each for each in findings if each.state == state] for state in ("ok", "bad", "not checked")
    )
    yield f"{len(met)} of {len(findings)} are met, {len(bad) or 'none'} missing."
    yield ""
    for names, detail, repairs in _grouped(bad):
        yield f"- MISSING {names}: {detail}"
        if repairs:
            yield from ("", "  ```", *(f"  {each}" for each in repairs), "  ```", "")
    for names, detail, repairs in _grouped(skipped):
        yield f"- not checked {names}: {detail}" + (f" ({'; '.join(repairs)})" if repairs else "")


def _grouped(findings: Iterable[Finding]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the names with one detail, the detail, and their repairs."""
    groups: dict[str, list[Finding]] = {}
    for each in findings:
        groups.setdefault(_one_line(each.detail), []).append(each)
    for detail, same in groups.items():
        parts = groupby(same, key=lambda each: each.part)
        names = "; ".join(f"{part}: {', '.join(e.name for e in inside)}" for part, inside in parts)
        repairs = list(dict.fromkeys(_one_line(each.repair) for each in same if each.repair))
        yield names, detail, repairs


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _steps(listed: Sequence[Step]) -> Iterator[str]:
    for number, step in enumerate(listed, 1):
        indent = " " * len(f"{number}. ")
        person = " (a person)" if step.by == "person" else ""
        time = f" (about {shown(step.seconds)})" if step.seconds else ""
        yield f"{number}. {step.title}{time}{person}"
        for command, label in ((step.command, ""), (step.check, "Check that it worked:")):
            if command:
                # On a line of its own and without a remark, so that it can be copied.
                inside = (*([label, ""] if label else []), "```sh", command, "```")
                yield from ("", *(f"{indent}{line}".rstrip() for line in inside))
        yield ""


def time(report: Recovery) -> str:
    """Return how long it takes, in a sentence or two."""
    people = sum(each.by == "person" for each in report.now)
    manual = f", and {people} manual step{'s' * (people > 1)}" if people else ""
    if not report.seconds:
        return f"In DigitalOcean: {short_time(report)}{manual}."
    return (
        f"About {short_time(report)} in DigitalOcean{manual}. The figure is the longest chain of"
        " what has to be created, with the times of the rehearsal's table (`rehearsal/table.py`:"
        " DigitalOcean publishes none)."
    )


def short_time(report: Recovery) -> str:
    """Return how long DigitalOcean takes, in a few words."""
    if report.seconds:
        return shown(report.seconds)
    on_premises = report.case.loss.kind in ON_PREMISES
    return "none" if on_premises else "depends on the loss"
