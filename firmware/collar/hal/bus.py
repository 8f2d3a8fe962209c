"""I2C with patience: a hiccup is tried again, a bus that hangs is clocked free.

ENODEV, ETIMEDOUT and EIO can each be a passing fault on the ESP32, so each is tried again; a slave that was reset in
the middle of a byte holds the data line until it has seen nine clocks (I2C specification, section 3.1.16).
"""

from machine import I2C, Pin
from micropython import const

_TRIES = const(3)
_RECOVERY_CLOCKS = const(9)


class Bus:
    """One I2C bus, given to the drivers. All methods raise OSError after their own retries and one recovery.

    `retries` and `recoveries` count what went wrong and was mended, for the fault records.
    """

    def __init__(self, number, scl, sda, frequency_hz):
        self._number = number
        self._scl = scl
        self._sda = sda
        self._frequency_hz = frequency_hz
        self.retries = 0
        self.recoveries = 0
        self._open()

    def _open(self):
        self._i2c = I2C(self._number, scl=Pin(self._scl), sda=Pin(self._sda), freq=self._frequency_hz)

    def read_into(self, address, register, buf):
        """Reads `len(buf)` bytes from `register` on. Allocates nothing when all goes well."""
        for attempt in range(_TRIES):
            try:
                self._i2c.readfrom_mem_into(address, register, buf)
                return
            except OSError as error:
                self._mend(attempt, error)

    def write(self, address, register, data):
        """Writes an int (one byte) or a buffer from `register` on."""
        payload = bytes((data,)) if isinstance(data, int) else data
        for attempt in range(_TRIES):
            try:
                self._i2c.writeto_mem(address, register, payload)
                return
            except OSError as error:
                self._mend(attempt, error)

    def _mend(self, attempt, error):
        self.retries += 1
        if attempt == _TRIES - 1:
            raise error
        if attempt == _TRIES - 2:
            self._recover()

    def _recover(self):
        """Nine clocks by hand and a stop condition, then the peripheral anew."""
        self.recoveries += 1
        sda = Pin(self._sda, Pin.OPEN_DRAIN, value=1)
        scl = Pin(self._scl, Pin.OPEN_DRAIN, value=1)
        for _ in range(_RECOVERY_CLOCKS):
            scl.value(0)
            scl.value(1)
        sda.value(0)
        sda.value(1)
        self._open()
