"""A dog through the accelerometer's model: what its FIFO holds, and what its own functions felt and when.

The registers are those that the firmware's `movement.setup` writes, taken from the real interpreter. An interrupt is
answered `ANSWER_US` after its edge, as a processor does that has to wake first.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hostsim.chips.lsm6dsox import Lsm6dsox
from hostsim.evaluate import batch
from hostsim.runtime.virtual import VirtualClock
from hostsim.signals import SignalSource

ANSWER_US = 5000
_DRAIN_US = 8_000_000
_WAKE_UP_SRC, _FIFO_STATUS1, _FIFO_DATA_OUT_TAG = 0x1B, 0x3A, 0x78

_SETUP = """
import json
from collar.drivers.lsm6dsox import LSM6DSOX
from collar.app import movement
writes = []
class Bus:
    def read_into(self, address, register, buffer):
        buffer[0] = 0x6C if register == 0x0F else 0
    def write(self, address, register, value):
        writes.append((register, value))
movement.setup(LSM6DSOX(Bus()))
print(json.dumps(writes))
"""


@lru_cache(maxsize=1)
def setup_writes() -> tuple[tuple[int, int], ...]:
    """(register, value) of everything that the firmware writes to set the accelerometer up, in order."""
    (writes,) = batch.run(_SETUP, {})
    return tuple((register, value) for register, value in writes)


def through_chip(
    source: SignalSource, start_s: float, samples: int, seed: int
) -> tuple[NDArray[np.int16], list[tuple[int, int]]]:
    """The first `samples` of the FIFO, int16 (samples, 3), after a start at `start_s`; and (sample, bits of WAKE_UP_SRC's
    and TAP_SRC's events as the driver's `felt` gives them) of each answer."""
    clock = VirtualClock()
    clock.now_us = start_us = round(start_s * 1e6)
    chip = Lsm6dsox(clock, source, seed=seed)
    for register, value in setup_writes():
        chip.write(bytes((register, value)))
    rate_hz = 52.0
    end_us = start_us + round((samples + 1) / rate_hz * 1e6)
    words, felt = [], []
    drained_us = start_us
    while clock.now_us < end_us:
        due_us = chip.next_change_us()
        until_us = min(drained_us + _DRAIN_US, end_us)
        if due_us is not None and due_us < until_us:
            clock.now_us = due_us
            if chip.pin_level("int1"):
                clock.now_us += ANSWER_US
                chip.write(bytes((_WAKE_UP_SRC,)))
                wake, tap = chip.read(2)
                bits = wake & 7 | (8 if tap & 0x20 else 0)
                felt.append((max(0, int((clock.now_us - start_us) * rate_hz * 1e-6) - 1), bits))
            continue
        clock.now_us = drained_us = until_us
        chip.write(bytes((_FIFO_STATUS1,)))
        low, high = chip.read(2)
        count = low | (high & 3) << 8
        chip.write(bytes((_FIFO_DATA_OUT_TAG,)))
        words.append(np.frombuffer(chip.read(7 * count), np.uint8).reshape(-1, 7)[:, 1:])
    values = np.ascontiguousarray(np.concatenate(words)).view("<i2")
    return values[:samples], [item for item in felt if item[0] < samples]
