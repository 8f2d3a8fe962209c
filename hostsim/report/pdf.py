"""A document as PDF: ReportLab, the fonts that matplotlib brings, the same bytes for the same document."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, KeepTogether, PageBreak, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from hostsim.report.blocks import Block, Box, Bullets, Document, Figure, Heading, Table, Text

FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
MARGIN = 17 * mm
LEVELS = {"green": "#009e73", "amber": "#e69f00", "red": "#d55e00", "unknown": "#8c8c8c"}


def _styles() -> dict[str, ParagraphStyle]:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    base = ParagraphStyle("text", fontName=FONT, fontSize=8.6, leading=11.6, spaceAfter=3)
    return {
        "text": base,
        "small": ParagraphStyle("small", base, fontSize=7, leading=9.2, textColor=colors.HexColor("#444444")),
        "cell": ParagraphStyle("cell", base, fontSize=7.3, leading=9.3, spaceAfter=0),
        "head": ParagraphStyle("head", base, fontName=BOLD, fontSize=7.3, leading=9.3, spaceAfter=0),
        "heading": ParagraphStyle(
            "heading", base, fontName=BOLD, fontSize=11, leading=14, spaceBefore=7, spaceAfter=3
        ),
        "title": ParagraphStyle("title", base, fontName=BOLD, fontSize=16, leading=20, spaceAfter=1),
        "box": ParagraphStyle("box", base, fontName=BOLD, fontSize=11, leading=14),
        "caption": ParagraphStyle("caption", base, fontSize=7.2, leading=9, spaceAfter=5),
    }


def _grid(table: Table, styles: dict[str, ParagraphStyle], width: float) -> Grid:
    rows = [[Paragraph(escape(text), styles["head"]) for text in table.header]]
    rows += [[Paragraph(escape(text), styles["cell"]) for text in row] for row in table.rows]
    grid = Grid(rows, [share * width for share in table.widths], repeatRows=1)
    grid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.HexColor("#c8c8c8")),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
            ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ]
    )  # fmt: skip
    return grid


def _box(box: Box, styles: dict[str, ParagraphStyle], width: float) -> Grid:
    inside = [Paragraph(escape(box.title), styles["box"])]
    inside += [Paragraph(escape(line), styles["text"]) for line in box.lines]
    grid = Grid([["", inside]], [4 * mm, width - 4 * mm])
    grid.setStyle(
        [
            ("BACKGROUND", (0, 0), (0, 0), colors.HexColor(LEVELS[box.level])),
            ("BOX", (0, 0), (-1, -1), 0.8, colors.HexColor("#555555")), ("LEFTPADDING", (1, 0), (1, 0), 8),
            ("TOPPADDING", (0, 0), (-1, -1), 5), ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
    )  # fmt: skip
    return grid


def _flow(block: Block, styles: dict[str, ParagraphStyle], width: float) -> list[Any]:
    if isinstance(block, Heading):
        return [*([PageBreak()] if block.page else []), Paragraph(escape(block.text), styles["heading"])]
    if isinstance(block, Text):
        return [Paragraph(escape(block.text), styles["small" if block.small else "text"])]
    if isinstance(block, Bullets):
        return [Paragraph(escape(item), styles["text"], bulletText="•") for item in block.items]
    if isinstance(block, Box):
        return [_box(block, styles, width), Spacer(1, 5)]
    if isinstance(block, Table):
        return [_grid(block, styles, width), Spacer(1, 4)]
    assert isinstance(block, Figure)
    height = width * block.height_in / block.width_in
    picture = Image(io.BytesIO(block.png), width, height)
    return [KeepTogether([picture, Paragraph(escape(block.caption), styles["caption"])])]


def render(document: Document) -> bytes:
    """The PDF's bytes."""
    styles = _styles()
    width = A4[0] - 2 * MARGIN
    bullet = ParagraphStyle("bullet", styles["text"], leftIndent=9, bulletIndent=1)
    out = io.BytesIO()
    template = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=14 * mm, bottomMargin=16 * mm,
        title=document.title, author="Rex collar", invariant=1, pageCompression=1,
    )  # fmt: skip
    flow: list[Any] = [
        Paragraph(escape(document.title), styles["title"]),
        Paragraph(escape(document.subtitle), styles["small"]),
    ]
    for block in document.blocks:
        used = {**styles, "text": bullet} if isinstance(block, Bullets) else styles
        flow += _flow(block, used, width)

    def foot(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont(FONT, 6.5)
        canvas.drawString(MARGIN, 9 * mm, f"{document.title} - printed {document.printed}")
        canvas.drawRightString(A4[0] - MARGIN, 9 * mm, f"page {page.page}")
        canvas.restoreState()

    template.build(flow, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()
