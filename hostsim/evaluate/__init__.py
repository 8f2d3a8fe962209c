"""Accuracy of the collar's findings, measured on simulation and on recordings."""
