"""What a vital says when it gives no number; the order is the record's."""

from micropython import const

OK = const(0)
MOVING = const(1)
POOR_SIGNAL = const(2)
NOT_WORN = const(3)
NO_READING = const(4)
