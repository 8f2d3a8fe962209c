"""Sync: the journal's records as frames, as many as the window lets out. No radio here: the link sends what this fills.

Nothing is kept for sending again. The link layer loses nothing; when a phone finds a frame damaged or missing, or comes
back after a lost connection, it starts again from the first record that it has not put away.
"""

from micropython import const

from collar.link import protocol

_RECORD_MAX = const(273)
_STALLED_MS = const(10000)


class Sync:
    """One transfer at a time. `journal` has first_seq, next_seq and read(seq, buffer) -> length, 0 for none."""

    def __init__(self, journal, uptime_ms):
        self.packer = protocol.Packer()
        self.size = 20
        self.connection = None
        self._journal = journal
        self._uptime_ms = uptime_ms
        self._record = memoryview(bytearray(_RECORD_MAX))
        self._forget()

    def _forget(self):
        self.connection = None
        self._transfer = 0
        self._seq = self._end = 0
        self._at = self._length = 0
        self._counter = self._acknowledged = 0
        self._window = 0
        self._frame = 0
        self._ended = False
        self._veil: Any = None
        self._heard_ms = 0

    def start(self, connection, transfer, first, end, window, size, veil=None):
        """Begins a transfer, in place of the one before. Returns (status, first, end).

        `size`: bytes in a notification. `veil` covers the frames, if there is one.

        Another phone's transfer is left alone as long as that phone acknowledges.
        """
        if not 1 <= transfer <= protocol.TRANSFER_MAX or window < 1 or end < first:
            return protocol.MALFORMED, 0, 0
        now_ms = self._uptime_ms()
        if self.connection not in (None, connection) and now_ms - self._heard_ms < _STALLED_MS:
            return protocol.BUSY, 0, 0
        self._forget()
        self._seq = max(first, self._journal.first_seq)
        self._end = max(min(end, self._journal.next_seq), self._seq)
        self.connection = connection
        self._transfer = transfer
        self._window = window
        self.size = size
        self._heard_ms = now_ms
        self._veil = veil
        return protocol.OK, self._seq, self._end

    def acknowledge(self, connection, transfer, counter):
        """All frames up to and with `counter` are safe with the phone."""
        if connection != self.connection or transfer != self._transfer:
            return
        counter = (counter + 1) & 0xFFFF
        ahead = (counter - self._acknowledged) & 0xFFFF
        if ahead > (self._counter - self._acknowledged) & 0xFFFF:
            return
        self._acknowledged = counter
        self._heard_ms = self._uptime_ms()
        if self._ended and counter == self._counter:
            self._forget()

    def stop(self, connection, transfer=None):
        """Ends this connection's transfer; with a number only that one. Returns whether there was one."""
        if self.connection is None or connection != self.connection or transfer not in (None, self._transfer):
            return False
        self._forget()
        return True

    def fill(self):
        """Length of the frame that is due, in `packer.view`; 0 if none is. The same frame until `sent`."""
        if self._frame or self.connection is None or self._ended:
            return self._frame
        if (self._counter - self._acknowledged) & 0xFFFF >= self._window:
            return 0
        packer = self.packer
        packer.begin(self._transfer, self._counter, self.size)
        try:
            while packer.room() > 0 and (self._at < self._length or self._load()):
                self._at += packer.put(self._record, self._at, self._length)
            empty = packer.room() == min(self.size, len(packer.buffer)) - protocol.FRAME_OVERHEAD
            status = protocol.OK
        except OSError:
            empty, status = True, protocol.JOURNAL_FAULT
        if empty:
            self._finish(status)
        self._frame = packer.seal(self._veil)
        return self._frame

    def _finish(self, status):
        last = bytes((status,)) + self._journal.next_seq.to_bytes(4, "little")
        self.packer.begin(self._transfer | protocol.END, self._counter, self.size)
        self.packer.put(memoryview(last), 0, len(last))
        self._ended = True

    def _load(self):
        """Takes the next record that is still there; False when there is none."""
        self._seq = max(self._seq, self._journal.first_seq)
        while self._seq < self._end:
            self._length = self._journal.read(self._seq, self._record)
            self._seq += 1
            if self._length:
                self._at = 0
                return True
        return False

    def sent(self):
        """The frame is with the radio."""
        self._frame = 0
        self._counter = (self._counter + 1) & 0xFFFF
