"""The bench: a simulated board, radio, dog and handler around the real firmware."""
