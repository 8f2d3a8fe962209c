"""The first run of new firmware: it is kept once it has shown that it works, or the collar goes back to the old one."""

from micropython import const

from collar.hal import power, slots
from collar.journal import records

TRIED = "trial"
NEWEST = "newest"
_PROVEN_MS = const(1200000)  # longer than any task may be silent before the watchdog bites
_PARTS = ("task", "radio", "memory", "journal")
"""What is the firmware's own; a sensor that fails would fail with the old firmware too."""


def number(version):
    """A version as one number: 1.2.3 is 0x010203."""
    major, minor, patch = version.split(".")
    return int(major) << 16 | int(minor) << 8 | int(patch)


def text(version):
    """The version of a number."""
    return "%d.%d.%d" % (version >> 16, version >> 8 & 255, version & 255)


def begin(store, recorder, firmware):
    """At a start after an update: the trial of this firmware, or None when it is not the one that was to be tried."""
    tried, runs = store.integer(TRIED, 0), number(firmware)
    if tried == runs:
        return Trial(store, recorder, tried)
    if abs(tried) != runs:
        recorder.record(records.UPDATE, ("rolled_back", text(abs(tried))))
    store.put_integer(TRIED, 0)
    return None


class Trial:
    """The firmware that runs is on trial: any reset before its end brings the old one back."""

    def __init__(self, store, recorder, version):
        self._store = store
        self._recorder = recorder
        self._version = version

    def minute(self, uptime_ms):
        """Once a minute. After twenty of them in which nothing of its own failed it is kept; True when that is decided."""
        if uptime_ms < _PROVEN_MS:
            return False
        if self._recorder.journal is None or self._recorder.has_told(_PARTS):
            # a loader that does not go back, because it was told to keep it and power failed then, is not asked again
            self._store.put_integer(TRIED, -self._version)
            power.reset()
            return True
        slots.keep()
        self._store.put_integer(NEWEST, self._version)
        self._store.put_integer(TRIED, 0)
        self._recorder.record(records.UPDATE, ("confirmed", text(self._version)))
        return True
