"""The hardware's narrowest edge: clock, bus, flash, power, watchdog. Only this floor imports machine, esp32, time."""
