"""A review in words: short above, the whole difference folded below, cut to what GitHub takes."""

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
from ops.review.model import Review, details, loud
from policy.rules import RULES

CHANGES = "What changes"
LIMIT = 65_536  # of a comment; counted in bytes, which are never fewer than characters
MOST = 25  # lines of the loud part, and of each kind of thing in the blast radius
SOME = 4  # inputs of one resource on its line; all of them stand below
FRAME = 1_000  # bytes kept for headings, fences and the sentence that says what was cut
TOO_LONG = "The whole difference does not fit: `python -m ops review --format text` shows it."
WIDTH = 60  # characters of one value on such a line
MARKS = {"replace": "-", "delete": "-", "create": "+", "update": "!", "same": "#"}  # as in a diff


def as_text(told: Review) -> str:
    """Give all of it, for a terminal."""
    parts = [*_head(told), *_sections(told)]
    if everything := _everything(told):
        parts.append(("The whole difference", everything))
    return "\n".join(
        f"{title}\n" + "".join(f"  {line}\n" for line in part) for title, part in parts
    )


def as_markdown(told: Review) -> str:
    """Give it as a comment that fits: of what is too long the end of the difference goes first."""
    everything, sections = _everything(told), _sections(told)
    fence = _fence([*everything, *(line for _, part in sections for line in part)])
    ((title, loud_lines),) = _head(told)
    top = _block(f"### {title}", loud_lines, fence) + f"Compared with {told.compared}.\n\n"
    blocks = {name: _block(f"#### {name}", part, fence) for name, part in sections}
    if CHANGES in blocks:
        rest = _size(top) + sum(_size(text) for name, text in blocks.items() if name != CHANGES)
        kept = _fitting(dict(sections)[CHANGES], LIMIT - rest - FRAME)
        blocks[CHANGES] = _block(f"#### {CHANGES}", kept, fence)
    shown = top + "".join(blocks.values())
    if not everything:
        return shown
    room = LIMIT - _size(shown) - FRAME
    if room < FRAME:
        return f"{shown}{TOO_LONG}\n"
    folded = _block("", _fitting(everything, room), fence)
    return f"{shown}<details><summary>The whole difference</summary>\n\n{folded}</details>\n"


def _head(told: Review) -> list[tuple[str, list[str]]]:
    counts = ", ".join(f"{count} to {op}" for op, count in told.counts().items())
    lines = [line for edit in told.edits if (line := loud(edit))]
    rules = {finding.rule.name for finding in told.broken if finding.rule.severity == "mandatory"}
    lines += [f"BREAKS {', '.join(sorted(rules))}: see Policy"] if rules else []
    marked = [f"{MARKS['delete']} {line}" for line in _most(lines)]
    return [(f"{told.stack}: {counts or 'no change'}", marked)]


def _sections(told: Review) -> list[tuple[str, list[str]]]:
    sections = []
    if told.blast.hits:
        radius = list(blast.lines(told.blast, MOST))
        sections.append(("What stands on it, as if all that changes were lost", radius))
    return [
        *sections,
        *([(CHANGES, list(_changes(told.edits)))] if told.edits else []),
        *([("Secrets of the stack file", _secrets(told))] if told.secrets else []),
        ("Cost", list(told.cost)),
        ("Policy", _most(list(_rules(told)))),
    ]


def _rules(told: Review) -> Iterator[str]:
    """Give what breaks a rule, and how to mend it."""
    for finding in told.broken:
        mark = MARKS["delete" if finding.rule.severity == "mandatory" else "update"]
        yield f"{mark} {finding.rule.name}: {finding.resource} {finding.found}"
        yield f"{mark}   mend: {finding.rule.mend}"
    if not told.broken:
        yield f"none of {len(RULES)} rules is broken"


def _secrets(told: Review) -> list[str]:
    """Name each and who uses it, by the catalogue; never a value."""
    users = {secret.key: ", ".join(secret.used_by) for secret in CATALOGUE}
    return [
        f"! {key}: changed{f', used by {users[name]}' if name in users else ''}"
        for key in told.secrets
        for name in [key.removeprefix("seal of ")]
    ]


def _changes(edits: Sequence[Edit]) -> Iterator[str]:
    """Give a line to each edit, by system; those that are alike share one."""
    for system in sorted({edit.resource.system for edit in edits}):
        yield f"{system}:"
        alike: dict[tuple[str, ...], list[str]] = {}
        for edit in edits:
            if edit.resource.system == system:
                key = (edit.op, edit.kind, "; ".join(_told(edit)), *details(edit))
                alike.setdefault(key, []).append(edit.resource.name)
        for (op, kind, told, *_), (first, *others) in alike.items():
            more = f" and {len(others)} more" if others else ""
            name = f"{'' if op == 'same' else f'{op} '}{first}{more} ({kind})"
            yield f"{MARKS[op]} {name}{': ' if told else ''}{told}"


def _told(edit: Edit) -> list[str]:
    """Say in a few words what is new of an edit."""
    given = edit.new if edit.op == "create" else None
    if given:
        return _most([f"{key} {_short(value)}" for key, value in given.inputs.items()], 2 * SOME)
    if edit.op == "delete":
        return []
    known = [c for c in edit.changes if LATER not in f"{c.path}{c.new}"]
    told = [_brief(c) for c in known if c.new != SECRET]
    told += [f"{key}: another value from {name}" for key, name in edit.follows]
    told += [f"{_brief(c)}, without effect on what runs" for c in edit.ignored]
    told += ["protection off"] if edit.unprotected else []
    secrets = [c.path for c in known if c.new == SECRET]
    told += [f"{path}: changed" for path in secrets[:1]] if len(secrets) == 1 else []
    told += [f"{len(secrets)} secret values: changed"] if len(secrets) > 1 else []
    return _most(told or ["values that are known later"], SOME)


def _brief(change: Change) -> str:
    path, old, new = change
    if new == SECRET:
        return f"{path}: changed"
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        return f"{path}: {sum(1 for _ in change.lines())} lines differ"
    for sign, item, other in (("+", new, old), ("-", old, new)):
        # An item of a list goes by itself: its path ends in it.
        if other is None and isinstance(item, str) and path.endswith(f".{item}"):
            return f"{path.removesuffix(f'.{item}')}: {sign} {_short(item)}"
    return f"{path}: {_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def _everything(told: Review) -> list[str]:
    lines = []
    for edit in told.edits:
        mark = MARKS[edit.op]
        lines.append(f"{mark} {edit.op} {edit.resource.name}  {edit.resource.type}")
        lines += [f"{mark}   {line}" for line in details(edit)]
    return lines


def _most(lines: list[str], most: int = MOST) -> list[str]:
    return [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """Keep the lines that fit from the front, and say how many were cut."""
    kept: list[str] = []
    if sum(_size(line) + 1 for line in lines) <= room:
        return list(lines)
    for line in lines:
        room -= _size(line) + 1
        if room < 200:  # for the sentence that says so
            break
        kept.append(line)
    cut = len(lines) - len(kept)
    return [*kept, f"# {cut} lines are cut here: `python -m ops review --format text` shows them"]


def _block(title: str, lines: Sequence[str], fence: str) -> str:
    """Give lines as a block in which nothing is markup, no name is called and no link is made."""
    head = f"{title}\n\n" if title else ""
    body = "\n".join(lines)
    return head + (f"{fence}diff\n{body}\n{fence}\n\n" if lines else "")


def _fence(lines: Sequence[str]) -> str:
    """Give a fence that none of the lines closes."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def _size(text: str) -> int:
    return len(text.encode())
