"""The record that stays: codec, log on flash, seal. FORMAT.md is the document."""
