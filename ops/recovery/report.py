"""Where somebody stands who has lost something: what is down, what is safe, and what to do."""

from __future__ import annotations

import json
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
from ops.recovery.steps.times import told

SAFE: tuple[Kind, ...] = ("url", "store")
MOST = 12  # lines of each kind of thing on paper
SHELL = "In the project's folder, after `make setup` and `. .venv/bin/activate`."


@dataclass(frozen=True)
class Recovery:
    """`needs` is what was found of what a recovery needs; None where nobody has looked."""

    case: Case
    blast: BlastRadius
    steps: Sequence[Step]
    needs: Sequence[Finding] | None = None

    @property
    def safe(self) -> dict[str, list[str]]:
        """Name the public URLs and stores that the loss does not touch, by product."""
        hit = {each.node.key for each in self.blast.hits if each.effect}
        found: dict[str, list[str]] = {}
        for key, thing in self.case.found.nodes.items():
            if thing.kind in SAFE and key not in hit:
                found.setdefault(thing.system, []).append(thing.label)
        return {system: sorted(names) for system, names in sorted(found.items()) if system}

    @property
    def seconds(self) -> float:
        """How long DigitalOcean takes for what is done at once."""
        return sum(each.seconds for each in self.steps if not each.later)

    def as_json(self) -> dict[str, Any]:
        """Give the published form."""
        loss = self.case.loss
        return {
            "stack": self.case.stack,
            "lost": {"kind": loss.kind, "name": loss.name, "label": loss.label},
            "blast": self.blast.as_json(),
            "safe": self.safe,
            "needs": None if self.needs is None else [asdict(each) for each in self.needs],
            "steps": [each.as_json() for each in self.steps],
            "seconds": self.seconds,
        }


def recovery(case: Case, needs: Sequence[Finding] | None = None) -> Recovery:
    """Derive a recovery from a case."""
    return Recovery(case, blast_radius(case.found, case.loss.starts), steps(case), needs)


def as_json(told: Recovery) -> str:
    """Give it to a program."""
    return json.dumps(told.as_json(), indent=2)


def markdown(given: Recovery) -> Iterator[str]:
    """Give it as Markdown: on paper, and in the runbook."""
    loss, stack = given.case.loss, given.case.stack
    yield from (f"# Lost: {loss.label}", "")
    yield from (f"`python -m ops recover {loss.name} --stack {stack}`", "")
    if given.blast.hits:
        yield from ("## What is down because of it", "", "```")
        yield from lines(replace(given.blast, contacts=()), MOST)  # whom to call stands below
        yield from ("```", "")
    yield from ("## What is safe", "")
    for system, names in given.safe.items():
        shown = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" * (len(names) > MOST))
        yield f"- {system}: {shown}"
    if not given.safe:
        yield "- nothing of this stack"
    yield from ("", "## What is needed in hand", "")
    yield from _needs(given)
    yield from ("", "## Steps", "", SHELL, "")
    yield from _steps([each for each in given.steps if not each.later])
    if later := [each for each in given.steps if each.later]:
        yield from ("## Later, once somebody decides it", "")
        yield from _steps(later)
    yield from ("## Time", "", time(given), "", "## Whom to call", "")
    yield from (f"- {each}" for each in given.blast.contacts or ["whoever has the vault"])


def _needs(given: Recovery) -> Iterator[str]:
    if given.needs is None:
        check = f"python -m ops recover --check {given.case.loss.name} --stack {given.case.stack}"
        yield f"`{check}` looks whether all is there."
    else:
        yield from in_hand(given.needs)


def in_hand(found: Sequence[Finding]) -> Iterator[str]:
    """Give as Markdown how much is there, what is missing and how to mend it, what nobody saw.

    What is told of several in the same words is told once.
    """
    right, bad, unseen = (
        [each for each in found if each.state == state] for state in ("ok", "bad", "unseen")
    )
    yield f"{len(right)} of {len(found)} are in order, {len(bad) or 'none'} missing."
    yield ""
    for said, alike in _alike(bad):
        yield f"- MISSING {_names(alike)}: {said}"
        if mends := dict.fromkeys(_line(each.mend) for each in alike if each.mend):
            yield from ("", "  ```", *(f"  {mend}" for mend in mends), "  ```", "")
    for said, alike in _alike(unseen):
        mends = dict.fromkeys(_line(each.mend) for each in alike if each.mend)
        more = f" ({'; '.join(mends)})" if mends else ""
        yield f"- not seen {_names(alike)}: {said}{more}"


def _alike(found: Sequence[Finding]) -> Iterable[tuple[str, list[Finding]]]:
    groups: dict[str, list[Finding]] = {}
    for each in found:
        groups.setdefault(_line(each.told), []).append(each)
    return groups.items()


def _names(alike: Sequence[Finding]) -> str:
    parts = groupby(alike, key=lambda each: each.part)
    return "; ".join(f"{part}: {', '.join(each.name for each in named)}" for part, named in parts)


def _line(text: str) -> str:
    return " ".join(text.split())


def _steps(listed: Sequence[Step]) -> Iterator[str]:
    for number, step in enumerate(listed, 1):
        indent = " " * len(f"{number}. ")
        who = " (a person)" if step.by == "person" else ""
        took = f" (about {told(step.seconds)})" if step.seconds else ""
        yield f"{number}. {step.title}{took}{who}"
        for command, what in ((step.command, ""), (step.check, "to see that it worked:")):
            if command:
                # On a line of its own and with no remark: it is copied as it stands.
                inside = (*([what, ""] if what else []), "```sh", command, "```")
                yield from ("", *(f"{indent}{line}".rstrip() for line in inside))
        yield ""


def time(given: Recovery) -> str:
    """Say how long it takes."""
    people = sum(each.by == "person" for each in given.steps if not each.later)
    hands = f", and {people} step{'s' * (people > 1)} of a person" if people else ""
    if not given.seconds:
        return f"In DigitalOcean: {short_time(given)}{hands}."
    return (
        f"About {short_time(given)} in DigitalOcean{hands}. The figure is the longest chain of what"
        " has to be made, as the rehearsal goes through it, with the ready times of its table"
        " (`rehearsal/table.py`: DigitalOcean publishes none)."
    )


def short_time(given: Recovery) -> str:
    """Say in a few words how long DigitalOcean takes."""
    if given.seconds:
        return told(given.seconds)
    if given.case.loss.kind in ON_PREMISES:
        return "none"
    return "it depends on what is missing"
