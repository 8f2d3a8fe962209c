"""Sums over ten minutes and over hours of uptime: what the timeline draws, kept beside the records so that a month opens at once.

A bin is a dict of sums and counts; a mean is made where it is drawn. `add` takes each record once.
"""

from __future__ import annotations

LENGTHS = {"m": 600_000, "h": 3_600_000}
"""Ms of a bin by the first letter of its key."""
RUN_MAX_MS = 900_000
_SECONDS = ("rest_s", "walk_s", "trot_s", "gallop_s", "other_s", "worn_s")


def key(letter: str, boot: int, uptime_ms: int) -> str:
    """The bin of a record: its length, its boot, and which of them. Keys of a boot sort by time."""
    return f"{letter}{boot:05d}-{uptime_ms // LENGTHS[letter]:08d}"


def places(type: str, boot: int, uptime_ms: int, fields: dict) -> dict[str, int]:
    """The bins of a record, with how often it counts there: each minute of a run in its own."""
    count = (fields["minutes"] or 1) if type == "minute" else 1
    if count == 1:
        return {key("m", boot, uptime_ms): 1, key("h", boot, uptime_ms): 1}
    found: dict[str, int] = {}
    for number in range(min(count, RUN_MAX_MS // 60_000)):
        for letter in LENGTHS:
            name = key(letter, boot, max(0, uptime_ms - 60_000 * number))
            found[name] = found.get(name, 0) + 1
    return found


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


def _minute(bin: dict, fields: dict, times: int) -> None:
    for name in _SECONDS:
        bin[name] = bin.get(name, 0) + (fields[name] or 0) * times
    bin["minutes"] = bin.get("minutes", 0) + times
    bin["duty"] = bin.get("duty", 0) + (times if fields["duty"] else 0)
    for name in ("activity_mg", "coverage_pct"):
        _sum(bin, name, fields[name], times)
    if fields["battery_pct"] is not None:
        bin["battery_pct"] = fields["battery_pct"]


def _pulse(bin: dict, fields: dict, _times: int) -> None:
    bin["pulses"] = bin.get("pulses", 0) + 1
    _extent(bin, "hr_bpm", fields["hr_bpm"])


def _breath(bin: dict, fields: dict, _times: int) -> None:
    bin["breaths"] = bin.get("breaths", 0) + 1
    bin["panting"] = bin.get("panting", 0) + (1 if fields["panting"] else 0)
    _extent(bin, "rr_bpm", fields["rr_bpm"])


def _bout(bin: dict, fields: dict, _times: int) -> None:
    if fields["gait"] == "trot" and fields["asymmetry_mg"] is not None and fields["strides"]:
        bin["trot_strides"] = bin.get("trot_strides", 0) + fields["strides"]
        bin["uneven_mg"] = bin.get("uneven_mg", 0) + fields["asymmetry_mg"] * fields["strides"]


_KINDS = {"minute": _minute, "pulse": _pulse, "breath": _breath, "bout": _bout}


def counts(type: str) -> bool:
    """Whether records of this type go into bins."""
    return type in _KINDS


def add(bin: dict, type: str, fields: dict, times: int = 1) -> None:
    """Takes a record into a bin, so many times (see `places`)."""
    _KINDS[type](bin, fields, times)


def mean(bin: dict, name: str) -> float | None:
    """The mean of what was summed under `name`, None without any."""
    count = bin.get(name + "_n", 0)
    return bin[name] / count if count else None


def join(bins: list[dict]) -> dict:
    """Several bins as one."""
    joined: dict = {}
    for one in bins:
        for name, value in one.items():
            if name not in joined or name == "battery_pct":
                joined[name] = value
            elif name.endswith("_low"):
                joined[name] = min(joined[name], value)
            elif name.endswith("_high"):
                joined[name] = max(joined[name], value)
            else:
                joined[name] += value
    return joined
