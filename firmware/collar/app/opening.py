"""The journal when the collar starts: opened, numbered, and told why it started."""

from collar.hal import power
from collar.hal.flash import Flash, NoPartition
from collar.hal.store import SealKeys
from collar.journal import records
from collar.journal.log import Journal, NewerFormat


def open_journal(board, firmware, store, recorder, clock, keeping):
    """The journal, which `recorder` writes to from now on; None for a collar that works without one and says so on the air.

    `keeping` is told of it. The wall clock comes back from the RTC here, so that the first records have their time.
    """
    detail = None
    try:
        journal = Journal(Flash(board.JOURNAL_LABEL), clock.uptime_ms, SealKeys(store))
        journal.keep_from(keeping.safe_seq)
        report = journal.open()
        recorder.journal = journal
        _tell_boot(report, firmware, recorder, clock)
        keeping.opened(journal, report.fresh)
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
