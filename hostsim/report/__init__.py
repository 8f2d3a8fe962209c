"""The vet's file: what an archive says, as PDF and HTML, offline."""

from hostsim.report.write import write_report

__all__ = ["write_report"]
