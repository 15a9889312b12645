"""Places boxes in columns: what stands on a box is left of it, and no line runs under one."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

HEIGHT = 44  # of a box
BETWEEN = 14  # between boxes and lines of one column
GUTTER = 72  # between columns, for lines to bend in
SWEEPS = 24  # more of them make it no better

Ends = tuple[str, str]
Point = tuple[int, int]


class Slot(NamedTuple):
    """A place in a column: a box, or where lines cross the column on their way to that box."""

    box: str
    column: int
    lane: int = 0  # of lines: their weight, negative where they are drawn against their direction


@dataclass(frozen=True)
class Box:
    """Where a box stands; all are HEIGHT high."""

    x: int
    y: int
    width: int


@dataclass(frozen=True)
class Layout:
    """Boxes by name, and of each edge the points that its line goes through."""

    boxes: dict[str, Box]
    lines: dict[Ends, list[Point]]
    width: int
    height: int


def layered(widths: Mapping[str, int], edges: Mapping[Ends, int]) -> Layout:
    """Lay out boxes of these widths and edges of these weights; in a circle the lightest yields."""
    forward = _forward(edges)
    column = _columns(widths, forward.values())
    chains = {
        ends: _chain(*forward[ends], column, weight if forward[ends] == ends else -weight)
        for ends, weight in edges.items()
    }
    slots = [Slot(name, column[name]) for name in widths]
    slots += [slot for chain in chains.values() for slot in chain]
    pairs = [pair for chain in chains.values() for pair in pairwise(chain)]
    beside: dict[Slot, list[Slot]] = defaultdict(list)
    for left, right in dict.fromkeys(pairs):
        beside[left].append(right)
        beside[right].append(left)
    columns = _ordered(dict.fromkeys(slots), beside)
    ys = _placed(columns, beside)
    widest = [max([0, *(widths[s.box] for s in column if not s.lane)]) for column in columns]
    lefts = [sum(widest[:number]) + GUTTER * number for number in range(len(columns))]
    boxes = {
        slot.box: Box(lefts[slot.column], y - HEIGHT // 2, widest[slot.column])
        for slot, y in ys.items()
        if not slot.lane
    }
    lines = {}
    ports = _ports(chains, edges, ys)
    for ends, (first, *between, last) in chains.items():
        line = [(lefts[first.column] + widest[first.column], ports[ends][0])]
        for slot in between:
            line += [(lefts[slot.column] + along, ys[slot]) for along in (0, widest[slot.column])]
        line.append((lefts[last.column], ports[ends][1]))
        lines[ends] = line if ends[0] == first.box else line[::-1]
    bottom = max(ys.values()) + HEIGHT // 2
    return Layout(dict(sorted(boxes.items())), lines, lefts[-1] + widest[-1], bottom)


def _forward(edges: Mapping[Ends, int]) -> dict[Ends, Ends]:
    """Turn edges around, the lightest, until none leads back to where another came from."""
    needs: dict[str, list[str]] = defaultdict(list)
    found = {}
    for left, right in sorted(edges, key=lambda ends: (-edges[ends], ends)):
        seen, waiting = {right}, [right]
        while waiting and left not in seen:
            new = set(needs[waiting.pop()]) - seen
            seen |= new
            waiting += new
        ends = (right, left) if left in seen else (left, right)
        needs[ends[0]].append(ends[1])
        found[left, right] = ends
    return found


def _columns(names: Iterable[str], forward: Iterable[Ends]) -> dict[str, int]:
    """Give each box a column left of all that it needs, and as near to it as can be."""
    needs: dict[str, list[str]] = {name: [] for name in names}
    for left, right in forward:
        needs[left].append(right)
    heights: dict[str, int] = {}
    for name in TopologicalSorter(needs).static_order():
        heights[name] = 1 + max((heights[each] for each in needs[name]), default=-1)
    return {name: max(heights.values()) - height for name, height in heights.items()}


def _chain(left: str, right: str, column: Mapping[str, int], lane: int) -> list[Slot]:
    """Give the slots of one line; lines of a kind that end at the same box share theirs."""
    between = range(column[left] + 1, column[right])
    lanes = [Slot(right, number, lane) for number in between]
    return [Slot(left, column[left]), *lanes, Slot(right, column[right])]


def _ordered(slots: Iterable[Slot], beside: Mapping[Slot, list[Slot]]) -> list[list[Slot]]:
    """Order each column by where the lines of its boxes lead, and keep what crosses least."""
    columns: list[list[Slot]] = [[] for _ in range(1 + max(slot.column for slot in slots))]
    for slot in slots:
        columns[slot.column].append(slot)
    best, fewest = columns, _crossings(columns, beside)
    for sweep in range(SWEEPS):
        step = -1 if sweep % 2 else 1
        columns = [list(column) for column in columns]
        for before, column in pairwise(columns[::step]):
            places = {slot: place for place, slot in enumerate(before)}
            wanted = {
                slot: fmean([places[each] for each in beside[slot] if each in places] or [place])
                for place, slot in enumerate(column)
            }
            column.sort(key=wanted.__getitem__)
        if (crossings := _crossings(columns, beside)) < fewest:
            best, fewest = columns, crossings
    return best


def _crossings(columns: list[list[Slot]], beside: Mapping[Slot, list[Slot]]) -> int:
    count = 0
    for number, column in enumerate(columns[1:]):
        places = {slot: place for place, slot in enumerate(column)}
        seen: list[int] = []
        for slot in columns[number]:
            ends = [places[each] for each in beside[slot] if each.column > number]
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _placed(columns: list[list[Slot]], beside: Mapping[Slot, list[Slot]]) -> dict[Slot, int]:
    """Give each slot a middle: near those beside it, in the order of its column."""
    ys = {slot: place * (HEIGHT + BETWEEN) for each in columns for place, slot in enumerate(each)}
    for sweep in range(SWEEPS):
        for column in columns[:: -1 if sweep % 2 else 1]:
            offset, blocks, offsets = 0, [], []
            for slot, above in zip(column, [None, *column], strict=False):
                if above:
                    offset += (
                        BETWEEN + (not slot.lane) * HEIGHT // 2 + (not above.lane) * HEIGHT // 2
                    )
                offsets.append(offset)
                wanted = fmean([ys[each] for each in beside[slot]] or [ys[slot]])
                blocks.append([wanted - offset])
                # Those that want to stand closer than they may are moved as one.
                while len(blocks) > 1 and fmean(blocks[-2]) > fmean(blocks[-1]):
                    last = blocks.pop()
                    blocks[-1] += last
            tops = [round(fmean(block)) for block in blocks for _ in block]
            ys |= {slot: top + add for slot, top, add in zip(column, tops, offsets, strict=True)}
    top = min(y - HEIGHT // 2 for y in ys.values())
    return {slot: y - top for slot, y in ys.items()}


def _ports(
    chains: Mapping[Ends, list[Slot]], edges: Mapping[Ends, int], ys: Mapping[Slot, int]
) -> dict[Ends, list[int]]:
    """Spread the lines over the side of a box: where they begin, and by kind where they end."""
    sides: dict[tuple[Slot, bool], dict[tuple[Slot, bool, int], list[int]]]
    sides = defaultdict(lambda: defaultdict(list))
    keys = {}
    for ends, chain in chains.items():
        first, last = chain[0], chain[-1]
        kind = (ends[0] == first.box, edges[ends])
        keys[ends] = [((first, False), (chain[1], *kind)), ((last, True), (last, *kind))]
        for (side, key), to in zip(keys[ends], (chain[1], chain[-2]), strict=True):
            sides[side][key].append(ys[to])
    found = {}
    for side, leading in sides.items():
        ordered = sorted(leading, key=lambda key: (fmean(leading[key]), key))
        for place, key in enumerate(ordered, 1):
            found[side, key] = ys[side[0]] + HEIGHT * place // (len(ordered) + 1) - HEIGHT // 2
    return {ends: [found[each] for each in both] for ends, both in keys.items()}
