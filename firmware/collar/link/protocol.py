"""The link's codec: what the bytes between collar and phone mean. Pure: MicroPython and CPython import this file.

PROTOCOL.md beside it is the document; tests/golden/protocol.json holds both sides to the bytes.
"""

import struct

from micropython import const

from collar.link.frames import *  # protocol.Packer, protocol.END: one name for the whole codec

VERSION = "0.2.0"  # since 0.1: SemVer of the protocol, Device Information's Software Revision
MAJOR = const(0)  # since 0.1
MINOR = const(2)  # since 0.1
PATCH = const(0)  # since 0.1

# UUIDs of the collar service. The last six bytes spell REXCOL.
SERVICE = "7e5a0001-9f2b-4c1d-8a36-524558434f4c"  # since 0.1
CONTROL = "7e5a0002-9f2b-4c1d-8a36-524558434f4c"  # since 0.1: write with response, indicate
RECORDS = "7e5a0003-9f2b-4c1d-8a36-524558434f4c"  # since 0.1: notify
LIVE = "7e5a0004-9f2b-4c1d-8a36-524558434f4c"  # since 0.1: notify
STATUS = "7e5a0005-9f2b-4c1d-8a36-524558434f4c"  # since 0.1: read, notify

COMPANY = const(0xFFFF)  # since 0.1: advertisement's company number, the one for tests, until we own one

# Requests
INFO = const(0x01)  # since 0.1
JOURNAL = const(0x02)  # since 0.1
SYNC_START = const(0x03)  # since 0.1
SYNC_ACK = const(0x04)  # since 0.1: has no answer
SYNC_STOP = const(0x05)  # since 0.1
SET_TIME = const(0x06)  # since 0.1
GO_LIVE = const(0x07)  # since 0.1
RECENT = const(0x08)  # since 0.2: where the newest records begin
SAFE = const(0x09)  # since 0.2: the phone holds everything before a number
CHALLENGE = const(0x10)  # since 0.2: begins a proof; reserved in 0.1
PROVE = const(0x11)  # since 0.2: ends it; reserved in 0.1
GRANT = const(0x12)  # since 0.1: reserved and not used
SETTING_GET = const(0x20)  # since 0.2; reserved in 0.1
SETTING_SET = const(0x21)  # since 0.2; reserved in 0.1
TOUCH = const(0x28)  # since 0.2: a mark of the touch test; reserved in 0.1
FIND = const(0x29)  # since 0.2: the collar shows itself; reserved in 0.1
DUTY = const(0x2A)  # since 0.2: the dog goes to work, or comes back
ACKNOWLEDGE = const(0x2B)  # since 0.2: the handler has seen the alert that stands
CAPTURE = const(0x30)  # since 0.2: raw samples into the journal; reserved in 0.1
ALERT = const(0x40)  # since 0.2: sent by the collar unasked, as an answer; reserved in 0.1
UPDATE_BEGIN = const(0x50)  # since 0.2: new firmware is about to come
UPDATE_DATA = const(0x51)  # since 0.2: bytes of it; no answer
UPDATE_STATE = const(0x52)  # since 0.2: how much of it is there
UPDATE_END = const(0x53)  # since 0.2: all of it was sent: start it
ANSWER = const(0x80)  # since 0.1: set in an answer's opcode

# Status of an answer, and ATT application error of a refused read
UNKNOWN_REQUEST = const(0x80)  # since 0.1: this collar does not know or not allow the opcode
MALFORMED = const(0x81)  # since 0.1: too short, or a value out of range
BUSY = const(0x82)  # since 0.1: another phone is syncing; try again later
LOCKED = const(0x83)  # since 0.2: ownership must be proved first; reserved in 0.1
NO_TRANSFER = const(0x84)  # since 0.1: no transfer with this number
JOURNAL_FAULT = const(0x85)  # since 0.1: the collar could not read its journal
NO_CLOCK = const(0x86)  # since 0.1: the wall clock was never set
SLOW_DOWN = const(0x87)  # since 0.2: a wrong proof was made a moment ago; reserved in 0.1
WRONG_KEY = const(0x88)  # since 0.2: the proof is wrong
EXPIRED = const(0x89)  # since 0.2: the guest's key has ended
READ_ONLY = const(0x8A)  # since 0.2: not with a guest's key
UNFIT = const(0x8B)  # since 0.2: this firmware is not for this collar, or not newer than what it had
DAMAGED = const(0x8C)  # since 0.2: what arrived is not what was signed
NOT_NOW = const(0x8D)  # since 0.2: the cell is low, or new firmware is on trial
STALE = const(0x8E)  # since 0.2: another alert stands by now, or none
TOO_SOON = const(0x8F)  # since 0.2: less than 10 s of the dog are known: mark again later

