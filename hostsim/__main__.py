"""`python -m hostsim` is `hostsim`."""

from hostsim.cli import main

main()
