"""The two places for firmware, of which the chip's loader starts one (ESP-IDF: Over The Air Updates, app rollback).

A slot that was chosen is started once. Unless `keep` is called before the next reset, the loader goes back to the other.
"""

from esp32 import Partition

from collar.hal.flash import Area, NoPartition


class Spare(Area):
    """The slot that does not run. Raises NoPartition on a chip that has one slot only."""

    def __init__(self):
        this: Any = Partition.RUNNING
        running = Partition(this)
        try:
            other = running.get_next_update()
        except OSError:
            other = running
        if other.info()[4] == running.info()[4]:
            raise NoPartition("second slot")
        super().__init__(other)

    def choose(self):
        """Lets the next start try this slot. Raises OSError when the loader finds no firmware in it."""
        self._partition.set_boot()


def keep():
    """The firmware that runs has shown that it works: no going back."""
    Partition.mark_app_valid_cancel_rollback()
