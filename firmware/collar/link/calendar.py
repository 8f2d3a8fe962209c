"""Dates for the Current Time service, without a clock or a time zone. Pure."""

import struct

_DAY_S = 86400
_LEAST_MS = 946684800000  # 2000-01-01, where the chip's own clock begins
_END_MS = 4102444800000  # 2100-01-01, where its calendar goes wrong


def plausible(utc_ms):
    """Whether a collar's clock may be set to this: from 2000 to 2099."""
    return _LEAST_MS <= utc_ms < _END_MS


def _civil(days):
    """(year, month, day) of a day counted from 1970-01-01, by eras of 400 years that begin in March."""
    days += 719468
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (1 if month <= 2 else 0), month, day


def _days(year, month, day):
    year -= 1 if month <= 2 else 0
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def current_time(utc_ms, reason=0):
    """The 10 bytes of Current Time (GATT Specification Supplement 3.62): date, time, weekday, 1/256 s, reason."""
    seconds, ms = utc_ms // 1000, utc_ms % 1000
    days, rest = seconds // _DAY_S, seconds % _DAY_S
    year, month, day = _civil(days)
    weekday = (days + 3) % 7 + 1
    return struct.pack(
        "<HBBBBBBBB",
        year,
        month,
        day,
        rest // 3600,
        rest // 60 % 60,
        rest % 60,
        weekday,
        ms * 256 // 1000,
        reason,
    )


def parse_current_time(data):
    """UTC in ms since 1970 of a Current Time value, or None if it is short or no date."""
    if len(data) < 9:
        return None
    year, month, day, hour, minute, second, _, fraction = struct.unpack_from("<HBBBBBBB", data)
    if not (1970 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    days = _days(year, month, day)
    if _civil(days) != (year, month, day):
        return None
    return (days * _DAY_S + hour * 3600 + minute * 60 + second) * 1000 + fraction * 1000 // 256
