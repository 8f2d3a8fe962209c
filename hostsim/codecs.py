"""The firmware's two codecs on CPython, unchanged: `from hostsim.codecs import records, protocol`.

They import `const` from `micropython`, which CPython does not have; a stand-in with that one name is supplied here.
"""

from __future__ import annotations

import sys
from types import ModuleType

from hostsim.runtime.interpreter import FIRMWARE


def _stand_in() -> ModuleType:
    module = ModuleType("micropython")
    vars(module)["const"] = lambda value: value
    return module


if "micropython" not in sys.modules:
    sys.modules["micropython"] = _stand_in()
if str(FIRMWARE) not in sys.path:
    sys.path.insert(0, str(FIRMWARE))

from collar.journal import records
from collar.link import protocol

__all__ = ["protocol", "records"]
