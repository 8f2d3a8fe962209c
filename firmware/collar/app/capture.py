"""Raw samples of the accelerometer into the journal, for the bench: the true sample period, and gaps as they were."""

from array import array

from micropython import const

from collar.journal import records

PIECE = const(39)  # samples of three axes in a record of raw data


class Capture:
    """Writes `raw` records while a capture runs; `take` is called with every block of samples.

    `first_sample` counts the accelerometer's own samples from the capture's first one, so a gap shows as a jump in it.
    """

    def __init__(self, recorder):
        self._recorder = recorder
        self._xyz = array("h", bytes(2 * 3 * PIECE))
        self._wanted = 0
        self._held = 0
        self._begin: Any = None
        self._first = 0
        self._period_us = 0

    @property
    def running(self):
        """Whether samples are wanted."""
        return self._wanted > 0

    def start(self, samples):
        """Captures so many samples from the next block on, in place of a capture that runs; 0 ends it."""
        self._flush()
        self._begin = None
        self._first = 0
        self._wanted = samples

    def take(self, x, y, z, n, index, period_us):
        """A block of `n` samples, the first of which is the stream's `index`th."""
        if not self._wanted:
            return
        if self._begin is None:
            self._begin = index
        if index - self._begin != self._first + self._held:
            self._flush()
            self._first = index - self._begin
        self._period_us = period_us
        for i in range(min(n, self._wanted)):
            at = 3 * self._held
            self._xyz[at], self._xyz[at + 1], self._xyz[at + 2] = x[i], y[i], z[i]
            self._held += 1
            if self._held == PIECE:
                self._flush()
        self._wanted = max(0, self._wanted - n)
        if not self._wanted:
            self._flush()

    def _flush(self):
        if self._held:
            xyz = self._xyz if self._held == PIECE else self._xyz[: 3 * self._held]
            self._recorder.record(records.RAW, ("asked", None, self._first, self._period_us, xyz))
            self._first += self._held
            self._held = 0
