"""Where somebody stands who has lost something: what is down, what is safe, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ops.blast import Blast, blast, lines
from ops.findings import Finding
from ops.recovery.case import Case
from ops.recovery.steps.cloud import steps
from ops.recovery.steps.step import Step
from ops.recovery.steps.times import told
from ops.standing import Kind

SAFE: tuple[Kind, ...] = ("url", "store")
MOST = 12  # lines of each kind of thing on paper


@dataclass(frozen=True)
class Recovery:
    """`needs` is what was found of what a recovery needs; None where nobody has looked."""

    case: Case
    blast: Blast
    steps: Sequence[Step]
    needs: Sequence[Finding] | None = None

    @property
    def safe(self) -> dict[str, list[str]]:
        """Name the public URLs and stores that the loss does not touch, by product."""
        hit = {each.thing.key for each in self.blast.hits}
        found: dict[str, list[str]] = {}
        for key, thing in self.case.found.things.items():
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
    return Recovery(case, blast(case.found, case.loss.starts), steps(case), needs)


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
        yield from lines(given.blast, MOST)
        yield from ("```", "")
    yield from ("## What is safe", "")
    for system, names in given.safe.items():
        shown = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" * (len(names) > MOST))
        yield f"- {system}: {shown}"
    if not given.safe:
        yield "- nothing of this stack"
    yield from ("", "## What is needed in hand", "")
    yield from _needs(given)
    yield from ("", "## Steps", "")
    yield from _steps([each for each in given.steps if not each.later])
    if later := [each for each in given.steps if each.later]:
        yield from ("## Later, once somebody decides it", "")
        yield from _steps(later)
    yield from ("## Time", "", _time(given), "", "## Whom to call", "")
    yield from (f"- {each}" for each in given.blast.tell or ["whoever has the vault"])


def _needs(given: Recovery) -> Iterator[str]:
    if given.needs is None:
        check = f"python -m ops recover --check {given.case.loss.name} --stack {given.case.stack}"
        yield f"`{check}` looks whether all is there."
        return
    for each in given.needs:
        mark = {"ok": "x", "bad": " ", "unseen": "?"}[each.state]
        yield f"- [{mark}] {each.part}, {each.name}: {each.told}"
        if each.mend and each.state != "ok":
            yield f"      {each.mend}"


def _steps(listed: Sequence[Step]) -> Iterator[str]:
    for number, step in enumerate(listed, 1):
        who = " (a person)" if step.by == "person" else ""
        took = f" (about {told(step.seconds)})" if step.seconds else ""
        yield f"{number}. {step.title}{took}{who}"
        for command, what in ((step.command, ""), (step.check, "  # says whether it worked")):
            if command:
                yield from ("", "   ```sh", f"   {command}{what}", "   ```")
        yield ""


def _time(given: Recovery) -> str:
    people = sum(each.by == "person" for each in given.steps if not each.later)
    cloud = f"About {told(given.seconds)} in DigitalOcean" if given.seconds else "Seconds"
    hands = f", and {people} steps of a person" if people else ""
    return (
        f"{cloud}{hands}. The figure is the longest chain of what has to be made, as the rehearsal"
        " goes through it, with the ready times of its table (`rehearsal/table.py`: DigitalOcean"
        " publishes none)."
    )
