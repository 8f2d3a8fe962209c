"""What the page knows: the pairing, the connection, the newest values, and what the views need of the archive."""

from __future__ import annotations

import json

from hostsim.codecs import protocol, records
from hostsim.phone.page.trouble import done
from hostsim.phone.page.wall import Wall

FRESH_MS = 20_000
"""A live heart or breath older than this is not shown."""
LISTS = ("alert", "impact", "onset", "pattern", "watch", "touch", "flinch", "day", "update")
LEVELS = records.LEVELS
TEST_SPOTS = ("left_shoulder", "right_shoulder", "left_ribs", "right_ribs", "left_hip", "right_hip")
"""The places of a touch test until the handler chooses others."""


class Found:
    """One record out of the archive: number, UTC in ms or None, fields."""

    def __init__(self, seq: int, at_ms: int | None, fields: dict) -> None:
        self.seq = seq
        self.at_ms = at_ms
        self.fields = fields


class State:
    """Plain data; `App` changes it and the views read it."""

    def __init__(self) -> None:
        self.paired: dict = {}
        self.phase = "unpaired"
        self.trouble: tuple[str, str] | None = None
        self.note = ""
        self.again = ""
        self.dog: dict = {"name": "", "weight_kg": "", "born": ""}
        self.quiet = 0
        self.seen: list = []
        self.test: dict = {
            "spots": list(TEST_SPOTS),
            "step": 0,
            "after_ms": 0,
            "running": False,
            "steps": [],
            "first": 0,
        }
        self.view = "now"
        self.now_ms = 0
        self.zone_ms = 0
        self.status: tuple | None = None
        self.capabilities = 0
        self.identity: dict | None = None
        self.live: dict[str, tuple[int, dict]] = {}
        self.alarm: tuple[str, int] | None = None
        self.progress: tuple[int, int] | None = None
        self.settings: dict[int, int] = {}
        self.journal = 0
        self.count = 0
        self.reads = 0
        self.last_sync: dict | None = None
        self.wall = Wall([])
        self.newest_ms: int | None = None
        self.lists: dict[str, list[Found]] = {name: [] for name in LISTS}

    @property
    def owner(self) -> bool:
        """Whether the pairing is the owner's and not a guest's."""
        return bool(self.paired) and not self.paired["until"]

    @property
    def connected(self) -> bool:
        """Whether the collar is there and open."""
        return self.phase in ("syncing", "ready")

    def can(self, bit: int) -> bool:
        """Whether the connected collar has a capability."""
        return self.connected and bool(self.capabilities & bit)

    @property
    def level(self) -> str:
        """green, amber, red or unknown: by the connected collar, else by the archive; green only once a day was judged."""
        level = "green"
        if self.connected and self.status is not None:
            number = self.status[1]
            level = LEVELS[number] if number < len(LEVELS) else "unknown"
        elif self.lists["alert"]:
            level = str(self.lists["alert"][-1].fields["level"])
        judged = any(day.fields["pain_index"] is not None for day in self.lists["day"])
        return "unknown" if level == "green" and not judged and not self.lists["alert"] else level

    def flag(self, bit: int) -> bool | None:
        """A flag of the connected collar's status, None when it is not there to ask."""
        return None if self.status is None or not self.connected else bool(self.status[3] & bit)

    @property
    def battery(self) -> int | None:
        """Percent, by the connected collar."""
        if self.status is None or not self.connected or self.status[2] == protocol.UNKNOWN:
            return None
        return self.status[2]

    def reading(self, name: str) -> tuple[str, dict | None]:
        """('ok', fields) of a fresh live reading, else (why there is none, None)."""
        if not self.connected:
            return "offline", None
        if name not in self.live:
            return "waiting", None
        at_ms, fields = self.live[name]
        if self.now_ms - at_ms > FRESH_MS:
            return "stale", None
        if fields["status"] != "ok":
            return str(fields["status"]), None
        return "ok", fields

    def is_quiet(self) -> bool:
        """Whether it is quiet hours (100 * first hour + end hour, 0 for none) by the phone's zone."""
        first, last = divmod(self.quiet, 100)
        hour = (self.now_ms + self.zone_ms) // 3_600_000 % 24
        if first == last:
            return False
        return first <= hour < last if first < last else hour >= first or hour < last

    async def read_archive(self, store) -> None:
        """What the views need of the archive. Raises Trouble."""
        self.reads += 1
        clocks = []
        for _, boot, uptime, text in await done(store.ofType(self.journal, "clock")):
            clocks.append((boot, int(uptime), json.loads(text)["offset_ms"]))
        self.wall = Wall(clocks)
        newest = await done(store.newest(self.journal))
        self.newest_ms = self.wall.at(newest[0], int(newest[1])) if newest else None
        for name in LISTS:
            found = []
            for seq, boot, uptime, text in await done(store.ofType(self.journal, name)):
                found.append(Found(seq, self.wall.at(boot, int(uptime)), json.loads(text)))
            found.sort(key=lambda one: one.seq)
            self.lists[name] = found
        self.count = int(str(await done(store.count(self.journal))))
        last = await done(store.lastSync(self.journal))
        self.last_sync = last if isinstance(last, dict) else None
