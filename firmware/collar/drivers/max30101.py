"""MAX30101 optical pulse sensor (Maxim's datasheet): one LED at a time, samples of 18 bits from the FIFO.

`drain` allocates nothing. One LED through slot 1 of the multi-LED mode, so that green works like the others.
"""

import micropython
from micropython import const

from collar.drivers import PartError

# Registers, datasheet, register maps and descriptions.
_INT_STATUS1 = const(0x00)
_INT_ENABLE1 = const(0x02)
_FIFO_WR_PTR = const(0x04)
_FIFO_DATA = const(0x07)
_FIFO_CONFIG = const(0x08)
_MODE_CONFIG = const(0x09)
_SPO2_CONFIG = const(0x0A)
_LED1_PA = const(0x0C)
_PILOT_PA = const(0x10)
_SLOTS = const(0x11)
_TEMP_INT = const(0x1F)
_TEMP_CONFIG = const(0x21)
_PROX_INT_THRESH = const(0x30)
_PART_ID = const(0xFF)

_IDENTITY = const(0x15)
_RESET = const(0x40)
_SHUTDOWN = const(0x80)
_MULTI_LED = const(7)
_HEART_RATE = const(2)
_A_FULL = const(0x80)
_PROX_INT = const(0x10)
_DEPTH = const(32)

# ADC range 4096 nA, 100 conversions a second, pulse width 411 us: 18 bits (SPO2_CONFIG).
_CONVERSION = const(0x27)
# Conversions averaged into a sample (FIFO_CONFIG 7:5): 100 / 4 and 100 / 2.
_AVERAGES = {25: 0x40, 50: 0x20}

RED = const(1)
IR = const(2)
GREEN = const(3)


@micropython.viper
def _unpack(raw: ptr8, out: ptr32, at: int, n: int) -> int:
    """Puts n big-endian triplets into out from `at` on; returns the index after the last one."""
    p = 0
    while n:
        out[at] = (raw[p] & 3) << 16 | raw[p + 1] << 8 | raw[p + 2]
        at += 1
        p += 3
        n -= 1
    return at


class MAX30101:
    """The sensor on `bus`.

    After each `drain`: `overflow` is the number of samples that the FIFO lost before it, 31 meaning 31 or more;
    `pending` is the number of samples still in the FIFO.
    """

    def __init__(self, bus, address=0x57):
        self._bus = bus
        self._address = address
        self._state = bytearray(7)
        self._one = memoryview(self._state)[:1]
        self._two = memoryview(self._state)[:2]
        raw = memoryview(bytearray(3 * _DEPTH))
        # About a second and about half of one go in one burst; whatever else in a few.
        self._bursts = tuple([(n, raw[: 3 * n]) for n in (32, 26, 25, 24, 16, 13, 12, 8, 4, 2, 1)])
        self.overflow = 0
        self.pending = 0
        self.near = False

    def probe(self):
        """Raises PartError unless a MAX30101 answers, OSError if nothing does."""
        self._bus.read_into(self._address, _PART_ID, self._one)
        if self._state[0] != _IDENTITY:
            raise PartError(f"MAX30101 answers 0x{self._state[0]:02x} instead of 0x15")

    def start(self, led_ua=6400, rate_hz=25, led=GREEN, watermark=25):
        """Resets the part and measures with one LED (RED, IR, GREEN) at `led_ua` (0..51000, steps of 200).

        `rate_hz` 25 or 50 samples a second; the pin falls at `watermark` (17..32) samples. Raises ValueError otherwise.
        """
        if rate_hz not in _AVERAGES or not 17 <= watermark <= 32 or not 1 <= led <= 3:
            raise ValueError("rate, LED or watermark")
        self._reset()
        self._set(_FIFO_CONFIG, _AVERAGES[rate_hz] | _DEPTH - watermark)
        self._set(_SPO2_CONFIG, _CONVERSION)
        self.current(led_ua, led)
        self._set(_SLOTS, led)
        self._set(_SLOTS + 1, 0)
        self._set(_INT_ENABLE1, _A_FULL)
        self._set(_MODE_CONFIG, _MULTI_LED)

    def current(self, led_ua, led=GREEN):
        """Another LED current while it runs, in uA (0..51000)."""
        self._set(_LED1_PA + led - 1, min(max(led_ua // 200, 0), 255))

    def stop(self):
        """Shutdown: 0.7 uA, registers kept."""
        self._set(_MODE_CONFIG, _SHUTDOWN)
        self.pending = 0

    def watch_near(self, threshold, pilot_ua=2000):
        """Waits in proximity mode: the pin falls when IR light at `pilot_ua` passes `threshold` (0..255, each 1024
        counts); `near` is True after the next `drain`. Call `start` then."""
        self._reset()
        self._set(_SPO2_CONFIG, _CONVERSION)
        self._set(_FIFO_CONFIG, 0x40)
        self._set(_PILOT_PA, min(pilot_ua // 200, 255))
        self._set(_PROX_INT_THRESH, threshold)
        self._set(_INT_ENABLE1, _PROX_INT)
        self._set(_MODE_CONFIG, _HEART_RATE)

    def drain(self, out):
        """Moves the oldest samples (0..262143) into array('i') `out`; returns how many. Ends the interrupt.

        Call again while it returns a full buffer.
        """
        size = len(out)
        if not self.pending:
            self._look()
        at = 0
        for n, view in self._bursts:
            while n <= self.pending and n <= size - at:
                self._bus.read_into(self._address, _FIFO_DATA, view)
                at = _unpack(view, out, at, n)
                self.pending -= n
        return at

    def begin_temperature(self):
        """Starts a conversion of the die's temperature; it takes 29 ms."""
        self._set(_TEMP_CONFIG, 1)

    def die_temperature_c10(self):
        """The last conversion in tenths of a degree."""
        self._bus.read_into(self._address, _TEMP_INT, self._two)
        whole = self._state[0]
        if whole > 127:
            whole -= 256
        return whole * 10 + (self._state[1] & 0x0F) * 10 // 16

    def _reset(self):
        """Software reset; the bit clears itself (datasheet 'Reset Control')."""
        self._set(_MODE_CONFIG, _RESET)
        for _ in range(50):
            self._bus.read_into(self._address, _MODE_CONFIG, self._one)
            if not self._state[0] & _RESET:
                break
        self.pending = 0
        self.overflow = 0
        self.near = False

    def _look(self):
        """Status, enables and pointers in one read of registers 0 to 6; reading the status clears it.

        Equal pointers are an empty FIFO or a full one: full, if it lost samples or has passed its watermark.
        """
        state = self._state
        self._bus.read_into(self._address, _INT_STATUS1, state)
        self.overflow = state[5]
        self.pending = (state[4] - state[6]) & 31
        if self.pending == 0 and (state[5] or state[0] & _A_FULL):
            self.pending = _DEPTH
        if state[0] & _PROX_INT:
            self.near = True

    def _set(self, register, value):
        self._bus.write(self._address, register, value)
