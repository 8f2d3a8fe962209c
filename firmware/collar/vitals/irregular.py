"""Evidence of a rhythm that sinus arrhythmia does not make. An observation, never a diagnosis.

Sinus arrhythmia swings the interval with the breath: it may double or halve from beat to beat, but it does so at a slow
mean rate. What it does not do: a single early beat in an even rhythm, made up for by a pause so that the two intervals
together last two usual ones; and a fast rhythm that stays uneven from beat to beat.
"""

from micropython import const

_EVEN_PCT = const(8)
_EARLY_PCT = const(75)
_LATE_PCT = const(120)
_FAST_MS = const(400)
_UNEVEN_PCT = const(18)
_BEATS = const(24)


def _near(a, b, percent):
    return abs(a - b) * 100 <= b * percent


def early_beats(intervals, count):
    """Early beats with their pause among `count` intervals in ms, oldest first; 0 breaks the chain."""
    found = 0
    for i in range(2, count - 1):
        first, usual, early, late = intervals[i - 2], intervals[i - 1], intervals[i], intervals[i + 1]
        if not (first and usual and early and late):
            continue
        if (
            not _near(first, usual, _EVEN_PCT)
            or early * 100 > usual * _EARLY_PCT
            or late * 100 < usual * _LATE_PCT
        ):
            continue
        if _near(early + late, 2 * usual, _EVEN_PCT):
            found += 1
    return found


def fast_and_uneven(intervals, count):
    """Whether at least 24 intervals of a mean below 400 ms differ from beat to beat by 18 % of it on average."""
    total = pairs = differences = beats = 0
    for i in range(count):
        if intervals[i]:
            total += intervals[i]
            beats += 1
            if i and intervals[i - 1]:
                differences += abs(intervals[i] - intervals[i - 1])
                pairs += 1
    if pairs < _BEATS:
        return False
    mean = total // beats
    return mean < _FAST_MS and differences * 100 > pairs * mean * _UNEVEN_PCT
