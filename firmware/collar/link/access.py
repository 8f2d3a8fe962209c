"""Who may ask what: the owner proves the key of the label, a guest one that expires; a stranger may only try.

Both sides prove the key to each other over fresh numbers, so nothing that was recorded once opens anything. Wrong
proofs slow the same phone's next attempt down by seconds, and another's by one: the key is too long to be guessed, and an
owner must not be locked out by somebody else's attempts. Attempts are told to the journal, a stranger's at most once an hour with
their count, so that nobody fills it.
"""

from micropython import const

from collar.journal.seal import hmac
from collar.link import protocol

_SLOWEST_MS = const(4000)
_OTHERS_MS = const(1000)
_TELL_MS = const(3600000)
_GUESTS = (
    protocol.INFO,
    protocol.JOURNAL,
    protocol.SYNC_START,
    protocol.SYNC_ACK,
    protocol.SYNC_STOP,
    protocol.GO_LIVE,
    protocol.RECENT,
)


def same(one, other):
    """Whether two byte strings are equal, in a time that does not say where they differ."""
    different = len(one) ^ len(other)
    for a, b in zip(one, other):
        different |= a ^ b
    return different == 0


class Access:
    """The rights of the one connection.

    `key`: the owner's, 16 or 32 bytes, or None on a collar that was never provisioned: then nobody gets in.
    `random(n)` gives n fresh bytes; `record(what, peer, times)` writes an `access` record.
    """

    def __init__(self, key, clock, random, record):
        self.role = protocol.NOBODY
        self.wrong = 0  # wrong proofs on this connection
        self._key = key
        self._clock = clock
        self._random = random
        self._record = record
        self._peer = ""
        self._challenge: Any = None
        self.session = b""  # the key of what is said after a proof
        self._until_s = 0
        self._failures = 0
        self._failed_peer = ""
        self._not_before_ms = self._others_ms = 0
        self._counts = {}
        self._told_ms = {}

    def connected(self, peer):
        """A new connection has no rights; `peer` is its address as text."""
        self.role = protocol.NOBODY
        self.wrong = 0
        self.session = b""
        self._peer = peer
        self._challenge = None

    def refusal(self, opcode):
        """Status with which a request is refused; 0 lets it through."""
        if opcode == protocol.CHALLENGE or opcode == protocol.PROVE:
            return protocol.OK
        if self.role == protocol.GUEST and self._expired():
            self.role = protocol.NOBODY
            self._count("expired")
            return protocol.EXPIRED
        if self.role == protocol.NOBODY:
            return protocol.LOCKED
        if self.role == protocol.GUEST and opcode not in _GUESTS:
            return protocol.READ_ONLY
        return protocol.OK

    def challenge(self, role, until_s, nonce):
        """Begins a proof. Returns (status, (nonce,)). `until_s`: when a guest's key ends, UTC."""
        self.role = protocol.NOBODY
        self._challenge = None
        if not protocol.OWNER <= role <= protocol.GUEST:
            return protocol.MALFORMED, ()
        wait_ms = self._not_before_ms if self._peer == self._failed_peer else self._others_ms
        if self._clock.uptime_ms() < wait_ms:
            self._count("slowed")
            return protocol.SLOW_DOWN, ()
        self._until_s = until_s
        if role == protocol.GUEST:
            if self._clock.utc_ms() is None:
                return protocol.NO_CLOCK, ()
            if self._expired():
                self._count("expired")
                return protocol.EXPIRED, ()
        ours = self._random(protocol.NONCE)
        self._challenge = role, bytes(nonce), ours
        return protocol.OK, (ours,)

    def prove(self, proof):
        """Ends it: the rights if the proof is right. Returns (status, (the collar's own proof,))."""
        challenge, self._challenge = self._challenge, None
        if challenge is None:
            return protocol.LOCKED, ()
        role, theirs, ours = challenge
        key = self._key
        if key is not None and role == protocol.GUEST:
            key = hmac(key, protocol.guest_message(self._until_s))[: protocol.PROOF]
        if key is None or not same(proof, self._proof(key, 0, role, theirs, ours)):
            self._failed()
            return protocol.WRONG_KEY, ()
        self.role = role
        self._failures = self._not_before_ms = self._others_ms = 0
        self.session = hmac(key, protocol.SESSION, theirs, ours)
        self._record("proved" if role == protocol.OWNER else "read_only", self._peer, 1)
        return protocol.OK, (self._proof(key, 1, role, theirs, ours),)

    def minute(self):
        """Once a minute: tells what was held back. Returns whether the guest's time is over."""
        for what in list(self._counts):
            self._tell(what)
        return self.role == protocol.GUEST and self._expired()

    def advertisement(self, alert, flags):
        """Advertising data: to a stranger as good as random, and good for about a minute."""
        utc_ms = self._clock.utc_ms()
        if self._key is None or utc_ms is None:
            return protocol.advertisement(protocol.SEALED_NOTHING)
        slot = utc_ms // protocol.SLOT_MS
        key = hmac(self._key, protocol.ADVERTISEMENT_KEY)
        mask = hmac(key, protocol.mask_message(slot))
        sealed = protocol.seal_alert(slot, alert, flags, mask)
        return protocol.advertisement(sealed + hmac(key, protocol.tag_message(slot, sealed))[: protocol.TAG])

    def _proof(self, key, side, role, theirs, ours):
        return hmac(key, protocol.proof_message(side, role, self._until_s, theirs, ours))[: protocol.PROOF]

    def _expired(self):
        utc_ms = self._clock.utc_ms()
        return utc_ms is None or utc_ms // 1000 >= self._until_s

    def _failed(self):
        self.wrong += 1
        self._failures = min(self._failures + 1, 4)
        now_ms = self._clock.uptime_ms()
        self._failed_peer = self._peer
        self._others_ms = now_ms + _OTHERS_MS
        self._not_before_ms = now_ms + min(250 << self._failures, _SLOWEST_MS)
        self._count("refused")

    def _count(self, what):
        self._counts[what] = self._counts.get(what, 0) + 1
        self._tell(what)

    def _tell(self, what):
        now_ms = self._clock.uptime_ms()
        told_ms = self._told_ms.get(what)
        if told_ms is None or now_ms - told_ms >= _TELL_MS:
            self._told_ms[what] = now_ms
            self._record(what, self._peer, self._counts.pop(what))
