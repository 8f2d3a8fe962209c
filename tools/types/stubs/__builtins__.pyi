"""Names that MicroPython's compiler knows without an import.

The published stubs make viper's pointers classes of their own, which no array can be passed for; what viper takes is
anything with the buffer protocol, and what the collar passes it are arrays and byte arrays.
"""

from typing import Protocol

from _mpy_shed._mpy_builtins import const as const
from _mpy_shed._mpy_builtins import uint as uint

class ptr8(Protocol):
    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...

class ptr16(Protocol):
    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...

class ptr32(Protocol):
    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...
