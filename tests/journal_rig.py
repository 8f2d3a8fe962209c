"""A journal on the flash model, for tests; runs on MicroPython, beside the firmware, and is driven by `Remote`.

`Rig` holds what survives power: the flash, the key store, and what an observer knows to have been acknowledged.
"""

from collar.journal import records
from collar.journal.log import Journal
from hostsim.flash import NorFlash, PowerCut

FIRST_KEY = bytes(range(32))


class WatchedFlash(NorFlash):
    """Tells `watcher` of each change before it is made, as a function that makes it on another flash and key store."""

    watcher = None

    def write(self, address, buf):
        buf = bytes(buf)
        self.tell(lambda flash, _keys: flash.write(address, buf))
        super().write(address, buf)

    def erase(self, address):
        self.tell(lambda flash, _keys: flash.erase(address))
        super().erase(address)

    def tell(self, change):
        if self.watcher is not None:
            self.watcher(change)


class Keys:
    """A key store that changes whole or not at all, and can lose power before or after the change."""

    def __init__(self, flash):
        self._flash = flash
        self.number = 0
        self.key = FIRST_KEY

    def read(self):
        return self.number, self.key

    def replace(self, number, key):
        self._flash.tell(lambda _flash, keys: keys.replace(number, key))
        where = self._flash._power()
        if where == "before" or (not where and not self._flash.powered):
            raise PowerCut
        if where != "inside":
            self.number, self.key = number, key
        if where:
            raise PowerCut


