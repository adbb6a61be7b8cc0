"""Result sheets to print: a PDF of facts, sentences and tables, on A4."""

import functools
import html
import io
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from kneeoa.grades import GRADES

FOOTER = "For research and teaching; not a medical device."
_FONT, _BOLD = "Vera", "VeraBd"
_ROOM, _WIDEST, _PADDING = 174 * mm, 60 * mm, 4
_LINE, _TINT, _DIAGONAL = colors.HexColor("#b8c0c4"), colors.HexColor("#eef2f3"), "#cfe6ea"


def sheet(
    title: str,
    facts: Mapping[str, str],
    parts: Sequence[tuple[str, str | pd.DataFrame]],
    *,
    made_at: datetime,
) -> bytes:
    """Return a PDF.

    Parameters
    ----------
    facts : what stands below the title, by its name
    parts : headings, each with a sentence or a table; numbers are shown as they are given, so that
        the caller rounds them. A heading may be empty
    made_at : UTC; stands at the foot of every page

    Letters that the font lacks (it has the Latin ones) become question marks.
    """
    _fonts()
    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        title=title,
        author="Knee reading room",
        # The frame in which ReportLab sets text keeps 6 points from the margins.
        leftMargin=18 * mm - 6,
        rightMargin=18 * mm - 6,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        # Neither the clock nor a random number: the same sheet, the same bytes.
        invariant=1,
    )
    plain = ParagraphStyle("plain", fontName=_FONT, fontSize=9, leading=13)
    heading = ParagraphStyle("heading", plain, fontName=_BOLD, fontSize=11, spaceBefore=10)
    first = ParagraphStyle("title", plain, fontName=_BOLD, fontSize=15, leading=20)
    story = [Paragraph(_escaped(title), first), Spacer(1, 3 * mm)]
    rows = [
        [Paragraph(_escaped(name), plain), Paragraph(_escaped(value), plain)]
        for name, value in facts.items()
    ]
    if rows:
        story.append(LongTable(rows, colWidths=[52 * mm, 122 * mm], style=_plain_table()))
    for name, part in parts:
        if name:
            story.append(Paragraph(_escaped(name), heading))
        story.append(Spacer(1, 2 * mm))
        story.append(
            Paragraph(_escaped(part), plain) if isinstance(part, str) else _table(part, plain)
        )
    foot = f"{FOOTER}  {made_at:%Y-%m-%d %H:%M} UTC"

    def draw_foot(canvas: Canvas, page: BaseDocTemplate) -> None:
        canvas.saveState()
        canvas.setFont(_FONT, 7.5)
        canvas.drawString(18 * mm, 10 * mm, foot)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {page.page}")
        canvas.restoreState()

    document.build(story, onFirstPage=draw_foot, onLaterPages=draw_foot)
    return stream.getvalue()


def confusion_table(confusion: np.ndarray) -> pd.DataFrame:
    """Return a ``(5, 5)`` confusion matrix as a table for a sheet: row = reference."""
    table = pd.DataFrame(confusion, columns=[f"said {grade.label}" for grade in GRADES])
    table.insert(0, "reference", [grade.label for grade in GRADES])
    return table


def _table(table: pd.DataFrame, style: ParagraphStyle) -> Flowable:
    if table.empty:
        return Paragraph("None.", style)
    cell = ParagraphStyle("cell", style, fontSize=8, leading=10)
    head = ParagraphStyle("head", cell, fontName=_BOLD)
    rows = [[Paragraph(_escaped(name), head) for name in table.columns]]
    rows += [
        [Paragraph(_escaped("" if pd.isna(value) else value), cell) for value in row]
        for row in table.itertuples(index=False)
    ]
    made = LongTable(rows, repeatRows=1, hAlign="LEFT", colWidths=_widths(rows))
    made.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, _LINE),
                ("BACKGROUND", (0, 0), (-1, 0), _TINT),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
                ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                *(
                    ("BACKGROUND", (i + 1, i + 1), (i + 1, i + 1), colors.HexColor(_DIAGONAL))
                    for i in range(len(GRADES))
                    if table.columns[0] == "reference" and len(table) == len(GRADES)
                ),
            ]
        )
    )
    return made


def _widths(rows: Sequence[Sequence[Paragraph]]) -> list[float]:
    """Widths of columns by their longest text; where the page is too narrow, the widest shrink."""
    needed = [
        min(_WIDEST, max(_width(cell) for cell in column) + 2 * _PADDING + 1)
        for column in zip(*rows, strict=True)
    ]
    left, most = _ROOM, _ROOM
    # From the narrowest on, each has what it needs, or an equal share of what is left.
    for place, width in enumerate(sorted(needed)):
        most = left / (len(needed) - place)
        if width > most:
            break
        left -= width
    else:
        return needed
    return [min(width, most) for width in needed]


def _width(cell: Paragraph) -> float:
    return pdfmetrics.stringWidth(cell.getPlainText(), cell.style.fontName, cell.style.fontSize)


def _plain_table() -> TableStyle:
    return TableStyle(
        [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )


@functools.cache
def _fonts() -> Container[int]:
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    return pdfmetrics.getFont(_FONT).face.charToGlyph


def _escaped(text: object) -> str:
    # A paragraph reads markup, and names come from strangers.
    glyphs = _fonts()
    known = "".join(c if ord(c) in glyphs else "?" for c in str(text))
    return html.escape(known)
