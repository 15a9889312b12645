"""A review as text: a short summary, then the full difference, cut to GitHub's limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from components.facts.secrets import CATALOGUE
from ops.diff.plans import Edit
from ops.engine.drifts import LATER
from ops.impact import blast
from ops.plan.changes import Change
from ops.plan.graph import SECRET
from ops.review.model import Review, details, warning
from policy.rules import RULES

CHANGES = "What changes"
DIFFERENCE = "The whole difference"
LIMIT = 65_536  # characters of a comment on GitHub, here counted as bytes, which are never fewer
MAX_LINES = 25  # of the warnings, and of each section of the blast radius
MAX_INPUTS = 4  # of one resource on its line; the whole difference has all of them
MAX_VALUE = 60  # characters of a value on such a line
RESERVE = 1_000  # bytes for headings, fences and the sentence that says what was cut
CUT_NOTE = 200  # bytes for that sentence
TOO_LONG = f"{DIFFERENCE} does not fit: `python -m ops review --format text` shows it."
MARKS = {"replace": "-", "delete": "-", "create": "+", "update": "!", "same": "#"}  # as in a diff


def as_text(review: Review) -> str:
    """Return the whole review for a terminal."""
    parts = [_summary(review), *_sections(review)]
    if difference := _difference(review):
        parts.append((DIFFERENCE, difference))
    return "\n".join(
        f"{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in parts
    )


def as_markdown(review: Review) -> str:
    """Return the review as a comment within LIMIT; the end of the difference is cut first."""
    difference, sections = _difference(review), _sections(review)
    fence = _fence([*difference, *(line for _, lines in sections for line in lines)])
    title, warnings = _summary(review)
    top = _block(f"### {title}", warnings, fence) + f"Compared with {review.compared}.\n\n"
    blocks = {name: _block(f"#### {name}", lines, fence) for name, lines in sections}
    if CHANGES in blocks:
        rest = _size(top) + sum(_size(text) for name, text in blocks.items() if name != CHANGES)
        lines = _cut(dict(sections)[CHANGES], LIMIT - rest - RESERVE)
        blocks[CHANGES] = _block(f"#### {CHANGES}", lines, fence)
    shown = top + "".join(blocks.values())
    if not difference:
        return shown
    space = LIMIT - _size(shown) - RESERVE
    if space < RESERVE:
        return f"{shown}{TOO_LONG}\n"
    folded = _block("", _cut(difference, space), fence)
    return f"{shown}<details><summary>{DIFFERENCE}</summary>\n\n{folded}</details>\n"


def _summary(review: Review) -> tuple[str, list[str]]:
    counts = ", ".join(f"{count} to {op}" for op, count in review.counts().items())
    lines = [text for edit in review.edits if (text := warning(edit))]
    rules = {each.rule.name for each in review.violations if each.rule.severity == "mandatory"}
    lines += [f"BREAKS {', '.join(sorted(rules))}: see Policy"] if rules else []
    marked = [f"{MARKS['delete']} {line}" for line in _first(lines)]
    return f"{review.stack}: {counts or 'no change'}", marked


def _sections(review: Review) -> list[tuple[str, list[str]]]:
    radius = list(blast.lines(review.blast, MAX_LINES)) if review.blast.hits else []
    sections = [
        ("Blast radius, if everything that changes were lost", radius),
        (CHANGES, list(_changes(review.edits))),
        ("Secrets of the stack file", _secrets(review)),
        ("Cost", list(review.cost)),
        ("Policy", _first(list(_policy(review)))),
    ]
    return [(title, lines) for title, lines in sections if lines]


def _policy(review: Review) -> Iterator[str]:
    for violation in review.violations:
        rule = violation.rule
        mark = MARKS["delete" if rule.severity == "mandatory" else "update"]
        yield f"{mark} {rule.name}: {violation.resource} {violation.message}"
        yield f"{mark}   fix: {rule.fix}"
    if not review.violations:
        yield f"none of {len(RULES)} rules is broken"


def _secrets(review: Review) -> list[str]:
    """Return a line for each changed secret with its users in the catalogue, without values."""
    users = {secret.key: ", ".join(secret.used_by) for secret in CATALOGUE}
    return [
        f"! {key}: changed{f', used by {users[name]}' if name in users else ''}"
        for key in review.secrets
        for name in [key.removeprefix("seal of ")]
    ]


def _changes(edits: Sequence[Edit]) -> Iterator[str]:
    """Yield a line for each edit, by system; equal edits share a line."""
    for system in sorted({edit.resource.system for edit in edits}):
        yield f"{system}:"
        groups: dict[tuple[str, ...], list[str]] = {}
        for edit in edits:
            if edit.resource.system == system:
                key = (edit.op, edit.kind, "; ".join(_outline(edit)), *details(edit))
                groups.setdefault(key, []).append(edit.resource.name)
        for (op, kind, outline, *_), (first, *others) in groups.items():
            more = f" and {len(others)} more" if others else ""
            name = f"{'' if op == 'same' else f'{op} '}{first}{more} ({kind})"
            yield f"{MARKS[op]} {name}{': ' if outline else ''}{outline}"


def _outline(edit: Edit) -> list[str]:
    """Return the most important changes of an edit, each in a few words."""
    if edit.op == "create" and edit.new:
        inputs = [f"{key} {_short(value)}" for key, value in edit.new.inputs.items()]
        return _first(inputs, 2 * MAX_INPUTS)
    if edit.op == "delete":
        return []
    known = [c for c in edit.changes if LATER not in f"{c.path}{c.new}"]
    secrets = [c.path for c in known if c.new == SECRET]
    texts = [_brief(c) for c in known if c.new != SECRET]
    texts += [f"{key}: another value from {name}" for key, name in edit.follows]
    texts += [f"{_brief(c)}, without effect on what runs" for c in edit.ignored]
    texts += ["protection off"] if edit.unprotected else []
    texts += [f"{secrets[0]}: changed"] if len(secrets) == 1 else []
    texts += [f"{len(secrets)} secret values: changed"] if len(secrets) > 1 else []
    return _first(texts or ["values that are known later"], MAX_INPUTS)


def _brief(change: Change) -> str:
    path, old, new = change
    if new == SECRET:
        return f"{path}: changed"
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        return f"{path}: {sum(1 for _ in change.lines())} lines differ"
    for sign, item, other in (("+", new, old), ("-", old, new)):
        # The path of an item of a list ends in the item.
        if other is None and isinstance(item, str) and path.endswith(f".{item}"):
            return f"{path.removesuffix(f'.{item}')}: {sign} {_short(item)}"
    return f"{path}: {_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 3]}..."


def _difference(review: Review) -> list[str]:
    lines = []
    for edit in review.edits:
        mark = MARKS[edit.op]
        lines.append(f"{mark} {edit.op} {edit.resource.name}  {edit.resource.type}")
        lines += [f"{mark}   {line}" for line in details(edit)]
    return lines


def _first(lines: list[str], limit: int = MAX_LINES) -> list[str]:
    omitted = len(lines) - limit
    return [*lines[:limit], f"and {omitted} more"] if omitted > 0 else lines


def _cut(lines: Sequence[str], space: int) -> list[str]:
    """Return the first lines that fit into so many bytes, and a line on how many were cut."""
    if sum(_size(line) + 1 for line in lines) <= space:
        return list(lines)
    shown: list[str] = []
    for line in lines:
        space -= _size(line) + 1
        if space < CUT_NOTE:
            break
        shown.append(line)
    cut = len(lines) - len(shown)
    return [*shown, f"# {cut} lines are cut here: `python -m ops review --format text` shows them"]


def _block(title: str, lines: Sequence[str], fence: str) -> str:
    """Return a heading and a code block, in which no text becomes markup, a mention or a link."""
    head = f"{title}\n\n" if title else ""
    body = "\n".join(lines)
    return head + (f"{fence}diff\n{body}\n{fence}\n\n" if lines else "")


def _fence(lines: Sequence[str]) -> str:
    """Return a code fence longer than any in the lines."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def _size(text: str) -> int:
    return len(text.encode())
