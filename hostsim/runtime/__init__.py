"""The simulated device: the real interpreter, virtual time, the board around it."""
