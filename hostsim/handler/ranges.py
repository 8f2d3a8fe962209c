"""Ranges of sequence numbers, `(first, end)` with an exclusive end. Pure: the phone's page runs this on MicroPython."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Ranges = list[tuple[int, int]]


def merge(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same numbers in the fewest ranges, in order."""
    merged: Ranges = []
    for first, end in sorted(ranges):
        if first >= end:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((first, end))
    return merged


def subtract(wanted: tuple[int, int], had: Iterable[tuple[int, int]]) -> Ranges:
    """The parts of `wanted` that are in none of `had`."""
    first, end = wanted
    missing: Ranges = []
    for begin, stop in merge(had):
        if stop <= first:
            continue
        if begin >= end:
            break
        if begin > first:
            missing.append((first, begin))
        first = stop
    if first < end:
        missing.append((first, end))
    return missing


def newest_first(missing: Ranges, recent: int, alert: int) -> Ranges:
    """The same numbers in another order: the newest alert's record, what is newer than `recent`, the rest by age."""
    urgent = [(alert, alert + 1), (max(recent, alert + 1) if alert >= recent else recent, 1 << 32)]
    if alert >= recent:
        urgent.append((recent, alert))
    ordered: Ranges = []
    for begin, stop in urgent:
        ordered += [(max(a, begin), min(b, stop)) for a, b in missing if max(a, begin) < min(b, stop)]
    return ordered + [rest for one in missing for rest in subtract(one, ordered)]
