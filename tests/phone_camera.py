"""A QR code as a film, for a browser's camera that is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

WIDTH, HEIGHT = 640, 480


def label_video(text: str, path: Path) -> Path:
    """Writes two frames of raw video that show the text as a QR code."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    side = code.getModuleCount()
    modules = np.array([[code.isDark(row, column) for column in range(side)] for row in range(side)])
    scale = (HEIGHT - 60) // side
    picture = np.full((HEIGHT, WIDTH), 235, np.uint8)
    drawn = np.where(np.kron(modules, np.ones((scale, scale), bool)), 16, 235).astype(np.uint8)
    top, left = (HEIGHT - drawn.shape[0]) // 2, (WIDTH - drawn.shape[1]) // 2
    picture[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    grey = np.full(HEIGHT * WIDTH // 2, 128, np.uint8).tobytes()
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT))
        for _ in range(2):
            file.write(b"FRAME\n" + picture.tobytes() + grey)
    return path
