"""What the page knows: the pairing, the connection, the newest values, and what the views need of the archive."""

from __future__ import annotations

import json

from hostsim.codecs import protocol, records
from hostsim.phone.page.trouble import done
from hostsim.phone.page.wall import Wall

FRESH_MS = 20_000
"""A live heart or breath older than this is not shown."""
LISTS = ("alert", "impact", "onset", "pattern", "watch", "touch", "day")
LEVELS = records.LEVELS


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
        self.dog: dict = {"name": "", "weight_kg": "", "born": ""}
        self.quiet: dict = {"from": "", "to": ""}
        self.seen: list = []
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
        self.last_sync: dict | None = None
        self.wall = Wall([])
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
        """Whether it is quiet hours by the phone's zone."""
        begin, end = self.quiet["from"], self.quiet["to"]
        if not begin or not end or begin == end:
            return False
        minutes = (self.now_ms + self.zone_ms) // 60000 % 1440
        first, last = [int(text[:2]) * 60 + int(text[3:5]) for text in (begin, end)]
        return first <= minutes < last if first < last else minutes >= first or minutes < last

    async def read_archive(self, store) -> None:
        """What the views need of the archive. Raises Trouble."""
        clocks = []
        for _, boot, uptime, text in await done(store.ofType(self.journal, "clock")):
            clocks.append((boot, int(uptime), json.loads(text)["offset_ms"]))
        self.wall = Wall(clocks)
        for name in LISTS:
            found = []
            for seq, boot, uptime, text in await done(store.ofType(self.journal, name)):
                found.append(Found(seq, self.wall.at(boot, int(uptime)), json.loads(text)))
            found.sort(key=lambda one: one.seq)
            self.lists[name] = found
        self.count = int(str(await done(store.count(self.journal))))
        last = await done(store.lastSync(self.journal))
        self.last_sync = last if isinstance(last, dict) else None
