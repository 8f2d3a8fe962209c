"""The journal when the collar starts: opened, numbered, and told why it started."""

from collar.hal import entropy, power
from collar.hal.flash import Flash, NoPartition
from collar.hal.store import SealKeys
from collar.journal import records
from collar.journal.log import Journal, NewerFormat

NUMBER = "journal_id"


def open_journal(board, firmware, store, recorder, clock):
    """The journal, which `recorder` writes to from now on; None for a collar that works without one and says so on the air.

    The wall clock comes back from the RTC here, so that the first records have their time.
    """
    detail = None
    try:
        journal = Journal(Flash(board.JOURNAL_LABEL), clock.uptime_ms, SealKeys(store))
        report = journal.open()
        recorder.journal = journal
        _tell_boot(report, firmware, recorder, clock)
        _number(report.fresh, store, recorder)
        if not report.keys_ok:
            recorder.fault("keys", "unreadable")
        if report.bad_sectors:
            recorder.fault("flash", "worn_out", report.bad_sectors)
        return journal
    except NoPartition:
        code = "missing"
    except NewerFormat:
        code = "newer_format"
    except OSError as error:
        code, detail = "unreadable", str(error)
    recorder.fault("journal", code, None, detail)
    clock.restore()
    return None


def tell_hang(recorder, watchdog):
    """After the watchdog's bite: who was late, if somebody noticed; None if nothing ran any more."""
    if power.reset_cause() == "watchdog":
        recorder.fault("task", "hang", None, watchdog.hung)


def _tell_boot(report, firmware, recorder, clock):
    cause = power.reset_cause()
    recorder.record(records.BOOT, (cause, firmware, report.torn_bytes, report.bad_sectors, None))
    if clock.restore():
        recorder.record(records.CLOCK, ("set", clock.offset_ms, None, None))


def _number(fresh, store, recorder):
    """An empty journal gets a number of its own, so that an archive never mixes it with one that was erased."""
    try:
        if fresh or store.blob(NUMBER, 4) is None:
            store.put_blob(NUMBER, entropy.random_bytes(4))
    except OSError as error:
        recorder.fault("keys", "unreadable", error.errno)
