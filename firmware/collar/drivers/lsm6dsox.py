"""LSM6DSOX accelerometer (ST DS12814, AN5272): FIFO bursts into the caller's arrays, events on INT1 and INT2.

The gyroscope stays off. `drain` allocates nothing. Samples are int16, 2048 a g at the default range of 16 g.
More than 300 lines because one chip is one file, and a third of it names registers and bits.
"""

import micropython
from micropython import const

from collar.drivers import PartError

# Registers, DS12814, register description.
_FIFO_CTRL1 = const(0x07)
_FIFO_CTRL3 = const(0x09)
_FIFO_CTRL4 = const(0x0A)
_INT1_CTRL = const(0x0D)
_WHO_AM_I = const(0x0F)
_CTRL1_XL = const(0x10)
_CTRL3_C = const(0x12)
_CTRL5_C = const(0x14)
_CTRL6_C = const(0x15)
_CTRL8_XL = const(0x17)
_WAKE_UP_SRC = const(0x1B)
_STATUS_REG = const(0x1E)
_OUT_TEMP_L = const(0x20)
_OUTX_L_A = const(0x28)
_FIFO_STATUS1 = const(0x3A)
_TAP_CFG0 = const(0x56)
_TAP_CFG2 = const(0x58)
_INT_DUR2 = const(0x5A)
_WAKE_UP_THS = const(0x5B)
_WAKE_UP_DUR = const(0x5C)
_MD1_CFG = const(0x5E)
_INTERNAL_FREQ_FINE = const(0x63)
_FIFO_DATA_OUT_TAG = const(0x78)

_IDENTITY = const(0x6C)
_BDU_IF_INC = const(0x44)
_SW_RESET = const(0x01)
_CONTINUOUS = const(6)
_FIFO_TH = const(0x08)
_WAKE_UP_EVENT = const(0x20)
_LPF2_XL_EN = const(0x02)
# TAP_CFG0: cleared by the read, high-pass for the wake-up function, taps on three axes, latched.
_FELT_ON_ALL = const(0x5F)
_DOUBLE_TAP_EVENT = const(0x08)
_SINGLE_TAP_EVENT = const(0x40)

# A FIFO word is a tag byte and three int16 (DS12814, FIFO_DATA_OUT_TAG). 104 of them are two seconds at 52 Hz, 728 bytes,
# and hold the bus for 16.6 ms at 400 kHz: less than the flash erase that everything has to bear anyway. The ESP32's
# controller refills its 32-byte buffer by itself.
BURST = const(104)
_WORD = const(7)
# Behind the words: the first word, how many, the first index (two bytes), the last time slot, samples skipped modulo 4.
_FIRST = const(728)
_COUNT = const(729)
_AT = const(730)
_SLOT = const(732)
_SKIPPED = const(733)
_NO_SLOT = const(4)

# Every data rate is 6656 Hz divided (AN5272, operating modes); the index is ODR_XL.
_RATES_HZ = (0, 13, 26, 52, 104, 208, 416, 832, 1664, 3328, 6656)
# Data rate over cut-off of the second low-pass and of the high-pass; the index is HPCF_XL (AN5272, bandwidth).
_CUTS = (4, 10, 20, 45, 100, 200, 400, 800)
# What `felt` answers: the axes that passed the level (z 1, y 2, x 4), and whether any passed the slope.
LEVEL = const(7)
SLOPE = const(8)

# FS_XL for 2, 4, 8 and 16 g (CTRL1_XL).
_RANGES = {2: 0, 4: 2, 8: 3, 16: 1}

# Self-test change for every axis (DS12814, mechanical characteristics), in counts at 4 g: 50 to 1700 mg.
_SELF_TEST_LEAST = const(410)
_SELF_TEST_MOST = const(13927)


@micropython.viper
def _unpack(words: ptr8, x: ptr16, y: ptr16, z: ptr16) -> int:
    """Puts the accelerometer words of a burst into x, y and z; returns the index after the last one.

    Four arguments are the most that viper takes, so which words, the first index and the last tag's time slot travel
    behind the words (`_FIRST` and on), and the time slots that were skipped come back there.
    """
    n = words[_COUNT]
    at = words[_AT] | words[_AT + 1] << 8
    slot = words[_SLOT]
    skipped = words[_SKIPPED]
    p = words[_FIRST] * _WORD
    while n:
        tag = words[p]
        if tag >> 3 == 2:
            if slot < _NO_SLOT:
                skipped = (skipped + (tag >> 1) - slot - 1) & 3
            slot = tag >> 1 & 3
            x[at] = words[p + 1] | words[p + 2] << 8
            y[at] = words[p + 3] | words[p + 4] << 8
            z[at] = words[p + 5] | words[p + 6] << 8
            at += 1
        p += _WORD
        n -= 1
    words[_SLOT] = slot
    words[_SKIPPED] = skipped
    return at


