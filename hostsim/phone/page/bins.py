"""Sums over ten minutes and over hours of uptime: what the timeline draws, kept beside the records so that a month opens at once.

A bin is a dict of sums and counts; a mean is made where it is drawn. `count` takes each record once.
"""

from __future__ import annotations

TEN_MS = 600_000
LENGTHS = {"m": TEN_MS, "h": 3_600_000}
"""Ms of a bin by the first letter of its key."""
RUN_MAX = 15
"""Minutes in one record."""
_MINUTES = 13
"""The place of `minutes` among the fields of a `minute`."""
_SECONDS = ("rest_s", "walk_s", "trot_s", "gallop_s", "other_s", "worn_s")
_TALLIES = ("minutes", "duty", "activity_mg", "activity_mg_n", "coverage_pct", "coverage_pct_n")
_NO_MINUTE = dict.fromkeys(_SECONDS + _TALLIES, 0)


def key(letter: str, boot: int, uptime_ms: int) -> str:
    """The bin of a record: its length, its boot, and which of them. Keys of a boot sort by time."""
    return f"{letter}{boot:05d}-{uptime_ms // LENGTHS[letter]:08d}"


def count(tens: dict[int, dict], type: str, uptime_ms: int, values: tuple) -> None:
    """Takes a record of a kind in KINDS (`values` are its fields' in their order) into bins of ten minutes of its boot.

    A record may stand for a run of minutes: each goes into its own.
    """
    add, last = KINDS[type], uptime_ms // TEN_MS
    minutes = min(values[_MINUTES] or 1, RUN_MAX) if type == "minute" else 1
    if minutes == 1 or (uptime_ms - 60_000 * (minutes - 1)) // TEN_MS == last:
        bin = tens.get(last)
        if bin is None:
            bin = tens[last] = {}
        add(bin, values, minutes)
        return
    for minute in range(minutes):
        at_ms = max(0, uptime_ms - 60_000 * minute)
        add(tens.setdefault(at_ms // TEN_MS, {}), values, 1)


def merge(boot: int, tens: dict[int, dict], had: dict[str, dict]) -> dict[str, dict]:
    """What bins of a boot and of its hours become with what `count` gathered; `had` are those that exist."""
    changed: dict[str, dict] = {}
    for number in sorted(tens):
        for name in names(boot, number):
            if name not in changed:
                changed[name] = dict(had.get(name) or ())
            _add(changed[name], tens[number])
    return changed


def names(boot: int, number: int) -> tuple[str, str]:
    """The keys of the ten minutes of this number and of their hour."""
    return f"m{boot:05d}-{number:08d}", f"h{boot:05d}-{number // 6:08d}"


def start_of(name: str) -> tuple[int, int]:
    """(boot, uptime in ms at which it begins) of a bin's key."""
    boot, _, number = name[1:].partition("-")
    return int(boot), int(number) * LENGTHS[name[0]]


def _sum(bin: dict, name: str, value: float | None, times: int = 1) -> None:
    """Adds a value to `name`, and counts it in `name_n`; nothing for None."""
    if value is not None:
        bin[name] = bin.get(name, 0) + value * times
        bin[name + "_n"] = bin.get(name + "_n", 0) + times


def _extent(bin: dict, name: str, value: float | None) -> None:
    """As `_sum`, and keeps the least and the largest."""
    if value is None:
        return
    _sum(bin, name, value)
    low, high = name + "_low", name + "_high"
    bin[low] = min(value, bin.get(low, value))
    bin[high] = max(value, bin.get(high, value))


# These take a record's values by their place: fields of a kind are only ever appended.
def _minute(bin: dict, values: tuple, times: int) -> None:
    if "minutes" not in bin:
        bin.update(_NO_MINUTE)
    rest, walk, trot, gallop, other, activity, _, _, _, duty, worn, coverage, battery = values[:_MINUTES]
    bin["minutes"] += times
    if rest:
        bin["rest_s"] += rest * times
    if walk:
        bin["walk_s"] += walk * times
    if trot:
        bin["trot_s"] += trot * times
    if gallop:
        bin["gallop_s"] += gallop * times
    if other:
        bin["other_s"] += other * times
    if worn:
        bin["worn_s"] += worn * times
    if duty:
        bin["duty"] += times
    if activity is not None:
        bin["activity_mg"] += activity * times
        bin["activity_mg_n"] += times
    if coverage is not None:
        bin["coverage_pct"] += coverage * times
        bin["coverage_pct_n"] += times
    if battery is not None:
        bin["battery_pct"] = battery


def _pulse(bin: dict, values: tuple, _times: int) -> None:
    bin["pulses"] = bin.get("pulses", 0) + 1
    _extent(bin, "hr_bpm", values[1])


def _breath(bin: dict, values: tuple, _times: int) -> None:
    bin["breaths"] = bin.get("breaths", 0) + 1
    bin["panting"] = bin.get("panting", 0) + (1 if values[6] else 0)
    _extent(bin, "rr_bpm", values[1])


def _bout(bin: dict, values: tuple, _times: int) -> None:
    gait, strides, asymmetry_mg = values[0], values[3], values[5]
    if gait == "trot" and asymmetry_mg is not None and strides:
        bin["trot_strides"] = bin.get("trot_strides", 0) + strides
        bin["uneven_mg"] = bin.get("uneven_mg", 0) + asymmetry_mg * strides


KINDS = {"minute": _minute, "pulse": _pulse, "breath": _breath, "bout": _bout}
"""What counts a record, by the name of its kind."""


def mean(bin: dict, name: str) -> float | None:
    """The mean of what was summed under `name`, None without any."""
    count = bin.get(name + "_n", 0)
    return bin[name] / count if count else None


def join(bins: list[dict]) -> dict:
    """Several bins as one."""
    joined: dict = {}
    for one in bins:
        _add(joined, one)
    return joined


_NO_SUMS = {
    "battery_pct": lambda _, last: last,
    "hr_bpm_low": min, "hr_bpm_high": max,
    "rr_bpm_low": min, "rr_bpm_high": max,
}  # fmt: skip
"""What becomes of two values that are not added."""


def _add(into: dict, one: dict) -> None:
    for name in one:
        value, before = one[name], into.get(name)
        if before is None:
            into[name] = value
        elif name in _NO_SUMS:
            into[name] = _NO_SUMS[name](before, value)
        else:
            into[name] = before + value
