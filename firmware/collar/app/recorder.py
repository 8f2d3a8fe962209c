"""Everything that goes into the journal passes here: records, and faults that do not flood it."""

from micropython import const

from collar.journal import records

_REPEAT_MS = const(3600000)  # the same fault of the same part is told at most once an hour


class Recorder:
    """Writes records with the collar's uptime. `journal` may be None: then the collar works on and remembers nothing.

    `clock` is a hal Clock; `listeners` are told of every record as `listener(kind, values, seq, uptime_ms)` once it is
    written.
    """

    def __init__(self, journal, clock):
        self.journal: Any = journal
        self._clock = clock
        self._told = {}
        self.listeners = []
        self.failures = 0

    @property
    def troubled(self):
        """Whether a fault was told that is not over, or the journal does not take what it should."""
        return self.journal is None or self.failures > 0 or bool(self._told)

    def has_told(self, parts):
        """Whether a fault of one of these parts was told since the start and is not over."""
        return any(part in parts for part, _ in self._told)

    def record(self, kind, values, uptime_ms=None):
        """Appends a record and tells the listeners; `uptime_ms` is when it happened if that was earlier.

        Returns its sequence number or None.
        """
        if uptime_ms is None:
            uptime_ms = self._clock.uptime_ms()
        seq = self.write(kind, values, uptime_ms)
        self.tell(kind, values, seq, uptime_ms)
        return seq

    def write(self, kind, values, uptime_ms):
        """Appends a record, without nulls at its end; returns its sequence number, None if it was not taken."""
        if self.journal is None:
            return None
        count = len(values)
        while count and values[count - 1] is None:
            count -= 1
        try:
            return self.journal.append_at(kind, values[:count], uptime_ms)
        except OSError:
            self.failures += 1
            return None

    def tell(self, kind, values, seq, uptime_ms):
        """Tells the listeners of a record that was written, or of a minute whose record is still to come (no `seq`)."""
        for listener in self.listeners:
            try:
                listener(kind, values, seq, uptime_ms)
            except Exception as error:
                self.deaf(listener, error)

    def deaf(self, listener, error):
        """A listener let an exception out: it hears nothing more until the next start, and the others go on."""
        self.listeners = [one for one in self.listeners if one is not listener]
        self.fault("task", "exception", None, "listener: %r" % error)

    def fault(self, part, code, value=None, detail=None):
        """Records a fault of a part (words of `records.PARTS` and `records.FAULTS`), once an hour at most."""
        now_ms = self._clock.uptime_ms()
        key = (part, code)
        told_ms = self._told.get(key)
        if told_ms is not None and now_ms - told_ms < _REPEAT_MS:
            return
        self._told[key] = now_ms
        self.record(records.FAULT, (part, code, value, detail))

    def recovered(self, part):
        """The part works again: its next fault is news."""
        for key in [key for key in self._told if key[0] == part]:
            del self._told[key]
        self.record(records.FAULT, (part, "recovered", None, None))
