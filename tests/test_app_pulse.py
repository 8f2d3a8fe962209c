"""The optical sensor's schedule at rest: the light is on for as long as a reading takes, longer for a suspect rhythm."""

from __future__ import annotations

from typing import Any

import numpy as np

from hostsim.evaluate.pulse_wave import Skin, wave
from tests.remote import Remote

SKIN = Skin(120_000, 900, 25, 0.3, 0.6, 0.12, 0.3, 0.4)
RUN = """
from array import array
from collar.app.pulse import Pulse
from collar.vitals.heart import Heart

class Clock:
    now = 0
    def uptime_ms(self):
        return self.now

class Driver:
    overflow = 0
    at = 0
    def start(self, led_ua, rate_hz):
        pass
    def stop(self):
        pass
    def current(self, led_ua):
        pass
    def drain(self, buffer):
        for i in range(25):
            buffer[i] = light[self.at + i]
        self.at += 25
        return 25

class Part:
    driver = Driver()
    working = True
    def ready(self):
        return True
    def well(self):
        pass

class Recorder:
    def __init__(self):
        self.found = []
    def record(self, kind, values, at_ms=None):
        self.found.append((kind, values))

clock, recorder = Clock(), Recorder()
pulse = Pulse(Part(), Heart(25), recorder, clock, 600000)
lit = 0
for second in range(150):
    clock.now = 1000 * second
    lit += pulse.step()
result = (recorder.found, lit)
"""


def run(remote: Remote, early: bool) -> tuple[list[Any], int]:
    """The records of 150 s of a steady pulse of 75 a minute, every tenth beat early or none; seconds of light."""
    beats = 0.5 + 0.8 * np.arange(200) + np.random.default_rng(1).normal(0, 0.004, 200)
    if early:
        beats[5::10] -= 0.32
    light = wave(beats, np.arange(0, 155, 1 / 25), SKIN, np.random.default_rng(2))
    found, lit = remote.run(RUN, light=light.tolist())
    return [values for kind, values in found if kind == 8], lit


def test_an_even_pulse_is_read_once_and_the_light_goes_out(remote: Remote) -> None:
    readings, lit = run(remote, early=False)
    assert [row[0] for row in readings] == [0]
    assert readings[0][6:] == [None, None], "a few beats tell no rhythm"
    assert lit < 30


def test_a_suspect_rhythm_is_looked_at_for_a_minute(remote: Remote) -> None:
    readings, lit = run(remote, early=True)
    assert [row[0] for row in readings] == [0, 0]
    assert readings[0][6] is None
    assert readings[1][6] is True and readings[1][7] >= 3
    assert 66 < lit < 100
