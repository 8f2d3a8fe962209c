"""Wall time of records, by their journal's `clock` records (ARCHIVE.md, Wall time), in ms since 1970 UTC."""

from __future__ import annotations


class Wall:
    """Built from (boot, uptime_ms, offset_ms) of every `clock` record, in order."""

    def __init__(self, clocks: list) -> None:
        self._boots: dict[int, list] = {}
        for boot, uptime_ms, offset_ms in clocks:
            if offset_ms is not None:
                self._boots.setdefault(boot, []).append((uptime_ms, offset_ms))

    def at(self, boot: int, uptime_ms: int) -> int | None:
        """UTC in ms, None for a boot whose clock was never set."""
        offsets = self._boots.get(boot)
        if offsets is None:
            return None
        found = offsets[0][1]
        for since_ms, offset_ms in offsets:
            if since_ms > uptime_ms:
                break
            found = offset_ms
        return uptime_ms + found

    def spans(self, from_ms: int, to_ms: int) -> list[tuple[int, int, int]]:
        """(boot, uptime from, uptime to) that may lie between two moments, by every offset that the boot ever had."""
        found = []
        for boot in sorted(self._boots):
            offsets = [offset_ms for _, offset_ms in self._boots[boot]]
            begin, end = from_ms - max(offsets), to_ms - min(offsets)
            if end > 0:
                found.append((boot, max(0, begin), end))
        return found


_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def civil(ms: int) -> tuple[int, int, int, int, int, int, int]:
    """(year, month, day, hour, minute, second, ms) of ms since 1970, in the same zone."""
    days, rest = divmod(ms, 86_400_000)
    year, month = 1970, 0
    while True:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if days < 365 + leap:
            break
        days -= 365 + leap
        year += 1
    while True:
        length = _MONTH_DAYS[month] + (1 if month == 1 and leap else 0)
        if days < length:
            break
        days -= length
        month += 1
    seconds, milli = divmod(rest, 1000)
    return year, month + 1, days + 1, seconds // 3600, seconds // 60 % 60, seconds % 60, milli


def iso(ms: int | None) -> str | None:
    """As the archive's exports write it: 2026-03-02T05:00:00.000Z."""
    if ms is None:
        return None
    year, month, day, hour, minute, second, milli = civil(ms)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{milli:03d}Z"


def from_iso(text: str) -> int:
    """Ms since 1970 of a text that `iso` made."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    # Years from March on, so that a leap day is a year's last: days since 1 March of year 0, of which 1970 is 719468 later.
    since = year - (month < 3)
    days = (
        365 * since
        + since // 4
        - since // 100
        + since // 400
        + (306 * ((month + 9) % 12) + 5) // 10
        + day
        - 1
    )
    seconds = int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
    return ((days - 719468) * 86400 + seconds) * 1000 + int(text[20:23])
