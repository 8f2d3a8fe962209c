"""Stretches of one gait: since when, how many strides, how fast."""

from micropython import const

from collar.motion.classes import OTHER

# Seconds of doubt (a bout goes on through them if the rhythm comes back): a stumble, a look back.
_DOUBTS = const(2)
# Seconds that a new gait must hold before it takes over.
_CHANGES = const(2)
# A change of gait is noticed when it fills half of the 3 s that are compared: so long ago it happened, ms.
_NOTICED_MS = const(1500)
# A bout counts from this many strides on (the contract of the bout record).
_LEAST_STRIDES_MILLI = const(10000000)
# A bout that lasts is given out in pieces of this length, ms, so that a long run is in the journal while it
# is run; at 3.5 strides a second its strides x 1e6 stay below 2^30.
_LONGEST_MS = const(240000)


class Bout:
    """Follows the gait of the moment from second to second.

    `name`: gait of the bout at hand or OTHER. `age_ms`: how long ago it began. `good_ms`: how long ago it was
    last seen. After `step` returned True a bout is over and `done` (a list that is used again and again)
    describes it: gait, start and end in ms before now, strides x 1e6.
    """

    def __init__(self):
        self.name = OTHER
        self.age_ms = 0
        self.good_ms = 0
        self.done = [OTHER, 0, 0, 0]
        self._strides = 0
        self._rate_mhz = 0
        self._doubts = 0
        self._other = OTHER
        self._changes = 0

    def step(self, name, rate_mhz, began_ms, block_ms):
        """Takes the gait of the block just gone, its strides a second (mHz) and how long ago the rhythm began.

        Returns True when a bout of ten strides or more came to its end, or has lasted 60 s.
        """
        self.age_ms += block_ms
        self.good_ms += block_ms
        if self.name == OTHER:
            if name != OTHER:
                self._begin(name, rate_mhz, began_ms)
            return False
        if name == self.name:
            self._strides += self.good_ms * rate_mhz
            self.good_ms = 0
            self._rate_mhz = rate_mhz
            self._doubts = self._changes = 0
            return self.age_ms >= _LONGEST_MS and self._split()
        if name != OTHER:
            return self._change(name, rate_mhz, began_ms)
        self._doubts += 1
        return self._doubts >= _DOUBTS and self._end()

    def stop(self):
        """The dog stands still or the stream broke: ends the bout now. Returns True when it is one to report."""
        return self.name != OTHER and self._end()

    def _begin(self, name, rate_mhz, began_ms):
        self.name = name
        self.age_ms = began_ms
        self.good_ms = 0
        self._strides = began_ms * rate_mhz
        self._rate_mhz = rate_mhz
        self._doubts = self._changes = 0

    def _change(self, name, rate_mhz, began_ms):
        if name != self._other:
            self._other = name
            self._changes = 0
        self._changes += 1
        if self._changes < _CHANGES:
            return False
        ago_ms = min(began_ms, max(self.good_ms, _NOTICED_MS))
        if self.good_ms < ago_ms:
            self._strides = max(0, self._strides - (ago_ms - self.good_ms) * self._rate_mhz)
            self.good_ms = min(ago_ms, self.age_ms)
        reported = self._end()
        self._begin(name, rate_mhz, ago_ms)
        return reported

    def _split(self):
        reported = self._end()
        name = self.done[0]
        self._begin(name, self._rate_mhz, 0)
        return reported

    def _end(self):
        done = self.done
        done[0] = self.name
        done[1] = self.age_ms
        done[2] = self.good_ms
        done[3] = self._strides
        self.name = OTHER
        self._changes = 0
        return self._strides >= _LEAST_STRIDES_MILLI and self.age_ms > self.good_ms
