"""What a second of motion is called, and which findings a block may bring."""

from micropython import const

# The first three are the words of the bout record, in its order.
WALK = const(0)
TROT = const(1)
GALLOP = const(2)
REST = const(3)
OTHER = const(4)

# Bits of what Motion.feed returns.
BOUT = const(1)
SHAKE = const(2)
SCRATCH = const(4)
TREMOR = const(8)
LIE = const(16)
RISE = const(32)
IMPACT = const(64)
TURN = const(128)
FLINCH = const(256)
PRAYER = const(512)
