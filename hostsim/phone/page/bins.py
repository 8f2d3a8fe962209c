"""Sums over ten minutes and over hours of uptime: what the timeline draws, kept beside the records so that a month opens at once.

A bin is a dict of sums and counts; a mean is made where it is drawn. `add` takes each record once.
"""

from __future__ import annotations

LENGTHS = {"m": 600_000, "h": 3_600_000}
"""Ms of a bin by the first letter of its key."""
_GAITS = ("rest_s", "walk_s", "trot_s", "gallop_s", "other_s")


def key(letter: str, boot: int, uptime_ms: int) -> str:
    """The bin of a record: its length, its boot, and which of them. Keys of a boot sort by time."""
    return f"{letter}{boot:05d}-{uptime_ms // LENGTHS[letter]:08d}"


def keys(boot: int, uptime_ms: int) -> list[str]:
    """All bins of a record."""
    return [key(letter, boot, uptime_ms) for letter in LENGTHS]


def start_of(name: str) -> tuple[int, int]:
    """(boot, uptime in ms at which it begins) of a bin's key."""
    boot, _, number = name[1:].partition("-")
    return int(boot), int(number) * LENGTHS[name[0]]


def _sum(bin: dict, name: str, value: float | None) -> None:
    """Adds a value to `name`, and counts it in `name_n`; nothing for None."""
    if value is not None:
        bin[name] = bin.get(name, 0) + value
        bin[name + "_n"] = bin.get(name + "_n", 0) + 1


def _extent(bin: dict, name: str, value: float | None) -> None:
    """As `_sum`, and keeps the least and the largest."""
    if value is None:
        return
    _sum(bin, name, value)
    low, high = name + "_low", name + "_high"
    bin[low] = min(value, bin.get(low, value))
    bin[high] = max(value, bin.get(high, value))


def _minute(bin: dict, fields: dict) -> None:
    for name in _GAITS:
        bin[name] = bin.get(name, 0) + (fields[name] or 0)
    bin["minutes"] = bin.get("minutes", 0) + 1
    bin["worn_s"] = bin.get("worn_s", 0) + (fields["worn_s"] or 0)
    bin["duty"] = bin.get("duty", 0) + (1 if fields["duty"] else 0)
    for name in ("activity_mg", "coverage_pct"):
        _sum(bin, name, fields[name])
    if fields["battery_pct"] is not None:
        bin["battery_pct"] = fields["battery_pct"]


def _pulse(bin: dict, fields: dict) -> None:
    bin["pulses"] = bin.get("pulses", 0) + 1
    _extent(bin, "hr_bpm", fields["hr_bpm"])


def _breath(bin: dict, fields: dict) -> None:
    bin["breaths"] = bin.get("breaths", 0) + 1
    bin["panting"] = bin.get("panting", 0) + (1 if fields["panting"] else 0)
    _extent(bin, "rr_bpm", fields["rr_bpm"])


def _bout(bin: dict, fields: dict) -> None:
    if fields["gait"] == "trot" and fields["asymmetry_mg"] is not None and fields["strides"]:
        bin["trot_strides"] = bin.get("trot_strides", 0) + fields["strides"]
        bin["uneven_mg"] = bin.get("uneven_mg", 0) + fields["asymmetry_mg"] * fields["strides"]


_KINDS = {"minute": _minute, "pulse": _pulse, "breath": _breath, "bout": _bout}


def counts(type: str) -> bool:
    """Whether records of this type go into bins."""
    return type in _KINDS


def add(bin: dict, type: str, fields: dict) -> None:
    """Takes a record into its bin."""
    _KINDS[type](bin, fields)


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
