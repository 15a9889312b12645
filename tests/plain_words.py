"""Words that no text of the project uses where a user reads it, and what to write instead."""

from __future__ import annotations

import re

REFUSED = [  # (what is refused, what to write)
    (re.compile(rf"\b{word}\b", re.IGNORECASE), instead)
    for word, instead in (
        ("anew", "again, or replace"),
        ("whom", "who"),
        ("alike", "the same"),
        ("amiss", "wrong"),
        ("at hand", "available"),
        ("(?:stand|stands|stood) on", "depend on"),
        ("nobody", "no person, or the subject that is meant"),
        ("somebody", "a person"),
        ("what (?:holds|stands)", "the noun that is meant: the data, the resources"),
        ("what is (?:there|live|lost|gone|missing|declared|known|wrong|down|needed)", "a noun"),
        ("doors?", "the name of the interface"),
        ("rooms?", "package"),
        ("(?<!maintenance )(?-i:windows?)", "the name of the interface"),  # Windows is a system
    )
]


def refused(text: str) -> list[str]:
    """List the refused words of a text, each with its line and what to write instead."""
    return [
        f"line {number}: {match[0]!r}, write: {instead}"
        for number, line in enumerate(text.splitlines(), 1)
        for word, instead in REFUSED
        for match in word.finditer(line)
    ]
