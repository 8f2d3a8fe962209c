"""What stands in for the journal where there is none: empty, so that the link can say so instead of being silent."""


class NoJournal:
    """Holds nothing and takes nothing; the names that the link asks a journal for."""

    first_seq = next_seq = 1
    boot = 0

    def capacity_days(self):
        """None: for no days."""
        return None

    def read(self, seq, buf):
        """0: there is no such record."""
        return 0
