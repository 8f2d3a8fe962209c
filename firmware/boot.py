"""Runs before main.py. Nothing is started here, so that a collar whose main.py fails can still be reached."""
