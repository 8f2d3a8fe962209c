"""The last minute's intervals between beats, and what they vary by."""

from array import array

from micropython import const

from collar.dsp.isqrt import isqrt

SHORTEST_MS = const(200)
LONGEST_MS = const(3000)
_SLOTS = const(160)
_BREAK = const(0)
_ENOUGH = const(20)


class Rhythm:
    """Intervals in milliseconds, newest last; a zero stands where the chain of beats was broken."""

    def __init__(self, span_ms=64000):
        self._span_ms = span_ms
        self._ms = array("H", bytes(2 * _SLOTS))
        self._head = 0
        self._held = 0
        self.rmssd_ms = None
        self.sdnn_ms = None

    def reset(self):
        """Forgets everything."""
        self._held = 0
        self.rmssd_ms = None
        self.sdnn_ms = None

    def add(self, interval_ms):
        """Takes the next interval; one outside 200 to 3000 ms breaks the chain and is not kept."""
        if not SHORTEST_MS <= interval_ms <= LONGEST_MS:
            interval_ms = _BREAK
        self._ms[self._head] = interval_ms
        self._head = (self._head + 1) % _SLOTS
        if self._held < _SLOTS:
            self._held += 1

    def broken(self):
        """Says that beats may be missing here."""
        if self._held and self._ms[self._head - 1] != _BREAK:
            self.add(_BREAK)

    def recent(self, out):
        """Copies the newest intervals, oldest first, into `out` (array H); returns how many. 0 is a break."""
        count = min(self._held, len(out))
        for i in range(count):
            out[i] = self._ms[(self._head - count + i) % _SLOTS]
        return count

    def measure(self):
        """Works out `rmssd_ms` and `sdnn_ms` over the last span; both None with fewer than 20 clean differences."""
        count = pairs = total = spread = differences = 0
        later = _BREAK
        at = self._head
        first = 0
        for _ in range(self._held):
            at = (at - 1) % _SLOTS
            interval = self._ms[at]
            if interval != _BREAK:
                if total + interval > self._span_ms:
                    break
                if first == 0:
                    first = interval
                total += interval
                count += 1
                spread += ((interval - first) * (interval - first)) >> 2
                if later != _BREAK:
                    pairs += 1
                    differences += ((interval - later) * (interval - later)) >> 2
            later = interval
        if pairs < _ENOUGH:
            self.rmssd_ms = self.sdnn_ms = None
            return
        self.rmssd_ms = isqrt(differences // pairs) * 2
        off = (total - first * count) // count
        self.sdnn_ms = isqrt(max(0, spread // count - ((off * off) >> 2))) * 2
