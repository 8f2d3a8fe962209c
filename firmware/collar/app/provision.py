"""A collar's keys, drawn once: the owner's, for the label, and the first sealing key, for whoever verifies records."""

import json

from micropython import const

from collar.app.checkup import MARK
from collar.hal import entropy, power
from collar.hal.store import SealKeys, Store
from collar.link import gatt

_OWNER_BYTES = const(16)
_SEAL_BYTES = const(32)


def label():
    """Draws both keys: one line of JSON behind a mark, with null for a key that was drawn before.

    They leave the collar here and never again. The radio is on meanwhile, because it feeds the source of chance.
    """
    ble = gatt.radio()
    ble.active(True)
    try:
        return MARK + json.dumps(_draw(Store()))
    finally:
        ble.active(False)


def _draw(store):
    keys = SealKeys(store)
    told = {"serial": power.unique_id().hex(), "owner": None, "seal": None}
    if store.blob("owner", _OWNER_BYTES) is None:
        owner = entropy.random_bytes(_OWNER_BYTES)
        store.put_blob("owner", owner)
        told["owner"] = owner.hex()
    try:
        keys.read()
    except OSError:
        seal = entropy.random_bytes(_SEAL_BYTES)
        keys.replace(0, seal)
        told["seal"] = seal.hex()
    return told