# Capability word, in INFO
CAN_SYNC = const(0x0001)  # since 0.1
CAN_SET_TIME = const(0x0002)  # since 0.1
CAN_LIVE = const(0x0004)  # since 0.1
CAN_HEART = const(0x0008)  # since 0.1
NEEDS_PROOF = const(0x0100)  # since 0.2: reserved in 0.1
CAN_NEWEST_FIRST = const(0x0200)  # since 0.2
CAN_SETTINGS = const(0x0400)  # since 0.2
CAN_TOUCH = const(0x0800)  # since 0.2
CAN_FIND = const(0x1000)  # since 0.2
CAN_CAPTURE = const(0x2000)  # since 0.2
CAN_ALERT = const(0x4000)  # since 0.2
CAN_DUTY = const(0x8000)  # since 0.2
CAN_UPDATE = const(0x10000)  # since 0.2
CAN_ACKNOWLEDGE = const(0x20000)  # since 0.2
CAN_SAFE = const(0x40000)  # since 0.2
CAN_COVER = const(0x80000)  # since 0.2

# Settings
READINGS_S = const(1)  # since 0.2: seconds between two readings of heart and breath, 0 all the time
RADIO_ON = const(2)  # since 0.2: 1 radio on all the time, 0 in windows
QUIET_HOURS = const(3)  # since 0.2: 100 * first hour + end hour without amber notices; 0 for none
ZONE_MIN = const(4)  # since 0.2: minutes that the dog's clock is ahead of UTC
RUN_MIN = const(5)  # since 0.2: minutes of rest that may be one record, 1 to 15
PACKED = const(6)  # since 0.2: 1 sleeps with everything off until the charger or the button wakes the collar

# Access
NOBODY = const(0)  # since 0.2: no rights
OWNER = const(1)  # since 0.2: all rights
GUEST = const(2)  # since 0.2: may read until the key ends
NONCE = const(12)  # since 0.2: bytes of each side's fresh number
PROOF = const(16)  # since 0.2: bytes of a proof and of a guest's key
SESSION = b"REX1 session"  # since 0.2: what a session's key is derived over, with both nonces
ADVERTISEMENT_KEY = b"REX1 advertisement"  # since 0.2: what the key of the advertisement is derived over
SLOT_MS = const(60000)  # since 0.2: how long one sealed advertisement is good
TAG = const(4)  # since 0.2: bytes of the advertisement's authenticator
SEALED_NOTHING = bytes(6)  # since 0.2: instead of a sealed alert while the clock is not set

# Flags of STATUS
CLOCK_SET = const(0x01)  # since 0.1
WORN = const(0x02)  # since 0.1
CHARGING = const(0x04)  # since 0.1
FAULT = const(0x08)  # since 0.1
ON_DUTY = const(0x10)  # since 0.2
UNKNOWN = const(255)  # since 0.1: a battery or alert level that is not known

_REQUESTS = {
    INFO: "",
    JOURNAL: "",
    SYNC_START: "<BIIBB",  # transfer, first, end (exclusive), window in frames, flags
    SYNC_ACK: "<BH",  # transfer, counter of the last frame that is safe
    SYNC_STOP: "<B",  # transfer
    SET_TIME: "<q",  # UTC in ms since 1970
    GO_LIVE: "<H",  # seconds, 0 to stop
    RECENT: "<H",  # seconds back from now
    SAFE: "<I",  # the first number that the phone does not hold
    SETTING_GET: "<B",  # number
    SETTING_SET: "<Bi",  # number, value
    FIND: "<B",  # seconds, 0 stops
    CAPTURE: "<B",  # seconds
    CHALLENGE: "<BI12s",  # role, when the guest's key ends (UTC s since 1970, 0 for the owner), nonce
    PROVE: "<16s",  # the phone's proof
    TOUCH: "<BB",  # spot by its place in the journal's vocabulary, 1 for a control mark (nothing touched)
    DUTY: "<B",  # 1 on, 0 off
    UPDATE_BEGIN: "<H",  # bytes of the manifest
    UPDATE_DATA: "<I",  # place in the file; the bytes are what follows
    UPDATE_STATE: "",
    UPDATE_END: "",
    ACKNOWLEDGE: "<I",  # the alert's record, 0 for whichever stands
}
_ANSWERS = {
    INFO: "<BBBIIH",  # major, minor, patch, capabilities, journal number, boot
    JOURNAL: "<IIIH",  # first seq, next seq, uptime ms low 32 bits and high 16 bits
    SYNC_START: "<BII",  # transfer, first seq that will come, end (exclusive)
    SYNC_STOP: "",
    SET_TIME: "<Bq",  # 1 if the clock was set before, ms by which it moved (0 if not)
    GO_LIVE: "<H",  # seconds granted
    RECENT: "<II",  # the first record since then, the newest alert's record (0 for none)
    SAFE: "",
    SETTING_GET: "<Bi",  # number, value
    SETTING_SET: "",
    FIND: "",
    CAPTURE: "",
    ALERT: "<BI",  # level, the record that says why (0 for none)
    CHALLENGE: "<12s",  # the collar's nonce
    PROVE: "<16s",  # the collar's proof
    TOUCH: "",
    DUTY: "",
    UPDATE_BEGIN: "<HB",  # bytes that one UPDATE_DATA may have, how many of them before UPDATE_STATE is asked
    UPDATE_STATE: "<I",  # place in the file from which more is wanted
    UPDATE_END: "",
    ACKNOWLEDGE: "",
}
_STATUS = "<BBBBIIHI"
STATUS_SIZE = const(
    18
)  # since 0.1: the least; a value of 0.2 has the days of the journal's capacity behind it
NO_DAYS = const(0xFFFF)  # since 0.2: they are not known yet


