"""Whose collar this is: the key of the label, and the record of everybody who tried one."""

from collar.hal import entropy
from collar.journal import records
from collar.link.access import Access


def rights(store, clock, recorder):
    """Access by the owner's key in `store`, 16 or 32 bytes; without one nobody gets in."""
    key = store.blob("owner", 16) or store.blob("owner", 32)

    def attempt(what, peer, times):
        recorder.record(records.ACCESS, (what, peer, times))

    return Access(key, clock, entropy.random_bytes, attempt)
