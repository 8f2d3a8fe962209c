"""The composition root's door: the board as data, and the collar built from it."""

try:
    import board

    from collar.app import collar

    collar.run(board)
except Exception as error:
    from collar.app import fallback

    fallback.after(error)
