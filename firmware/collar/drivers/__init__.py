"""One chip a file, the bus injected. A driver imports nothing of ours and keeps no time of its own.

`bus` is any object with `read_into(address, register, buf)` and `write(address, register, data)`, where data is an
int (one byte) or a buffer; both raise OSError. Where a part has to be waited for, the caller gives `wait_ms`.
"""


class PartError(ValueError):
    """Another part answers at the address than the driver's, or none that it knows."""
