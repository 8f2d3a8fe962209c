"""Names that MicroPython's compiler knows without an import.

The published stubs make viper's pointers classes of their own, for which no array can be passed. A pointer is made from
anything with the buffer protocol by being handed over, and from an address by a call; no type says both. So they come
from a module that does not exist, which leaves them unknown to the checker.

Any is here because MicroPython has no typing module to import it from. It parses annotations and drops them, so an
attribute that starts as None, or a list of them, can say that something else comes to stand there.
"""

from typing import Any as Any

from _mpy_shed._mpy_builtins import const as const
from _mpy_shed._mpy_builtins import uint as uint
from _viper import ptr8 as ptr8
from _viper import ptr16 as ptr16
from _viper import ptr32 as ptr32
