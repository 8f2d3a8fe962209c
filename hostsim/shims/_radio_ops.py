"""The radio's part of the wire between the interpreter and the bench, imported by both sides (see `_ops`)."""

ACTIVE = 0x40  # u8: 0 off, 1 on, 2 ask -> u8
CONFIG = 0x41  # u8 item, value -> value
REGISTER = 0x42  # the table as text, see bluetooth._table -> u16 handles
ADVERTISE = 0x43  # i32 interval us (-1 stops), u8 connectable, u8 length, advertising data, scan response
GATTS_READ = 0x44  # u16 handle -> bytes
GATTS_WRITE = 0x45  # u16 handle, u8 send update, bytes
GATTS_SEND = 0x46  # u16 connection, u16 handle, u8 indicate, u8 has value, bytes
GATTS_BUFFER = 0x47  # u16 handle, u16 length, u8 append
DISCONNECT = 0x48  # u16 connection -> u8
PAIR = 0x49  # u16 connection
IRQ_DONE = 0x4A  # u8: 0 None, 1 i32, 2 bytes; the handler's return value
IRQ_CRASH = 0x4B  # text: the traceback of a handler that let an exception out

CONFIG_MAC = 0  # -> u8 type, 6 bytes
CONFIG_NAME = 1  # bytes
CONFIG_MTU = 2  # u16
CONFIG_BOND = 3  # u8
CONFIG_MITM = 4  # u8
CONFIG_IO = 5  # u8
CONFIG_SECURE = 6  # u8
CONFIG_ADDRESS_MODE = 7  # u8

EVENT_IRQ = 0x10  # u8 irq, u8 integers, u8 buffers; i32 each; i16 length (-1 None) and bytes each
