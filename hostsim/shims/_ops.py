"""The wire between the interpreter and the bench: operation and event numbers, imported by both sides.

A request is `<BBHI`: operation, flags, payload length, busy time in us since the last request; then the payload.
A reply is `<HHIII`: status (0 or an errno), sub-millisecond remainder in us, ticks in ms, ticks in us (both modulo
2**30), payload length in the low and event bytes in the high half; then the payload; then the events, each `<BBH`:
event, 0, payload length, and its payload.
"""

FLAG_FED = 1  # the watchdog was fed since the last request
FLAG_PIPED = 2  # there are reads and waits in the pipe, older than this request
STATUS_LAST = 0x8000  # added to a reply's status: waits are the bench's until it has answered one
STATUS_KEPT = 0x4000  # added to a reply's status: what was foreseen of all parts and lines still holds

HELLO = 0x01  # -> boot information, see _launch
WAIT = 0x02  # i32 ms, -1 for ever -> answers ahead, see _ahead; returns at the deadline or at the first event
CRASH = 0x03  # text: an uncaught exception's traceback
HEAP = 0x04  # u32 x 4: code, in use, free, largest block (at most 256 KB), in bytes; u8: bytes a word
RESET = 0x05  # u8: 0 hard, 1 soft
DEEPSLEEP = 0x06  # i32 ms, -1 for ever; u8 each: the GPIOs that end it when low
LIGHTSLEEP = 0x07  # i32 ms, -1 for ever -> as WAIT; returns at the deadline or at a wake pin
RANDOM = 0x08  # u16 n -> n bytes
RTC = 0x09  # empty -> i64 us since 2000; i64 -> set
RTC_MEMORY = 0x0A  # empty -> bytes; bytes with a leading 1 -> set
WATCHDOG = 0x0B  # u32 timeout ms
CONSOLE = 0x0C  # text
LABEL = 0x0D  # text: what the bench should note in its log

I2C = 0x10  # u8 bus, u8 address, u16 length to read, bytes to write
USED = 0x11  # what was done without being asked for, see _ahead; no reply
PIN_MODE = 0x18  # u8 gpio, u8 mode (0 in, 1 out, 2 open drain), u8 pull (0 none, 1 up, 2 down)
PIN_READ = 0x19  # u8 gpio -> u8
PIN_WRITE = 0x1A  # u8 gpio, u8 level
PIN_IRQ = 0x1B  # u8 gpio, u8 edges (1 rising, 2 falling), u8 wakes from light sleep
ADC = 0x1C  # u8 gpio -> u32 uV

FLASH_INFO = 0x20  # label -> u32 address, u32 size, u32 us a read takes, u32 bytes a us more, path of the file that it is
FLASH_READ = 0x21  # u32 address in flash, u32 length -> bytes
FLASH_WRITE = 0x22  # u32 address in flash, bytes
FLASH_ERASE = 0x23  # u32 address in flash
SLOT_RUNNING = 0x24  # -> label of the firmware slot that runs
SLOT_CHOOSE = 0x25  # label; ENOEXEC when it holds no firmware
SLOT_KEEP = 0x26
NVS_GET = 0x28  # namespace 0 key -> bytes; ENOENT
NVS_SET = 0x29  # namespace 0 key 0 bytes
NVS_ERASE = 0x2A  # namespace 0 key
NVS_COMMIT = 0x2B

RADIO_FIRST = 0x40
RADIO_LAST = 0x5F

EVENT_PIN = 0x01  # u8 gpio
EVENT_HEAP = 0x02  # the bench asks for a HEAP report
EVENT_RADIO_FIRST = 0x10
EVENT_RADIO_LAST = 0x1F
