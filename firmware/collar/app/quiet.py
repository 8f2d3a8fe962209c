"""A run of minutes in which nothing but rest happened is one `minute` record: most of a day, and most of its bytes.

Whoever listens to the recorder hears every minute when it is over. Only its way into the journal may wait: until a
minute is another one, a quarter of an hour is full, or a phone asks what there is. A power cut costs so much of a
rest at most; of an active minute it costs nothing.
"""

from micropython import const

from collar.journal import records

LONGEST = const(15)
_MINUTE_MS = const(60000)
# By which two minutes of one run may differ from its first: as much as a dog asleep does.
_PITCH_DEG = const(2)
_ACTIVITY_MG = const(4)
_BATTERY_PCT = const(1)
# Places of the fields.
_REST = const(0)
_OTHER = const(5)
_ACTIVITY = const(5)
_PITCH = const(6)
_SHAKES = const(7)
_DUTY = const(9)
_BATTERY = const(12)
_FIELDS = const(13)


def _copy(values, kept):
    for i in range(_FIELDS):
        kept[i] = values[i]


def _near(one, other, limit):
    if one is None or other is None:
        return one is other
    return abs(one - other) <= limit


def is_quiet(values):
    """Whether a minute's values show rest alone, or nothing at all."""
    return not any(values[_REST + 1 : _OTHER]) and not any(values[_SHAKES:_DUTY])


class Quiet:
    """Takes every minute's values and writes the records; `longest` is how many minutes one may stand for."""

    def __init__(self, recorder, clock):
        self._recorder = recorder
        self._clock = clock
        self.longest = LONGEST
        self._first: list = [
            None
        ] * _FIELDS  # copies: a minute's own tuple, kept, would split what memory is free
        self._last: list = [None] * _FIELDS
        self._count = 0
        self._activity = self._pitch = 0
        self._end_ms = 0

    def take(self, values):
        """A minute is over."""
        now_ms = self._clock.uptime_ms()
        if self._count and not self._like(values, now_ms):
            self.flush()
        if is_quiet(values):
            self._add(values, now_ms)
        else:
            self._recorder.write(records.MINUTE, values, now_ms)
        self._recorder.tell(records.MINUTE, values, None, now_ms)
        if self._count >= self.longest:
            self.flush()

    def flush(self):
        """Writes the run that is under way."""
        count, self._count = self._count, 0
        if count == 1:
            self._recorder.write(records.MINUTE, self._last, self._end_ms)
        elif count:
            values = list(self._last)
            if values[_ACTIVITY] is not None:
                values[_ACTIVITY] = (self._activity + count // 2) // count
            if values[_PITCH] is not None:
                values[_PITCH] = (self._pitch + count // 2) // count
            values.append(count)
            self._recorder.write(records.MINUTE, values, self._end_ms)

    def _add(self, values, now_ms):
        if not self._count:
            _copy(values, self._first)
            self._activity = self._pitch = 0
        _copy(values, self._last)
        self._count += 1
        self._activity += values[_ACTIVITY] or 0
        self._pitch += values[_PITCH] or 0
        self._end_ms = now_ms

    def _like(self, values, now_ms):
        first = self._first
        return (
            is_quiet(values)
            and now_ms - self._end_ms < 2 * _MINUTE_MS
            and values[_REST] == first[_REST]
            and all(values[i] == first[i] for i in range(_DUTY, _BATTERY))
            and _near(values[_ACTIVITY], first[_ACTIVITY], _ACTIVITY_MG)
            and _near(values[_PITCH], first[_PITCH], _PITCH_DEG)
            and _near(values[_BATTERY], first[_BATTERY], _BATTERY_PCT)
        )