class LSM6DSOX:
    """The accelerometer on `bus`.

    After each `drain`: `overrun` is True if the FIFO lost words since the drain before; `skipped` is the number of
    samples missing in the stream since `configure`, modulo 4, by the words' time slots (of use beside the clock, which
    knows about how many); `pending` is the number of words not given out yet, as far as known.
    """

    def __init__(self, bus, address=0x6A):
        self._bus = bus
        self._address = address
        self._small = bytearray(6)
        self._one = memoryview(self._small)[:1]
        self._two = memoryview(self._small)[:2]
        self._words = bytearray(_SKIPPED + 1)
        view = memoryview(self._words)
        self._bursts = tuple([(n, view[: n * _WORD]) for n in (BURST, 52, 32, 16, 8, 4, 2, 1)])
        self.overrun = False
        self.skipped = 0
        self.pending = 0
        self.silent_axes = 0
        self._held = 0
        self._next = 0

    def probe(self):
        """Raises PartError unless an LSM6DSOX answers, OSError if nothing does."""
        found = self._get(_WHO_AM_I)
        if found != _IDENTITY:
            raise PartError(f"LSM6DSOX answers 0x{found:02x} instead of 0x6c")

    def reset(self):
        """Software reset; the part needs 50 us, which a read or two on the bus take (AN5272, boot and reset)."""
        self._set(_CTRL3_C, _SW_RESET)
        for _ in range(50):
            if not self._get(_CTRL3_C) & _SW_RESET:
                break
        self._set(_CTRL3_C, _BDU_IF_INC)
        self.pending = self._held = 0

    def self_test(self, wait_ms):
        """Moves the mass by its electrodes (AN5272, accelerometer self-test); True if each axis answers within limits.

        Takes about half a second of `wait_ms` and wants the collar still. Leaves the part reset, and in `silent_axes`
        a bit for each axis (1 x, 2 y, 4 z) that moved too little.
        """
        self.reset()
        self._set(_CTRL1_XL, 0x38)
        wait_ms(100)
        rest = self._mean(wait_ms)
        self._set(_CTRL5_C, 0x01)
        wait_ms(100)
        moved = self._mean(wait_ms)
        self.reset()
        passed = True
        self.silent_axes = 0
        for axis in range(3):
            change = abs(moved[axis] - rest[axis])
            passed = passed and _SELF_TEST_LEAST <= change <= _SELF_TEST_MOST
            if change < _SELF_TEST_LEAST:
                self.silent_axes |= 1 << axis
        return passed

    def configure(self, odr_hz=52, watermark=52, range_g=16, low_power=False, batch_hz=0, cut=0):
        """Resets the part and starts it: continuous FIFO, INT1 high from `watermark` words (1..511; 0: not) on.

        `odr_hz`: 13, 26, 52, 104 ... 6656; `batch_hz`: how many of these go into the FIFO, behind a second low-pass at
        `odr_hz` / `cut` (0: without). Raises ValueError for another rate, range or cut.
        """
        code = _RATES_HZ.index(odr_hz)
        batch = _RATES_HZ.index(batch_hz or odr_hz)
        if range_g not in _RANGES or not 0 <= watermark < 512 or code == 0 or batch > code:
            raise ValueError("rate, range or watermark")
        ratio = _CUTS.index(cut) if cut else 0
        self.reset()
        self._set(_FIFO_CTRL1, watermark & 0xFF)
        self._set(_FIFO_CTRL1 + 1, watermark >> 8)
        self._set(_FIFO_CTRL3, batch)
        self._set(_CTRL6_C, 0x10 if low_power else 0)
        self._set(_CTRL8_XL, ratio << 5)
        self._set(_INT1_CTRL, _FIFO_TH if watermark else 0)
        self._set(_FIFO_CTRL4, _CONTINUOUS)
        self._words[_SLOT] = _NO_SLOT
        self._words[_SKIPPED] = 0
        self.skipped = 0
        self._set(_CTRL1_XL, code << 4 | _RANGES[range_g] << 2 | (_LPF2_XL_EN if cut else 0))

    def stop(self):
        """Power-down: no samples, the FIFO empty."""
        self._set(_CTRL1_XL, 0)
        self._set(_FIFO_CTRL4, 0)
        self.pending = self._held = 0

    def period_ns(self, odr_hz=52):
        """The part's own sample period by its factory trim, to about 0.1 % (AN5272, INTERNAL_FREQ_FINE)."""
        fine = self._get(_INTERNAL_FREQ_FINE)
        if fine > 127:
            fine -= 256
        # 6667 Hz x (1 + 0.0015 fine) / (6656 / odr); in hertz times 2000 to stay in integers below 2^30.
        return 1_000_000_000 // (6667 * (2000 + 3 * fine) // 6656 * odr_hz) * 2000

    def watermark(self, words):
        """Another watermark (1..511 words), while it runs."""
        self._set(_FIFO_CTRL1, words & 0xFF)
        self._set(_FIFO_CTRL1 + 1, words >> 8)

    def drain(self, x, y, z, whole=True):
        """Fills array('h') buffers x, y, z with the oldest samples; returns how many.

        `whole`: only a full buffer is taken, 0 is returned until there are that many words. Otherwise whatever is
        there, up to the buffer's length. Call again while it returns a full buffer.
        """
        size = len(x)
        if self.pending < size:
            self.look()
            if whole and self.pending < size:
                return 0
        words = self._words
        taken = 0
        at = 0
        while taken < size and self.pending:
            if not self._held:
                self._fetch()
            n = min(self._held, size - taken)
            words[_FIRST] = self._next
            words[_COUNT] = n
            words[_AT] = at & 0xFF
            words[_AT + 1] = at >> 8
            at = _unpack(words, x, y, z)
            taken += n
            self._next += n
            self._held -= n
            self.pending -= n
        self.skipped = words[_SKIPPED]
        return at

    def temperature_c10(self):
        """Temperature of the die in tenths of a degree: 256 counts a degree, 0 at 25 (DS12814, temperature sensor)."""
        self._bus.read_into(self._address, _OUT_TEMP_L, self._two)
        return 250 + _int16(self._small, 0) * 10 // 256

    def feel_blows(self, level_mg, slope_mg):
        """From now on INT1 goes high, and stays so until `felt` is asked, when on any axis what the high-pass (at the
        cut of `configure`) leaves of a sample passes `level_mg`, or half its change from the one before `slope_mg`.

        Both see every sample before the second low-pass (AN5272, filtering chain, wake-up interrupt, single tap). At
        the range of 16 g the steps are 250 and 500 mg. `configure` turns it off.
        """
        level = min(max(level_mg // 250, 1), 63)
        slope = min(max(slope_mg // 500, 1), 31)
        self._set(_TAP_CFG0, _FELT_ON_ALL)
        self._set(_TAP_CFG0 + 1, slope)
        self._set(_TAP_CFG2, 0x80 | slope)
        self._set(_TAP_CFG2 + 1, slope)
        self._set(_INT_DUR2, 0x03)
        self._set(_WAKE_UP_THS, level)
        self._set(_WAKE_UP_DUR, 0)
        self._set(_MD1_CFG, _WAKE_UP_EVENT | _SINGLE_TAP_EVENT)

    def felt(self):
        """Bits of LEVEL and SLOPE: what was passed since the last question, which ends the interrupt."""
        self._bus.read_into(self._address, _WAKE_UP_SRC, self._two)
        return (self._small[0] & LEVEL) | (SLOPE if self._small[1] & 0x20 else 0)

    def double_tap(self, threshold_mg=2000):
        """INT2 pulses at a double tap along any axis; wants 416 Hz or more (AN5272, tap recognition)."""
        steps = min(max(threshold_mg // 500, 1), 31)
        self._set(_TAP_CFG0, self._get(_TAP_CFG0) | 0x0E)
        self._set(_TAP_CFG0 + 1, steps)
        self._set(_TAP_CFG2, 0x80 | steps)
        self._set(_TAP_CFG2 + 1, steps)
        self._set(_INT_DUR2, 0x7F)
        self._set(_WAKE_UP_THS, self._get(_WAKE_UP_THS) | 0x80)
        self._set(_MD1_CFG + 1, _DOUBLE_TAP_EVENT)

    def _fetch(self):
        """Reads the longest burst of words that are there; what one `drain` leaves of it is the next one's."""
        for n, view in self._bursts:
            if n <= self.pending:
                self._bus.read_into(self._address, _FIFO_DATA_OUT_TAG, view)
                self._held = n
                self._next = 0
                return

    def look(self):
        """Reads how many words wait, and whether any were lost."""
        self._bus.read_into(self._address, _FIFO_STATUS1, self._two)
        status = self._small[1]
        self.pending = self._held + (self._small[0] | (status & 3) << 8)
        self.overrun = bool(status & 0x48)

    def _mean(self, wait_ms):
        """Mean of five fresh samples of each axis, after one to throw away."""
        total = [0, 0, 0]
        for turn in range(6):
            for _ in range(20):
                if self._get(_STATUS_REG) & 1:
                    break
                wait_ms(5)
            self._bus.read_into(self._address, _OUTX_L_A, self._small)
            if turn:
                for axis in range(3):
                    total[axis] += _int16(self._small, 2 * axis)
        return [value // 5 for value in total]

    def _get(self, register):
        self._bus.read_into(self._address, register, self._one)
        return self._small[0]

    def _set(self, register, value):
        self._bus.write(self._address, register, value)


def _int16(buf, at):
    value = buf[at] | buf[at + 1] << 8
    return value - 65536 if value & 0x8000 else value