class Rig:
    """A collar's journal with power that can be cut; `told` is every acknowledged record's bytes by number."""

    def __init__(self, sectors=8, seed=1, keys=True, lag=0):
        self.lag = lag  # a phone has all but so many of the newest records; 0: nothing is kept for it
        self.safe = 0
        self.windows = {}  # each raw window that was acknowledged: the number under which it stands
        self.flash = WatchedFlash(sectors * 4096, None, seed)
        self.keys = Keys(self.flash) if keys else None
        self.now = 0
        self.made = 0
        self.told = {}
        self.pending = None
        self.lost = set()
        self.buffer = bytearray(273)
        self.reboot()

    def uptime(self):
        self.now += 977
        return self.now

    def reboot(self):
        """Power on and open; the report's fields."""
        self.flash.power_on()
        self.now = 0
        self.journal = Journal(self.flash, self.uptime, self.keys)
        if self.lag:
            self.journal.keep_from(self.safe)
        return self.journal.open().__dict__

    def values(self):
        """The next record: kinds and lengths in turn, so that frames of 19 to 273 bytes meet every boundary."""
        self.made += 1
        i = self.made
        if i % 17 == 0:
            return records.RAW, ("impact", i, -i, 19231, [(i * k) % 4001 - 2000 for k in range(117)])
        if i % 5 == 0:
            return records.FAULT, ("task", "exception", i, "x" * (i % 60))
        if i % 3 == 0:
            return records.WORN, (i % 2,)
        return records.MINUTE, (60, 0, 0, 0, 0, i % 5000, -5, 0, 0, 0, 60, 100, i % 100)

    def append(self):
        kind, values = self.values()
        self.pending = records.pack(kind, values)
        seq = self.journal.append(kind, values)
        self.told[seq] = self.pending
        if self.lag:
            if kind == records.RAW:
                self.windows[self.pending] = seq
            self.safe = max(self.safe, seq - self.lag)
            self.journal.keep_from(self.safe)
        self.pending = None
        return seq

    def run(self, actions):
        """Does a string of actions: a append, s seal, i idle. False if power failed on the way."""
        try:
            for action in actions:
                if action == "a":
                    self.append()
                elif action == "s":
                    self.journal.seal()
                else:
                    self.journal.idle()
        except PowerCut:
            return False
        return True

    def payload(self, seq):
        length = self.journal.read(seq, self.buffer)
        if not length:
            return None
        parsed = records.parse(self.buffer[:length])
        assert parsed[1] == seq, "another record than asked for"
        return parsed[4]

    def check(self):
        """Compares all that the journal holds with what was acknowledged. Returns what is wrong, in words."""
        wrong = []
        journal = self.journal
        for seq in self.told:
            if seq >= journal.next_seq:
                wrong.append(f"{seq} was acknowledged and is not there")
        dropped = 0
        standing = {}
        for seq in range(journal.first_seq, journal.next_seq):
            length = journal.read(seq, self.buffer)
            if not length and seq in self.lost:
                continue
            if not length:
                wrong.append(f"{seq} cannot be read")
                continue
            kind, _, _, _, payload = records.parse(self.buffer[:length])
            if kind == records.DROP:
                dropped = records.unpack(kind, payload)["last_seq"]
            if kind == records.RAW and payload[:246] in self.windows:
                standing[payload[:246]] = seq
            if kind == records.RAW and len(payload) > 246:
                if seq in self.told or payload[:246] not in self.windows:
                    wrong.append(f"{seq} is a copy of nothing")
            elif kind == records.DROP or kind == records.SEAL:
                if seq in self.told:
                    wrong.append(f"{seq} is not what was acknowledged")
            elif seq not in self.told:
                if payload != self.pending:
                    wrong.append(f"{seq} was invented")
                self.told[seq] = payload
                self.pending = None
            elif self.told[seq] != payload:
                wrong.append(f"{seq} has changed")
        if journal.first_seq > 1 and dropped < journal.first_seq - 1:
            wrong.append(f"no drop record for {journal.first_seq - 1}")
        for window, seq in self.windows.items():
            if seq >= self.safe and window not in standing:
                wrong.append(f"the window of {seq} is lost")
        self.windows.update(standing)
        return wrong

    def rot(self, bits):
        """Flips bits in the sealed sectors; what can no longer be read is `lost` from then on."""
        newest = self.journal._tail.number
        for _ in range(bits):
            place = (newest - 1 - self.flash._next() % (self.flash.size // 4096 - 2)) % (
                self.flash.size // 4096
            )
            self.flash.flip(place * 4096 + self.flash._next() % 4096, self.flash._next() % 8)
        self.reboot()
        for seq in range(1, self.journal.next_seq):
            if self.payload(seq) is None:
                self.lost.add(seq)
                self.told.pop(seq, None)

    def take_over(self, other):
        """Becomes what `other` is, as far as it outlives a power cut."""
        self.flash.power_on()
        self.flash.memory[:] = other.flash.memory
        self.flash.stall_every = other.flash.stall_every
        self.keys.number, self.keys.key = other.keys.number, other.keys.key
        self.told, self.made, self.pending = dict(other.told), other.made, other.pending
        self.windows, self.safe, self.lost = dict(other.windows), other.safe, set(other.lost)

    def cut_in(self, change, where, seed):
        """Power fails before, inside or after a change; `seed` decides what is left behind."""
        self.flash._random = seed
        self.flash.cut(0, where)
        try:
            change(self.flash, self.keys)
        except PowerCut:
            return
        raise AssertionError("the change was made with power on")

    def forget(self):
        """Leaves out of `told` what the ring's turn took."""
        for seq in list(self.told):
            if seq < self.journal.first_seq:
                del self.told[seq]


def every_cut(prepare, actions, sectors, seed, rotten_bits=0, lag=0):
    """Cuts power before, inside and after each flash and key-store operation of `actions`, restarts, and checks.

    `actions` run through once: at each operation the collar whose power fails there is another, which begins with the
    flash, the keys and the acknowledged records of that moment. With `rotten_bits`, so many bits of the old sectors are
    flipped before, and every hundredth operation stalls. Returns (cuts made, operations of `actions`, what went wrong).
    """
    base = Rig(sectors, seed, True, lag)
    assert base.run(prepare)
    if rotten_bits:
        base.flash.stall_every = 100
        base.forget()
        base.rot(rotten_bits)
    base.reboot()
    other = Rig(sectors, seed, True, lag)
    cuts, operations, wrong = 0, 0, []

    def watcher(change):
        nonlocal cuts, operations
        for where in ("before", "inside", "after"):
            other.take_over(base)
            other.cut_in(change, where, seed * 7919 + operations)
            other.reboot()
            cuts += 1
            found = other.check()
            other.pending = None
            if not other.run("aaiasaaa" + "a" * (operations % 120)):
                found.append("it does not go on")
            if operations % 5 == 0:
                other.reboot()
            found += other.check()
            wrong.extend([f"cut {where} operation {operations}: {text}" for text in found[:2]])
        operations += 1

    base.flash.watcher = watcher
    assert base.run(actions)
    return cuts, operations, wrong


def every_cut_of_recovery(prepare, actions, sectors, every):
    """Cuts power inside each `every`th operation of `actions`, then at each operation of the restart in turn.

    Returns (cuts made of restarts, what went wrong).
    """
    base = Rig(sectors)
    assert base.run(prepare)
    base.forget()
    other = Rig(sectors)
    cuts, operations, wrong = 0, 0, []

    def opens(second):
        """Whether the journal opens before power fails at the `second`th chance."""
        other.flash.power_on()
        other.flash.cut(second // 3, ("before", "inside", "after")[second % 3])
        other.journal = Journal(other.flash, other.uptime, other.keys)
        try:
            other.journal.open()
        except PowerCut:
            return False
        return True

    def watcher(change):
        nonlocal cuts, operations
        operations += 1
        if (operations - 1) % every:
            return
        for second in range(40):
            other.take_over(base)
            other.cut_in(change, "inside", operations)
            through = opens(second)
            other.reboot()
            cuts += not through
            found = other.check()[:2]
            if not other.run("a" * 90):
                found.append("does not go on")
            found += other.check()[:2]
            wrong.extend([f"{operations - 1}.{second} {text}" for text in found])
            if through and second % 3 == 0:
                break

    base.flash.watcher = watcher
    assert base.run(actions)
    return cuts, wrong


def story(script, sectors=6, seed=1):
    """Plays a list of actions: strings for `run`, R restart, C a cut inside the third operation and a restart.

    Returns the rig, whose flash is an image to look at.
    """
    rig = Rig(sectors, seed)
    for act in script:
        if act == "R":
            rig.reboot()
        elif act == "C":
            rig.flash.cut(3, "inside")
            rig.run("aaaaaaa")
            rig.reboot()
            rig.check()
            rig.pending = None
        else:
            assert rig.run(act)
    return rig
