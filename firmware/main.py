"""The composition root's door: the board as data, and the collar built from it."""

import board

from collar.app import collar

collar.run(board)
