"""What the collar remembers of its journal beside it: its own number, and up to where the owner's phones hold it."""

from collar.hal import entropy

_ID = "journal_id"
_SAFE = "safe_seq"


class Keeping:
    """Both in `store`; `safe_seq` is the first number that no phone of the owner is known to hold."""

    def __init__(self, store, recorder):
        self._store = store
        self._recorder = recorder
        self._journal: Any = None
        self.safe_seq = store.integer(_SAFE, 0)

    @property
    def journal_id(self):
        """Tells this journal from the one before an erase; 0 where there is none."""
        return int.from_bytes(self._store.blob(_ID, 4) or b"", "little")

    def opened(self, journal, fresh):
        """An empty journal gets a number of its own, so that an archive never mixes it with one that was erased."""
        self._journal = journal
        try:
            if fresh or self._store.blob(_ID, 4) is None:
                self._store.put_blob(_ID, entropy.random_bytes(4))
                self.safe_seq = 0
                self._store.put_integer(_SAFE, 0)
        except OSError as error:
            self._recorder.fault("keys", "unreadable", error.errno)
        journal.keep_from(self.safe_seq)

    def until(self, seq):
        """A phone of the owner holds everything that there was before this number."""
        if self._journal is None or seq <= self.safe_seq:
            return
        self.safe_seq = min(seq, self._journal.next_seq)
        self._journal.keep_from(self.safe_seq)
        try:
            self._store.put_integer(_SAFE, self.safe_seq)
        except OSError as error:
            self._recorder.fault("keys", "unreadable", error.errno)
