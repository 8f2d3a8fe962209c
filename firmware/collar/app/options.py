"""What the handler may set over the air, each with its range; kept in the store and told to the journal."""

from micropython import const

from collar.app.quiet import LONGEST
from collar.journal import records
from collar.link import protocol

QUIET_HOURS = const(2206)
"""From 22 to 6 o'clock, as a setting of hours is written: 100 * first + end."""


READINGS_MS = const(600000)
"""Between two readings of heart and breath at rest, unless the collar is set up for all the time (0)."""
_DEFAULTS = {
    "readings_ms": READINGS_MS,
    "radio_on": 0,
    "quiet": QUIET_HOURS,
    "zone_min": 0,
    "run_min": LONGEST,
    "packed": 0,
}


def hours(value):
    """(first, end) of a setting of hours, None for none."""
    return None if value // 100 == value % 100 else (value // 100, value % 100)


def _are_hours(value):
    return value // 100 < 24 and value % 100 < 24


def _any(_value):
    return True


# number: (name in the store, stored units of one unit on the air, least and largest value, which between them)
_OPTIONS = {
    protocol.READINGS_S: ("readings_ms", 1000, 0, 86400, _any),
    protocol.RADIO_ON: ("radio_on", 1, 0, 1, _any),
    protocol.QUIET_HOURS: ("quiet", 1, 0, 2323, _are_hours),
    protocol.ZONE_MIN: ("zone_min", 1, -720, 840, _any),
    protocol.RUN_MIN: ("run_min", 1, 1, LONGEST, _any),
    protocol.PACKED: ("packed", 1, 0, 1, _any),
}


class Options:
    """Settings in `store`; `changed()` follows every change."""

    def __init__(self, store, recorder, changed):
        self._store = store
        self._recorder = recorder
        self._changed = changed

    def get(self, number):
        """The value in the unit of the protocol, or None if there is no such setting."""
        if number not in _OPTIONS:
            return None
        name, scale, _, _, _ = _OPTIONS[number]
        return self._store.integer(name, _DEFAULTS[name]) // scale

    def put(self, number, value):
        """Sets it; False for an unknown number or a value out of range."""
        if number not in _OPTIONS:
            return False
        name, scale, least, largest, fits = _OPTIONS[number]
        if not (least <= value <= largest and fits(value)):
            return False
        if value != self.get(number):
            self._store.put_integer(name, value * scale)
            self._recorder.record(records.SETTINGS, (name, str(value * scale)))
            self._changed()
        return True
