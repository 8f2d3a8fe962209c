"""One reading an interval: the first good one, or at its end the last reason why there was none."""


class Interval:
    """Chooses which readings become records. `interval_ms` of 0 records them all."""

    def __init__(self, interval_ms):
        self.interval_ms = interval_ms
        self._due_ms = 0
        self._done = False

    def wanted(self, now_ms):
        """Whether this interval still wants a reading."""
        return self.interval_ms == 0 or now_ms >= self._due_ms or not self._done

    def offer(self, now_ms, good):
        """A reading was made at `now_ms`, `good` or not. Returns whether it is to be recorded."""
        if self.interval_ms == 0:
            return True
        if now_ms >= self._due_ms:
            missed = not self._done and self._due_ms > 0
            self._due_ms = now_ms - now_ms % self.interval_ms + self.interval_ms
            self._done = good
            return good or missed
        if good and not self._done:
            self._done = True
            return True
        return False
