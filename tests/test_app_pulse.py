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
        self.found.append((kind, values, at_ms))

clock, recorder = Clock(), Recorder()
pulse = Pulse(Part(), Heart(25), recorder, clock, 600000)
lit = 0
"""
REST = """
for second in range(150):
    clock.now = 1000 * second
    lit += pulse.step()
result = (recorder.found, lit)
"""
DUTY = """
from collar.app.interval import Interval
pulse.interval_ms = 0
pulse.records = Interval(60000)
pulse.moving_ms = 600000
pulse.live = lambda: live
lights = []
second = calm_s = 0
while second < 500:
    clock.now = 1000 * second
    Driver.at = 25 * second
    moves = 100 <= second < 400
    pulse.motion_mg = 300 if moves else 5
    calm_s = 0 if moves else calm_s + 1
    pulse.calm_s = calm_s
    on = pulse.step()
    lights.append((second, on))
    passes = 1 if on else 8
    calm_s += 0 if moves else passes - 1
    second += passes
result = (recorder.found, lights)
"""


def run(remote: Remote, early: bool) -> tuple[list[Any], int]:
    """The records of 150 s of a steady pulse of 75 a minute, every tenth beat early or none; seconds of light."""
    beats = 0.5 + 0.8 * np.arange(200) + np.random.default_rng(1).normal(0, 0.004, 200)
    if early:
        beats[5::10] -= 0.32
    light = wave(beats, np.arange(0, 155, 1 / 25), SKIN, np.random.default_rng(2))
    found, lit = remote.run(RUN + REST, light=light.tolist())
    return [values for kind, values, _ in found if kind == 8], lit


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


def on_duty(remote: Remote, live: bool) -> tuple[list[tuple[list[Any], int]], list[tuple[int, bool]]]:
    """The records, with the seconds of their ends, of a dog that moves from second 100 to 400, and when the light was on."""
    beats_s = np.arange(0.5, 512.0, 0.8)
    light = wave(beats_s, np.arange(0, 510, 1 / 25), SKIN, np.random.default_rng(2))
    found, lights = remote.run(RUN + DUTY, light=light.tolist(), live=live)
    return [(values, at_ms // 1000) for kind, values, at_ms in found if kind == 8], lights


def test_on_duty_the_light_is_out_while_the_dog_moves_and_back_when_it_is_calm(remote: Remote) -> None:
    records, lights = on_duty(remote, live=False)
    on = [second for second, lit in lights if lit]
    assert set(range(100)) <= set(on)
    assert len([second for second in on if 110 <= second < 400]) == 0
    assert min(second for second in on if second >= 400) < 412
    assert [row[0] for row, at_s in records if 120 < at_s < 400] == [1] * 4, "each minute's record says why"
    assert all(row[1] is None for row, at_s in records if 108 < at_s < 400)
    rates = [at_s for row, at_s in records if row[0] == 0]
    assert min(rates) < 10 and min(at_s for at_s in rates if at_s > 400) < 425


def test_who_watches_live_keeps_the_light_on_in_motion(remote: Remote) -> None:
    _, lights = on_duty(remote, live=True)
    assert all(lit for _, lit in lights) and len(lights) == 500
