"""A whole collar that gets new firmware: over the air and over the cable, good firmware and bad, and what stays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol
from hostsim.faults import journal_records
from hostsim.handler import update
from hostsim.handler.client import CollarClient, LinkLost, connect, find
from hostsim.handler.sync import bench_adapter
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import START, StillDog
from tests.repl_bench import Prompt, has_raw_prompt
from tests.update_builds import Builds

PROVEN_S = 1200
RAISES = "\n\nraise ValueError('bad')\n"
HANGS = (
    "\n\nasync def _hang(self):\n    while True:\n        self.clock.wait_ms(5)\n\n\nCollar.main = _hang\n"
)


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """For this interpreter."""
    return Builds.here(tmp_path_factory.mktemp("builds"))


@pytest.fixture(scope="module")
def better(builds: Builds) -> bytes:
    """Firmware 0.2.0, which works."""
    return builds.image("0.2.0")


def collar(folder: Path, **options: Any) -> Collar:
    """A collar whose radio is always on and whose clock is set."""
    made = Collar(StillDog(), folder, CollarOptions(radio_on=True, **options))
    made.rtc.set(START)
    return made


async def visit(
    one: Collar, act: Callable[[CollarClient], Awaitable[None]], key: Any = None, mtu: int = 247
) -> None:
    """The phone connects, proves its key and does something."""
    adapter = bench_adapter(await Phone.switch_on(one.air, mtu=mtu))
    (found,) = await find(adapter, 20, linger=0)
    async with connect(adapter, found, key or one.owner) as client:
        await act(client)


def told(one: Collar) -> list[tuple[str, str]]:
    """(what, version) of the journal's update records."""
    return [
        (record["what"], record["version"]) for record in journal_records(one) if record["type"] == "update"
    ]


def test_new_firmware_over_the_air_is_tried_and_kept(better: bytes, tmp_path: Path) -> None:
    one = collar(tmp_path)
    places: list[int] = []
    file = update.signed(better, "0.2.0", "hostsim", one.owner)

    async def half(client: CollarClient) -> None:
        assert (await client.info()).capabilities & protocol.CAN_UPDATE
        try:
            await update.send(client, file, lambda done, whole: stop(client, done))
        except LinkLost:
            return
        raise AssertionError("it was to be cut off")

    def stop(client: CollarClient, done: int) -> None:
        if done > len(file) // 2:
            client.lost()
            raise LinkLost("out of range")

    async def whole(client: CollarClient) -> None:
        began = one.clock.now_s
        await update.send(client, file, lambda done, whole: places.append(done))
        rate.append((len(file) - places[0]) / (one.clock.now_s - began))

    async def play() -> None:
        await asyncio.sleep(130)
        await visit(one, half)
        await asyncio.sleep(60)
        await visit(one, whole)
        await asyncio.sleep(PROVEN_S + 200)
        one.device.reset(1)
        await asyncio.sleep(100)

    rate: list[float] = []
    one.run(play)
    found = journal_records(one)
    assert places[0] > len(file) // 4, "what was in flash was brought again"
    assert rate[0] > 3000, "bytes a second"
    assert told(one) == [("installed", "0.2.0"), ("confirmed", "0.2.0")]
    assert [record["firmware"] for record in found if record["type"] == "boot"] == ["0.1.0", "0.2.0", "0.2.0"]
    assert one.loader.starts == [0, 1, 1]
    numbers = [record["seq"] for record in found]
    assert numbers == list(range(1, len(numbers) + 1)), "the journal goes on as if nothing had been"
    assert not [record for record in found if record["type"] == "fault"]


