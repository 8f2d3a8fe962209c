"""Every part asked in turn whether it works: on the desk, after a repair, and on the bench alike.

Not part of the running collar: a tool stops that, and calls `report` from MicroPython's prompt.
"""

import gc
import json
from array import array

from micropython import const

from collar.app import selftest
from collar.drivers.lsm6dsox import LSM6DSOX
from collar.drivers.max17048 import MAX17048
from collar.drivers.max30101 import MAX30101
from collar.hal import power
from collar.hal.bus import Bus
from collar.hal.clock import Clock
from collar.hal.flash import Flash, NoPartition
from collar.hal.lamp import Lamp
from collar.hal.store import SealKeys, Store
from collar.link import gatt

MARK = "REX "
_LED_UA = const(6400)
_LIT_COUNTS = const(64)
_LEAST_FREE = const(32768)
_CELL_MV = (2500, 4400)


class Failed(Exception):
    """A part does not do what it should; the message says what."""


class Checkup:
    """The parts of `board` (a module of data), one method each; a method returns what it saw or raises."""

    def __init__(self, board):
        self._board = board
        power.feed_sensors(board.SENSOR_POWER)
        self._clock = Clock()
        self._bus = Bus(board.I2C_ID, board.I2C_SCL, board.I2C_SDA, board.I2C_HZ)

    def accelerometer(self):
        """Identity, self-test, temperature."""
        driver = LSM6DSOX(self._bus, self._board.ACCELEROMETER_ADDRESS)
        driver.probe()
        if not selftest.accelerometer(driver, self._clock.wait_ms):
            raise Failed("the mass does not move on axes %d" % driver.silent_axes)
        return "self-test passed"

    def optical(self):
        """Identity, and more light with the LED on than with it off."""
        driver = MAX30101(self._bus, self._board.PULSE_ADDRESS)
        driver.probe()
        counts = [self._light(driver, led_ua) for led_ua in (0, _LED_UA)]
        driver.stop()
        if counts[1] - counts[0] < _LIT_COUNTS:
            raise Failed("the LED gives no light: %d counts dark, %d lit" % tuple(counts))
        return "%d counts dark, %d lit" % tuple(counts)

    def _light(self, driver, led_ua):
        buffer = array("i", bytes(128))
        driver.start(led_ua)
        self._clock.wait_ms(600)
        n = driver.drain(buffer)
        if not n:
            raise Failed("no samples")
        return sum(buffer[:n]) // n

    def gauge(self):
        """Identity, charge and voltage of the cell."""
        driver = MAX17048(self._bus, self._board.GAUGE_ADDRESS)
        driver.probe()
        millivolts = driver.millivolts()
        if not _CELL_MV[0] <= millivolts <= _CELL_MV[1]:
            raise Failed("%d mV is no cell" % millivolts)
        return "%d %%, %d mV" % (driver.percent_x10() // 10, millivolts)

    def flash(self):
        """The journal's partition: there, of the right size, readable."""
        flash = Flash(self._board.JOURNAL_LABEL)
        if flash.size != self._board.JOURNAL_SIZE:
            raise Failed("%d bytes instead of %d" % (flash.size, self._board.JOURNAL_SIZE))
        flash.read(flash.size - 16, bytearray(16))
        return "%d kB" % (flash.size // 1024)

    def keys(self):
        """Whether the collar was provisioned."""
        number, _ = SealKeys(Store()).read()
        return "sealing key %d" % number

    def radio(self):
        """The stack starts, has an address, and stops."""
        ble = gatt.radio()
        ble.active(True)
        address = ble.config("mac")[1]
        ble.active(False)
        return bytes(address).hex()

    def memory(self):
        """Free heap after a collection."""
        gc.collect()
        free = gc.mem_free()
        if free < _LEAST_FREE:
            raise Failed("%d bytes free" % free)
        return "%d bytes free" % free

    def clock(self):
        """Whether the wall clock was set."""
        if not self._clock.restore():
            raise Failed("never set")
        now_ms: Any = self._clock.utc_ms()
        return "%d" % (now_ms // 1000)

    def led(self):
        """Blinks three times; only eyes can say whether it did."""
        if self._board.LED is None:
            return "none on this board"
        lamp = Lamp(self._board.LED)
        for on in (1, 0) * 3:
            lamp.light(on)
            self._clock.wait_ms(150)
        return "blinked three times"

    def run(self):
        """All of it: a list of (part, passed, what was seen)."""
        results = []
        for name in ("accelerometer", "optical", "gauge", "flash", "keys", "radio", "memory", "clock", "led"):
            try:
                results.append((name, True, getattr(self, name)()))
            except NoPartition as error:
                results.append((name, False, "no partition %s" % error))
            except (Failed, OSError, ValueError) as error:
                results.append((name, False, str(error)))
        return results


def report(board):
    """The results as one line of JSON behind a mark, for the tool that asked."""
    return MARK + json.dumps(Checkup(board).run())
