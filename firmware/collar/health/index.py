"""Signs and the pain index: how far the last days lie from this dog's own baseline, by domain."""

from array import array

from micropython import const

from collar.health import signals as s
from collar.health import words as w
from collar.health.history import WINDOW

# Evidence in tenths of a spread at which a sign begins to count, and at which it counts in full. Set on the first
# block of seeds of `hostsim evaluate health`, which reports on another.
BEGINS = const(27)
FULL = const(60)
SHOWN = const(25)  # a sign of this size (%) is named
_CLIP = const(70)
_ROOT = (10, 14, 17)  # ten times the root of 1, 2, 3 days
_REACH = const(5)  # days in which these are looked for
TOUCH_BEGINS = const(8)
TOUCH_FULL = const(100)
# The share of the index that a domain can reach alone: mobility, rest, breath, touch, tremor, vitals.
SHARES = (60, 35, 55, 60, 45, 35)
_COVERAGE = const(40)


class Index:
    """Signs, domains and index of the last closed day, over a `history`."""

    def __init__(self, history):
        self._history = history
        self.sizes = bytearray(s.SCORED)  # % of each signal's sign
        self.rises = bytearray(s.SCORED)
        self.sign_sizes = bytearray(64)  # % by sign word
        self.domains: list = [None] * w.DOMAINS
        self.reasons = []
        self.masked = []
        self.value = None
        self.trusted = 0  # signals with a value and a baseline
        self.since = 1
        self.days = WINDOW  # of the baseline; a watch holds against fewer

    def weigh(self, signal):
        """Works out one signal; `since` says how many days ago the baseline ends."""
        history = self._history
        self.sizes[signal] = 0
        if history.code(signal, 0) == s.MISSING:
            return False
        base = history.baseline(signal, self.since, self.days)
        if not base[1]:
            return False
        total = best = worst = days = 0
        for ago in range(_REACH):
            z10 = history.z10(signal, ago, base)
            if z10 is None:
                continue
            total += _CLIP if z10 > _CLIP else -_CLIP if z10 < -_CLIP else z10
            here = total * 10 // _ROOT[days]
            days = days + 1
            best = max(best, here)
            worst = min(worst, here)
            if days == len(_ROOT):
                break
        rises = best >= -worst
        if s.sign(signal, rises) == w.NONE:
            rises = not rises
        if s.sign(signal, rises) != w.NONE:
            self.sizes[signal] = size(best if rises else -worst)
        self.rises[signal] = 1 if rises else 0
        return True

    def close(self, coverage_pct, touch, day, irregular=0):
        """Domains, reasons and index, once every signal was weighed. `touch`: the Touch; `day`: the history's count.

        `irregular`: what the heart's own rhythm says, % of a full sign; it is named and adds nothing to the index.
        """
        self._fill_domains(touch, day)
        self.sign_sizes[w.IRREGULAR_PULSE] = max(self.sign_sizes[w.IRREGULAR_PULSE], irregular)
        measured = 0
        quiet = 100
        for i in range(w.DOMAINS):
            if self.domains[i] is not None:
                measured += i != w.TOUCHING
                quiet = quiet * (100 - SHARES[i] * self.domains[i] // 100) // 100
        self.value = 100 - quiet if coverage_pct >= _COVERAGE and measured >= 2 else None
        order = [(-self.sign_sizes[i], i) for i in range(len(self.sign_sizes)) if self.sign_sizes[i] >= SHOWN]
        order.sort()
        self.reasons = [sign for _, sign in order[:10]] if self.value is not None else []

    def _fill_domains(self, touch, day):
        sizes = self.sign_sizes
        for i in range(len(sizes)):
            sizes[i] = 0
        strongest = array("H", bytes(2 * w.DOMAINS))
        second = array("H", bytes(2 * w.DOMAINS))
        known = 0
        self.trusted = 0
        for signal in range(s.SCORED):
            if not self._known(signal):
                continue
            self.trusted += 1
            where = s.domain(signal)
            known |= 1 << where
            value = self.sizes[signal]
            sign = s.sign(signal, self.rises[signal])
            if value and sign != w.NONE:
                sizes[sign] = max(sizes[sign], value)
            value = value * s.weight(signal) // 100
            if value > strongest[where]:
                strongest[where], second[where] = value, strongest[where]
            elif value > second[where]:
                second[where] = value
        for i in range(w.DOMAINS):
            full = min(100, strongest[i] + second[i] // 3)
            self.domains[i] = full if known >> i & 1 else None
        self.take_touch(touch, day)

    def _known(self, signal):
        return (
            self._history.code(signal, 0) != s.MISSING
            and self._history.baseline(signal, self.since, self.days)[1]
        )

    def take_touch(self, touch, day):
        """Domain and sign by the last touch test, if it still counts. The index itself is the day's and stays."""
        if not touch.counts(day):
            return
        value = (touch.odds - TOUCH_BEGINS) * 100 // (TOUCH_FULL - TOUCH_BEGINS)
        value = 0 if value < 0 else 100 if value > 100 else value
        self.domains[w.TOUCHING] = value
        self.sign_sizes[w.FLINCHING] = value

    def strong(self, least):
        """How many domains reach `least` percent."""
        return sum([1 for value in self.domains if value is not None and value >= least])

    def find_masked(self):
        """Signs that show off duty and not on duty, from the signals that are kept for both."""
        history = self._history
        self.masked = []
        for off, duty in s.TWINS:
            base = history.baseline(duty, self.since, self.days)
            if self.sizes[off] < SHOWN or not base[1]:
                continue
            n = 0
            best: Any = None
            for ago in range(4):
                z10 = history.z10(duty, ago, base)
                if z10 is not None:
                    best = z10 if best is None else max(best, z10)
                    n += 1
            if n >= 1 and best < BEGINS:
                self.masked.append(s.sign(off, True))


def size(evidence):
    """Evidence in tenths of a spread as percent of a full sign."""
    value = (evidence - BEGINS) * 100 // (FULL - BEGINS)
    return 0 if value < 0 else 100 if value > 100 else value
