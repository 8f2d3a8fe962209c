"""A phone that stays: it leaves a trot whole, where one that only fetches has what there is of it, and sees duty change at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hostsim.codecs import protocol
from hostsim.dog import Dog, Span, drawn
from hostsim.faults import journal_records
from hostsim.handler.client import connect
from hostsim.handler.sync import bench_adapter
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import live

TROT_S = (20.0, 110.0)
END_S = 140.0
EVERY_S = 8.0


def trots(folder: Path, *, stays: bool) -> list[float]:
    """Seconds of each trot that a collar tells whose journal is asked for every few seconds."""
    spans = (Span(0.0, TROT_S[0], "stand"), Span(*TROT_S, "trot"), Span(TROT_S[1], 200.0, "stand"))
    collar = Collar(
        Dog(7, drawn(7), spans=spans, duration_s=200.0),
        folder,
        CollarOptions(radio_on=True, console=lambda _line: None),
    )

    async def visit() -> None:
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        async with connect(adapter, ADDRESS, collar.owner) as client:
            if stays:
                await client.ask(protocol.GO_LIVE, 600)
            while collar.clock.now_s < END_S:
                await asyncio.sleep(EVERY_S)
                await client.ask(protocol.JOURNAL)

    collar.run(visit)
    found = [one for one in journal_records(collar) if one["type"] == "bout" and one["gait"] == "trot"]
    return [one["duration_s"] for one in found]


def test_a_phone_that_stays_leaves_a_trot_whole(tmp_path: Path) -> None:
    (seconds,) = trots(tmp_path, stays=True)
    assert seconds == pytest.approx(TROT_S[1] - TROT_S[0], abs=5)


def test_a_phone_that_only_fetches_has_what_there_is_of_a_trot_each_time(tmp_path: Path) -> None:
    told = trots(tmp_path, stays=False)
    assert len(told) > 5
    assert sum(told) == pytest.approx(TROT_S[1] - TROT_S[0], abs=25)


def test_duty_shows_in_the_status_at_once(tmp_path: Path) -> None:
    """The handler who taps sees that it was taken, and not a minute later."""
    flags: list[int] = []

    async def play(collar: Collar) -> None:
        await asyncio.sleep(70)
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        async with connect(adapter, ADDRESS, collar.owner) as client:
            for on in (True, False):
                await client.duty(on)
                await asyncio.sleep(1)
                status = bytes(await client._client.read_gatt_char(protocol.STATUS))
                flags.append(protocol.parse_status(status)[3] & protocol.ON_DUTY)

    live(tmp_path / "duty", None, 2, play, CollarOptions(radio_on=True))
    assert flags == [protocol.ON_DUTY, 0]
