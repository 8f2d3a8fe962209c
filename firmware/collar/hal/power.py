"""Why the collar started, who it is, and how it ends."""

import time

import esp32
import machine
from micropython import const

_SENSOR_START_MS = const(20)  # the LSM6DSOX takes 10 ms from power-on (AN5272), the others less

_CAUSES = {}
for _name, _word in (
    ("PWRON_RESET", "power_on"),
    ("HARD_RESET", "reset"),
    ("WDT_RESET", "watchdog"),
    ("DEEPSLEEP_RESET", "deep_sleep"),
    ("SOFT_RESET", "soft"),
    ("BROWN_OUT_RESET", "brown_out"),
):
    if hasattr(machine, _name):
        _CAUSES[getattr(machine, _name)] = _word


def reset_cause():
    """One of power_on, reset, watchdog, deep_sleep, soft, brown_out, unknown."""
    return _CAUSES.get(machine.reset_cause(), "unknown")


def unique_id():
    """The chip's own number, 6 bytes."""
    return machine.unique_id()


def set_clock(hz):
    """The processor's clock; 80 MHz is the least with which the radio works."""
    machine.freq(hz)


def feed_sensors(gpio):
    """Switches the sensors' supply on and gives them time to start; a board without such a switch has None."""
    if gpio is None:
        return
    machine.Pin(gpio, machine.Pin.OUT, value=1)
    time.sleep_ms(_SENSOR_START_MS)


def starve_sensors(gpio):
    """Switches the sensors' supply off, on a board that can."""
    if gpio is not None:
        machine.Pin(gpio, machine.Pin.OUT, value=0)


def sleep_until_low(gpios):
    """Deep sleep until one of these lines is pulled low; those that a board lacks are None. What follows is a start.

    On the ESP32-S3 ALL_LOW means any of them (ESP-IDF, esp_sleep_ext1_wakeup_mode_t). The lines need pull-ups of the board.
    """
    pins = tuple([machine.Pin(gpio, machine.Pin.IN) for gpio in gpios if gpio is not None])
    esp32.wake_on_ext1(pins, esp32.WAKEUP_ALL_LOW)
    machine.deepsleep()


def reset():
    """Starts anew."""
    machine.reset()