@pytest.mark.parametrize(("version", "more"), [("0.3.0", HANGS), ("0.4.0", RAISES)], ids=["hangs", "raises"])
def test_bad_firmware_gives_way_to_the_old(builds: Builds, tmp_path: Path, version: str, more: str) -> None:
    one = collar(tmp_path)
    file = update.signed(builds.image(version, more), version, "hostsim", one.owner)

    async def play() -> None:
        await asyncio.sleep(10)
        await visit(one, lambda client: update.send(client, file))
        await asyncio.sleep(430)

    one.run(play)
    assert told(one) == [("installed", version), ("rolled_back", version)]
    assert one.loader.starts == [0, 1, 0]
    found = journal_records(one)
    last = [record for record in found if record["boot"] == found[-1]["boot"]]
    assert last[0]["firmware"] == "0.1.0" and "minute" in [record["type"] for record in last], (
        "the old one lives on"
    )


def test_what_a_collar_does_not_take(better: bytes, tmp_path: Path) -> None:
    one = collar(tmp_path)
    stranger = type(one.owner)(bytes(16))
    files = {
        "not signed": update.signed(b"x" * 5000, "0.2.0", "hostsim", stranger),
        "another board": update.signed(b"x" * 5000, "0.2.0", "bench_s3", one.owner),
        "not newer": update.signed(b"x" * 5000, "0.1.0", "hostsim", one.owner),
        "holds no firmware": update.signed(b"x" * 5000, "0.2.0", "hostsim", one.owner),
    }
    said: list[str] = []

    async def tries(client: CollarClient) -> None:
        for file in files.values():
            with pytest.raises(update.UpdateRefused) as error:
                await update.send(client, file)
            said.append(str(error.value))

    async def play() -> None:
        await asyncio.sleep(10)
        await visit(one, tries, mtu=23)
        with pytest.raises(update.UpdateRefused, match="guest"):
            guest = one.owner.guest(START.replace(year=START.year + 1))
            await visit(one, lambda client: update.send(client, next(iter(files.values()))), guest)
        await asyncio.sleep(100)

    one.run(play)
    words = ("not signed", "another board", "another board", "no firmware")
    assert all(word in sentence for word, sentence in zip(words, said, strict=True)), said
    assert one.loader.starts == [0] and told(one) == []


@pytest.mark.skipif(not has_raw_prompt(), reason="this interpreter's prompt has no raw mode")
def test_new_firmware_over_the_cable(better: bytes, tmp_path: Path) -> None:
    (tmp_path / "new.image").write_bytes(better)
    prompt = Prompt(tmp_path)
    label = prompt.collar.owner.label()
    try:
        # the firmware that the prompt imports is the tree's, as slot 0 has it
        wrong = prompt.tool("update", "bench_s3", tmp_path / "new.image", "--version", "0.2.0", "--key", label,
                            "--port", prompt.port)  # fmt: skip
        assert wrong.returncode == 1 and "another board" in wrong.stderr
        done = prompt.tool("update", "hostsim", tmp_path / "new.image", "--version", "0.2.0", "--key", label,
                           "--port", prompt.port)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        prompt.close()
    folder = tmp_path / "life"
    folder.mkdir()
    one = collar(folder)
    for mine, theirs in zip(
        [one.loader.otadata, *one.loader.slots],
        [prompt.collar.loader.otadata, *prompt.collar.loader.slots],
        strict=True,
    ):
        mine.memory[:] = theirs.memory
    one.nvs.set("rex", "trial", prompt.collar.nvs.get("rex", "trial") or b"")
    one.run(lambda: asyncio.sleep(PROVEN_S + 100))
    assert told(one) == [("confirmed", "0.2.0")] and one.loader.starts == [1]


def test_a_file_is_made_and_checked(tmp_path: Path) -> None:
    one = collar(tmp_path)
    file = update.signed(b"x" * 70_000, "1.2.3", "hostsim", one.owner)
    assert update.manifest_length(file) == 30 + 2 * 16 + 32
    for broken in (file[:-1], file[:20], b"other" + file):
        with pytest.raises(ValueError):
            update.manifest_length(broken)
    for version in ("1.2", "1.2.256", "new"):
        with pytest.raises(ValueError):
            update.signed(b"x", version, "hostsim", one.owner)
    with pytest.raises(ValueError, match="guest"):
        update.signed(b"x", "1.2.3", "hostsim", one.owner.guest(START))
