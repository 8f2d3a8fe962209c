"""The collar's chips, register by register, fed by a signal source."""