def request(opcode, token, *values):
    """A request's bytes. `token` 0..255 comes back in the answer."""
    return struct.pack("<BB", opcode, token) + struct.pack(_REQUESTS[opcode], *values)


def parse_request(data):
    """(opcode, token, values), values None when too short; unknown opcodes give (), bytes behind are ignored."""
    if len(data) < 2:
        return 0, 0, None
    layout = _REQUESTS.get(data[0])
    if not layout:
        return data[0], data[1], ()
    if len(data) - 2 < struct.calcsize(layout):
        return data[0], data[1], None
    return data[0], data[1], struct.unpack_from(layout, data, 2)


def answer(opcode, token, status, *values):
    """An answer's bytes; values only with status OK. Always fits 20 bytes."""
    head = struct.pack("<BBB", opcode | ANSWER, token, status)
    return head if status else head + struct.pack(_ANSWERS[opcode], *values)


def parse_answer(data):
    """(opcode, token, status, values). Raises ValueError if it is no answer or too short for its status."""
    if len(data) < 3 or not data[0] & ANSWER:
        raise ValueError("not an answer")
    opcode, token, status = data[0] & ~ANSWER, data[1], data[2]
    layout = _ANSWERS.get(opcode)
    if status or not layout:
        return opcode, token, status, ()
    if len(data) - 3 < struct.calcsize(layout):
        raise ValueError("answer cut short")
    return opcode, token, status, struct.unpack_from(layout, data, 3)


def status_value(alert, battery, flags, first_seq, next_seq, boot, uptime_s, days=None):
    """The value of STATUS; `alert` 0 green, 1 amber, 2 red, `battery` in percent, both 255 if not known.

    `days`: for how many days the journal holds records before the oldest are overwritten, at the present rate; None if not known.
    """
    value = struct.pack(_STATUS, 1, alert, battery, flags, first_seq, next_seq, boot, uptime_s)
    return value + struct.pack("<H", NO_DAYS if days is None else min(days, NO_DAYS - 1))


def parse_status(data):
    """(layout, alert, battery, flags, first seq, next seq, boot, uptime s); bytes behind them are ignored."""
    return struct.unpack_from(_STATUS, data)


def status_days(data):
    """The days of the journal's capacity that a status value tells; None if it does not."""
    days = struct.unpack_from("<H", data, STATUS_SIZE)[0] if len(data) >= STATUS_SIZE + 2 else NO_DAYS
    return None if days == NO_DAYS else days


def proof_message(side, role, until_s, phone_nonce, collar_nonce):
    """What a proof is an HMAC of; `side` 0 the phone's, 1 the collar's."""
    return b"REX1" + struct.pack("<BBI", side, role, until_s) + phone_nonce + collar_nonce


def guest_message(until_s):
    """What a guest's key is an HMAC of, by the owner's key."""
    return b"REX1 guest" + struct.pack("<I", until_s)


def mask_message(slot):
    """What hides an advertisement's alert is an HMAC of this; `slot` is UTC in ms // SLOT_MS."""
    return b"mask" + struct.pack("<I", slot)


def tag_message(slot, sealed):
    """What an advertisement's authenticator is an HMAC of."""
    return b"tag" + struct.pack("<I", slot) + sealed


def seal_alert(slot, alert, flags, mask):
    """The slot's low byte, then alert level (2 bits, 3 not known) and flags (the low 5) under the mask."""
    return bytes((slot & 0xFF, (min(alert, 3) << 6 | flags & 0x1F) ^ mask[0]))


def open_alert(sealed, mask):
    """(alert, flags) of two sealed bytes."""
    value = sealed[1] ^ mask[0]
    alert = value >> 6
    return (UNKNOWN if alert == 3 else alert), value & 0x1F


_UUID = bytes([int(SERVICE.replace("-", "")[i : i + 2], 16) for i in range(30, -2, -2)])
_ADVERTISED = b"\x02\x01\x06\x11\x07" + _UUID + struct.pack("<BBH", 9, 0xFF, COMPANY)


def advertisement(sealed):
    """Advertising data, all of its 31 bytes, around the six of the sealed alert and its authenticator."""
    return _ADVERTISED + sealed
