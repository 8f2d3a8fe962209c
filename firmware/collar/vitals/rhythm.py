"""The last minute's intervals between beats, and what they vary by."""

from array import array

from micropython import const

from collar.dsp.isqrt import isqrt
from collar.dsp.words import slide
from collar.vitals.irregular import AROUND, early_beats, fast_and_uneven

SHORTEST_MS = const(200)
LONGEST_MS = const(3000)
_SLOTS = const(160)
_BREAK = const(0)
_ENOUGH = const(20)
_MANY = const(3)


class Rhythm:
    """Intervals in milliseconds, newest last; a zero stands where the chain of beats was broken.

    `measure` works out, over the last minute of beats: `rmssd_ms` and `sdnn_ms`, None with fewer than 20 clean
    differences; `early_beats`, lone early beats with their pause; `irregular`, whether these are too many for a sound
    dog or the rhythm is fast and uneven, None with fewer than 20 intervals that have enough unbroken ones around them.
    """

    def __init__(self, span_ms=64000):
        self._span_ms = span_ms
        self._ms = array("H", bytes(2 * _SLOTS))
        self.reset()

    def reset(self):
        """Forgets everything."""
        self._held = 0
        self.rmssd_ms: Any = None
        self.sdnn_ms: Any = None
        self.early_beats: Any = None
        self.irregular: Any = None

    def add(self, interval_ms):
        """Takes the next interval; one outside 200 to 3000 ms breaks the chain and is not kept."""
        if not SHORTEST_MS <= interval_ms <= LONGEST_MS:
            interval_ms = _BREAK
        if self._held == _SLOTS:
            self._held -= 1
            slide(self._ms, 1, self._held)
        self._ms[self._held] = interval_ms
        self._held += 1

    def broken(self):
        """Says that beats may be missing here."""
        if self._held and self._ms[self._held - 1] != _BREAK:
            self.add(_BREAK)

    def recent(self, out):
        """Copies the newest intervals, oldest first, into `out` (array H); returns how many. 0 is a break."""
        count = min(self._held, len(out))
        for i in range(count):
            out[i] = self._ms[self._held - count + i]
        return count

    def measure(self):
        """Works out what the last span's intervals tell."""
        count = pairs = total = spread = differences = unbroken = judged = 0
        later = _BREAK
        at = self._held
        last = 0
        while at:
            interval = self._ms[at - 1]
            if interval != _BREAK:
                if total + interval > self._span_ms:
                    break
                last = last or interval
                total += interval
                count += 1
                spread += ((interval - last) * (interval - last)) >> 2
                unbroken += 1
                if unbroken > 2 * AROUND + 1:
                    judged += 1
                if later != _BREAK:
                    pairs += 1
                    differences += ((interval - later) * (interval - later)) >> 2
            else:
                unbroken = 0
            later = interval
            at -= 1
        self._judge(at, judged)
        if pairs < _ENOUGH:
            self.rmssd_ms = self.sdnn_ms = None
            return
        self.rmssd_ms = isqrt(differences // pairs) * 2
        off = (total - last * count) // count
        self.sdnn_ms = isqrt(max(0, spread // count - ((off * off) >> 2))) * 2

    def _judge(self, first, judged):
        self.irregular = self.early_beats = None
        if judged >= _ENOUGH:
            self.early_beats = early_beats(self._ms, first, self._held)
            self.irregular = self.early_beats >= _MANY or fast_and_uneven(self._ms, first, self._held)
