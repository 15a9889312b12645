"""Differences between two values of inputs, such as old and new inputs of one resource."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple


class Change(NamedTuple):
    """One differing value. `old` or `new` is None where that side has no value."""

    path: str
    old: Any
    new: Any

    def lines(self) -> Iterator[str]:
        """Yield a line with both values, or the differing lines of longer texts.

        A change whose values are equal is one of hidden values.
        """
        if self.old == self.new:
            yield f"{self.path}: changed"
            return
        texts = isinstance(self.old, str) and isinstance(self.new, str)
        old, new = (each.splitlines() if texts else [] for each in (self.old, self.new))
        if max(len(old), len(new)) > 1 and old != new:
            # The first two lines are a header; every other line begins with a mark.
            for line in islice(difflib.unified_diff(old, new, lineterm="", n=0), 2, None):
                if not line.startswith("@@"):
                    yield f"{self.path}: {line}"
        else:  # also where only line endings differ
            yield f"{self.path}: {self.old!r} => {self.new!r}"


def changes(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """Yield the differences between two values. List items are matched as by `keyed`."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys(), key=str):
            yield from changes(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list):
        before, after = keyed(old), keyed(new)
        if before == after:  # the same items in another order
            yield Change(path, list(before), list(after))
        yield from changes(before, after, path)
    else:
        yield Change(path, old, new)


def keyed(items: list[Any]) -> dict[Any, Any]:
    """Return a list's items by key, name or text, else by index: a removed item shifts no other."""
    names = [
        item.get("key") or item.get("name") if isinstance(item, dict) else item for item in items
    ]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return dict(zip(names, items, strict=True))
    return dict(enumerate(items))


def aligned(old: Any, new: Any) -> Any:
    """Return `new` with list items in the order of `old`, so that order makes no difference."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: aligned(old.get(key), each) for key, each in new.items()}
    if not (isinstance(old, list) and isinstance(new, list)):
        return new
    if all(isinstance(name, str) for name in (*keyed(old), *keyed(new))):
        others, order = keyed(old), list(keyed(old))
        items = keyed(new).items()
        placed = sorted(items, key=lambda i: order.index(i[0]) if i[0] in others else len(order))
        return [aligned(others.get(name), each) for name, each in placed]
    rest = list(new)
    places = [rest.pop(rest.index(each)) if each in rest else None for each in old]
    for n, each in enumerate(old):
        if places[n] is None and rest:
            places[n] = aligned(each, rest.pop(0))
    return places + rest
