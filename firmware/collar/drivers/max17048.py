"""MAX17048 battery gauge (Maxim's datasheet). Registers are 16 bits, high byte first."""

from micropython import const

from collar.drivers import PartError

_VCELL = const(0x02)
_SOC = const(0x04)
_VERSION = const(0x08)
_CONFIG = const(0x0C)
_CRATE = const(0x16)
_STATUS = const(0x1A)

_RI = const(0x01)
_ALERT = const(0x20)


class MAX17048:
    """The gauge on `bus`. It reads the cell four times a second by itself; nothing has to be started."""

    def __init__(self, bus, address=0x36):
        self._bus = bus
        self._address = address
        self._word = bytearray(2)

    def probe(self):
        """Raises PartError unless a MAX17048 or MAX17049 answers, OSError if nothing does."""
        version = self._get(_VERSION)
        if version & 0xFFF0 != 0x0010:
            raise PartError(f"MAX17048 answers version 0x{version:04x} instead of 0x001_")

    def percent_x10(self):
        """State of charge in tenths of a percent, 0 to 1000 (1/256 % a count)."""
        return min(self._get(_SOC) * 10 // 256, 1000)

    def millivolts(self):
        """Cell voltage in mV (78.125 uV a count)."""
        return self._get(_VCELL) * 5 // 64

    def rate_x10(self):
        """Charge rate in tenths of a percent an hour, negative while discharging (0.208 % an hour a count)."""
        rate = self._get(_CRATE)
        if rate & 0x8000:
            rate -= 65536
        return rate * 208 // 100

    def was_reset(self):
        """True once after the gauge started anew: the cell was swapped or drained (RI)."""
        status = self._get(_STATUS)
        if not status >> 8 & _RI:
            return False
        self._put(_STATUS, status & ~(_RI << 8))
        return True

    def alert_below(self, percent):
        """The alert pin falls below `percent` (1..32); an alert that stands is cleared."""
        self._put(_CONFIG, self._get(_CONFIG) & 0xFF00 | 32 - percent)

    def alerted(self):
        """True if the alert stands."""
        return bool(self._get(_CONFIG) & _ALERT)

    def _get(self, register):
        self._bus.read_into(self._address, register, self._word)
        return self._word[0] << 8 | self._word[1]

    def _put(self, register, value):
        self._word[0] = value >> 8
        self._word[1] = value & 0xFF
        self._bus.write(self._address, register, self._word)
