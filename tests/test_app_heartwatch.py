"""What a reading of the heart sets off: an alarm when a pulse is gone, and live beats for a phone that asks."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

import numpy as np
import pytest

from hostsim.codecs import protocol
from hostsim.handler.client import connect
from hostsim.handler.sync import bench_adapter, pick
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.signals import FloatArray, Optical
from tests.fault_bench import Life, StillDog, live

_HEART = "00002a37-0000-1000-8000-00805f9b34fb"


class Stopping(StillDog):
    """Its pulse ends after four minutes; `slipped`: so does the skin before the sensor."""

    slipped = False

    def optical(self, t_s: FloatArray) -> Optical:
        """See hostsim.signals."""
        seen = super().optical(t_s)
        gone = t_s > 240
        level = 3.0 if self.slipped else 295.0
        light = np.where(gone, level, seen.red_na_per_ma)
        return Optical(light, light, light, np.zeros(len(t_s)))


@pytest.mark.parametrize("slipped", [False, True])
def test_a_pulse_that_is_gone_is_told_and_a_slipped_collar_is_not(
    slipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fault_bench.StillDog", Stopping)
    monkeypatch.setattr(Stopping, "slipped", slipped)
    life: Life = live(tmp_path, None, 8, None, CollarOptions(readings_ms=0))
    rates = [one["hr_bpm"] for one in life.of("pulse") if one["status"] == "ok"]
    assert len(rates) > 20 and all(abs(rate - 72) < 1 for rate in rates)
    alerts = [(one["level"], one["reasons"]) for one in life.of("alert")]
    assert alerts == ([] if slipped else [("red", ["no_pulse"])])
    if not slipped:
        assert 250_000 < life.of("alert")[0]["uptime_ms"] < 300_000


def test_a_phone_that_asks_sees_each_beat_and_the_journal_is_not_filled(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def play(collar: Collar) -> None:
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        async with connect(adapter, await pick(adapter, None, 330.0), collar.owner) as client:
            await client._client.start_notify(_HEART, lambda _, data: heard.append(bytes(data)))
            assert await client.ask(protocol.GO_LIVE, 90) == (90,)
            await asyncio.sleep(100)

    life = live(tmp_path, None, 8, play)
    rates = [data[1] for data in heard]
    assert 9 <= len(rates) <= 14 and set(rates) <= {71, 72, 73}
    assert all(data[0] & 0x10 for data in heard)
    beats = [ms * 1000 // 1024 for data in heard for (ms,) in struct.iter_unpack("<H", data[2:])]
    assert len(beats) > 80 and all(780 <= ms <= 885 for ms in beats)
    assert len(life.of("pulse")) <= 3
