"""Sums over ten minutes and over hours of uptime: what the timeline draws, kept beside the records so that a month opens at once.

A bin is a dict of sums and counts; a mean is made where it is drawn. `count` takes each record once.
"""

from __future__ import annotations

LENGTHS = {"m": 600_000, "h": 3_600_000}
"""Ms of a bin by the first letter of its key."""
RUN_MAX = 15
"""Minutes in one record."""
_SECONDS = ("rest_s", "walk_s", "trot_s", "gallop_s", "other_s", "worn_s")
_MEANS = (("activity_mg", "activity_mg_n"), ("coverage_pct", "coverage_pct_n"))
_TALLIES = ("minutes", "duty", "activity_mg", "activity_mg_n", "coverage_pct", "coverage_pct_n")
_NO_MINUTE = dict.fromkeys(_SECONDS + _TALLIES, 0)


def key(letter: str, boot: int, uptime_ms: int) -> str:
    """The bin of a record: its length, its boot, and which of them. Keys of a boot sort by time."""
    return f"{letter}{boot:05d}-{uptime_ms // LENGTHS[letter]:08d}"


def numbers(type: str, uptime_ms: int, fields: dict) -> range:
    """Which bins of ten minutes of its boot a record goes into, if any: a run of minutes may begin in an earlier one."""
    if type not in _KINDS:
        return range(0)
    last = uptime_ms // LENGTHS["m"]
    if type != "minute" or (fields["minutes"] or 1) == 1:
        return range(last, last + 1)
    run_ms = 60_000 * (min(fields["minutes"], RUN_MAX) - 1)
    return range(max(0, uptime_ms - run_ms) // LENGTHS["m"], last + 1)


def count(tens: dict[int, dict], type: str, uptime_ms: int, fields: dict, there: range) -> None:
    """Takes a record into the bins of ten minutes of its boot (`there`, as `numbers` says), each minute of a run into its own."""
    add = _KINDS[type]
    if len(there) == 1:
        times = min(fields["minutes"] or 1, RUN_MAX) if type == "minute" else 1
        add(tens.setdefault(there[0], {}), fields, times)
        return
    for minute in range(min(fields["minutes"], RUN_MAX)):
        at_ms = max(0, uptime_ms - 60_000 * minute)
        add(tens.setdefault(at_ms // LENGTHS["m"], {}), fields, 1)


def merge(boot: int, tens: dict[int, dict], had: dict[str, dict]) -> dict[str, dict]:
    """What bins of a boot and of its hours become with what `count` gathered; `had` are those that exist."""
    changed: dict[str, dict] = {}
    for number in sorted(tens):
        for name in names(boot, number):
            before = changed.get(name) or had.get(name)
            changed[name] = join([before, tens[number]]) if before else join([tens[number]])
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


def _minute(bin: dict, fields: dict, times: int) -> None:
    if "minutes" not in bin:
        bin.update(_NO_MINUTE)
    bin["minutes"] += times
    if fields["duty"]:
        bin["duty"] += times
    for name in _SECONDS:
        if fields[name]:
            bin[name] += fields[name] * times
    for name, number in _MEANS:
        if fields[name] is not None:
            bin[name] += fields[name] * times
            bin[number] += times
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
