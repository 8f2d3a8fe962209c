"""Evidence of a rhythm that sinus arrhythmia does not make. An observation, never a diagnosis.

Sinus arrhythmia swings the interval with the breath: it may double or halve from beat to beat, but short intervals come
in company, breath after breath. What it does not do: a lone beat that is earlier than every other one around it and is
made up for by a pause, so that the two intervals together last about two usual ones; and a fast rhythm that stays uneven
from beat to beat. Intervals are in ms, oldest first; 0 breaks the chain.
"""

from micropython import const

AROUND = const(4)
"""Unbroken intervals that are looked at on each side of an early beat's two."""
_EARLY_PCT = const(75)
_PAUSE_PCT = const(105)
_MADE_UP_PCT = const(30)
_LEAST = const(6)
_FAST_MS = const(400)
_UNEVEN_PCT = const(18)
_BEATS = const(24)


def _early(ms, i, first, end):
    """Whether beat i came early and the next one made up for it, held against the other intervals in first..end - 1."""
    short, pause = ms[i], ms[i + 1]
    if not short or not pause:
        return False
    total = 0
    for k in range(first, end):
        if k != i and k != i + 1:
            usual = ms[k]
            if not usual or short * 100 > usual * _EARLY_PCT:
                return False
            total += usual
    others = end - first - 2
    off = abs((short + pause) * others - 2 * total)
    return pause * others * 100 >= total * _PAUSE_PCT and off * 100 <= 2 * total * _MADE_UP_PCT


def early_beats(ms, first, end):
    """Early beats with their pause in ms[first:end]."""
    found = 0
    for i in range(first + AROUND, end - AROUND - 1):
        # most intervals end here
        if ms[i] * 100 <= ms[i - 1] * _EARLY_PCT and _early(ms, i, i - AROUND, i + 2 + AROUND):
            found += 1
    return found


def suspect(ms, count):
    """Whether one reading's few intervals hold what may be an early beat: reason to look longer, no evidence yet."""
    i = 1
    while i < count - 1 and not (ms[i] * 100 <= ms[i - 1] * _EARLY_PCT and _early(ms, i, 0, count)):
        i += 1
    return count >= _LEAST and i < count - 1


def fast_and_uneven(ms, first, end):
    """Whether at least 24 intervals of a mean below 400 ms differ from beat to beat by 18 % of it on average."""
    total = pairs = differences = beats = 0
    for i in range(first, end):
        if ms[i]:
            total += ms[i]
            beats += 1
            if i > first and ms[i - 1]:
                differences += abs(ms[i] - ms[i - 1])
                pairs += 1
    if pairs < _BEATS:
        return False
    mean = total // beats
    return mean < _FAST_MS and differences * 100 > pairs * mean * _UNEVEN_PCT
