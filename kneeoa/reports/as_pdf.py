"""A report as one page of A4."""

import functools
import html
import io
from dataclasses import replace

import numpy as np
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from kneeoa.grades import GRADES, KLGrade
from kneeoa.reports import fonts, wording
from kneeoa.reports.content import KIND, SIDES, NetworkAnswer, Patient, Report
from kneeoa.reports.pictures import Pictures

_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_INK, _QUIET, _LINE = (colors.HexColor(code) for code in ("#1b2a2f", "#5b6b71", "#c9d2d5"))
_TEAL, _RED = colors.HexColor("#0f6b7f"), colors.HexColor("#a8321f")
_MARGIN, _GAP = 16 * mm, 7 * mm
_WIDTH, _HEIGHT = A4
_LEFT = 82 * mm
"""Width of the column of pictures."""
_RIGHT = _WIDTH - 2 * _MARGIN - _LEFT - _GAP
_TOP = _HEIGHT - 32 * mm
_FOOT = 24 * mm
_TO_SIGN = 16 * mm
_SIZES = (8.4, 7.8, 7.2, 6.6, 6.0, 5.4)
"""Of the text in points: the largest with which all of a report is on its page."""
MORE = "There is more than this page has room for: see the same report as text or JSON."
UNWRITTEN = "in letters that this page lacks: see the text or the DICOM objects"
_QUALITY = 90


def as_pdf(report: Report, pictures: Pictures) -> bytes:
    """Return the report as a PDF of one page; the same report, the same bytes.

    Letters that the font lacks (it has Latin, Greek and Cyrillic ones) become question marks, and
    where they say whose film it is, and which, a sentence.
    """
    _register_fonts()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(f"Knee X-ray report {report.film.digest[: wording.SHORT_HASH]}")
    canvas.setAuthor(report.program)
    canvas.setCreator(KIND)
    canvas.setSubject(report.purpose)
    _draw_head(canvas, report)
    top = _draw_patient(canvas, report.patient) if report.patient else _TOP
    _draw_pictures(canvas, pictures, top, wording.box_caption(report))
    _draw_text(canvas, report, top)
    _draw_place_to_sign(canvas)
    _draw_foot(canvas, report)
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _draw_head(canvas: Canvas, report: Report) -> None:
    top = _HEIGHT - 18 * mm
    canvas.setFillColor(_INK)
    canvas.setFont(_BOLD, 15)
    canvas.drawString(_MARGIN, top, f"Knee X-ray: {SIDES[report.film.side]}")
    canvas.setFont(_FONT, 9)
    canvas.setFillColor(_QUIET)
    canvas.drawString(_MARGIN, top - 5.2 * mm, "Kellgren-Lawrence grade by two networks")
    canvas.setFont(_BOLD, 9)
    canvas.setFillColor(_RED)
    canvas.drawRightString(_WIDTH - _MARGIN, top, "Not for diagnosis")
    canvas.setFont(_FONT, 7.6)
    canvas.setFillColor(_QUIET)
    canvas.drawRightString(
        _WIDTH - _MARGIN, top - 5.2 * mm, "Research and teaching; not a medical device"
    )
    _rule(canvas, top - 8.4 * mm)


def _draw_patient(canvas: Canvas, patient: Patient) -> float:
    """Draw whose film it is across the page; return where what follows begins."""
    (_, name), *others = wording.patient_lines(patient)
    name = name if fonts.has(name) else f"Name {UNWRITTEN}"
    # A label and what it names stay together.
    details = (_labelled(*other).replace("</font> ", "</font>&nbsp;") for other in others)
    rest = "".join(f" &nbsp; {detail}" for detail in details)
    paragraph = Paragraph(f"<b>{_escaped(name)}</b>{rest}", _style(8.6, _INK))
    _, height = paragraph.wrap(_WIDTH - 2 * _MARGIN, _HEIGHT)
    paragraph.drawOn(canvas, _MARGIN, _TOP + 1.4 * mm - height)
    return _TOP - height - 1.6 * mm


def _labelled(label: str, text: str) -> str:
    quiet = f'<font color="#5b6b71">{_escaped(label)}:</font> ' if label else ""
    text = UNWRITTEN if label in ("Number", "Accession", "Film") and not fonts.has(text) else text
    return f"{quiet}{_escaped(text)}"


def _draw_place_to_sign(canvas: Canvas) -> None:
    """Draw where a reader may put her own grade and her name to it: the networks sign nothing."""
    y = _FOOT + 1 * mm
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.6)
    canvas.setFillColor(_QUIET)
    canvas.setFont(_FONT, 7)
    for label, start, end in (("Read by", 0.0, 0.62), ("Date", 0.68, 1.0)):
        canvas.line(_MARGIN + start * _LEFT, y + 4 * mm, _MARGIN + end * _LEFT, y + 4 * mm)
        canvas.drawString(_MARGIN + start * _LEFT, y + 1 * mm, label)


def _rule(canvas: Canvas, y: float) -> None:
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.6)
    canvas.line(_MARGIN, y, _WIDTH - _MARGIN, y)


def _draw_pictures(canvas: Canvas, pictures: Pictures, top: float, caption: str) -> None:
    """Draw the film with its `caption`, and below it the maps side by side."""
    room = top - _FOOT - _TO_SIGN
    maps = pictures.maps
    share = (_LEFT - 4 * mm) / 2
    map_height = max((_tall(network_map.picture, share) for network_map in maps), default=0)
    map_height = min(map_height, 62 * mm)
    captions = 12 * mm if maps else 0
    film_room = room - map_height - captions - (6 * mm if maps else 0) - 6 * mm
    width, height = _fit(pictures.film, _LEFT, film_room)
    y = top - height
    _draw_picture(canvas, pictures.film, _MARGIN, y, width, height)
    y = _caption(canvas, _MARGIN, y, _LEFT, caption, "")
    if not maps:
        return
    y -= 5 * mm
    for place, network_map in enumerate(maps):
        x = _MARGIN + place * (share + 4 * mm)
        wide, tall = _fit(network_map.picture, share, map_height)
        _draw_picture(canvas, network_map.picture, x, y - tall, wide, tall)
        _caption(canvas, x, y - tall, share, network_map.name, network_map.told)


def _caption(canvas: Canvas, x: float, y: float, width: float, name: str, told: str) -> float:
    heading = f"<b>{_escaped(name)}</b>" if told else _escaped(name)
    text = f"{heading}<br/>{_escaped(told)}" if told else heading
    paragraph = Paragraph(text, _style(7.2, _QUIET))
    _, height = paragraph.wrap(width, 30 * mm)
    paragraph.drawOn(canvas, x, y - height - 1 * mm)
    return y - height - 1 * mm


def _tall(picture: np.ndarray, width: float) -> float:
    return width * picture.shape[0] / picture.shape[1]


def _fit(picture: np.ndarray, width: float, height: float) -> tuple[float, float]:
    tall = _tall(picture, width)
    return (width, tall) if tall <= height else (width * height / tall, height)


def _draw_picture(
    canvas: Canvas, picture: np.ndarray, x: float, y: float, width: float, height: float
) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "JPEG", quality=_QUALITY)
    stream.seek(0)
    canvas.drawImage(ImageReader(stream), x, y, width, height)


def _draw_text(canvas: Canvas, report: Report, top: float) -> None:
    """Draw what is said in the largest type with which it has room."""
    x = _MARGIN + _LEFT + _GAP
    top = _draw_answer(canvas, report, x, top)
    for size in _SIZES:
        blocks = _blocks(report, size)
        heights = [block.wrap(_RIGHT, _HEIGHT)[1] for block, _ in blocks]
        taken = sum(heights) + sum(before for _, before in blocks)
        if taken <= top - _FOOT:
            break
    more = Paragraph(_escaped(MORE), _style(size, _RED, bold=True))
    _, room_for_more = more.wrap(_RIGHT, _HEIGHT)
    left = taken
    for (block, before), height in zip(blocks, heights, strict=True):
        # What stands against the answer comes first, so that it is never what is left out.
        if left > top - _FOOT and before + height > top - _FOOT - room_for_more:
            more.drawOn(canvas, x, top - room_for_more)
            return
        left -= before + height
        top -= before + height
        block.drawOn(canvas, x, top)


def _draw_answer(canvas: Canvas, report: Report, x: float, top: float) -> float:
    """Draw the range in large type and the five probabilities; return where they end."""
    graded = report.graded
    canvas.setFillColor(_TEAL if graded and not report.anyway else _RED)
    canvas.setFont(_BOLD, 24)
    canvas.drawString(x, top - 8 * mm, wording.headline(report))
    y = top - 14 * mm
    answer = report.answer
    if report.anyway:
        y = _line(canvas, x, y, "Graded although it was refused", _RED, bold=True)
    if answer is None:
        return y
    y = _line(canvas, x, y, f"As one grade: {wording.one_grade(answer)}", _INK)
    y = _line(canvas, x, y, f"Most probable: {wording.most_probable(answer)}", _INK)
    criteria = Paragraph(_escaped(KLGrade(answer.grade).criteria), _style(7.6, _QUIET))
    _, height = criteria.wrap(_RIGHT, _HEIGHT)
    criteria.drawOn(canvas, x, y - height + 2.4 * mm)
    return _draw_cells(canvas, answer, x, y - height + 0.6 * mm)


def _line(
    canvas: Canvas, x: float, y: float, text: str, colour: colors.Color, *, bold: bool = False
) -> float:
    paragraph = Paragraph(
        f"<b>{_escaped(text)}</b>" if bold else _escaped(text), _style(8.6, colour)
    )
    _, height = paragraph.wrap(_RIGHT, _HEIGHT)
    paragraph.drawOn(canvas, x, y - height + 2.4 * mm)
    return y - height - 0.6 * mm


def _draw_cells(canvas: Canvas, answer: NetworkAnswer, x: float, top: float) -> float:
    """Draw the probabilities as five cells, tinted by their share; the range is underlined."""
    gap, height = 1.2 * mm, 10 * mm
    width = (_RIGHT - 4 * gap) / 5
    for grade, share in zip(GRADES, answer.probabilities, strict=True):
        left = x + int(grade) * (width + gap)
        canvas.setFillColor(colors.HexColor("#2b93a1", hasAlpha=False))
        canvas.setFillAlpha(0.08 + 0.62 * share)
        canvas.setStrokeColor(_LINE)
        canvas.roundRect(left, top - height, width, height, 1.2 * mm, stroke=0, fill=1)
        canvas.setFillAlpha(1)
        canvas.setFillColor(_INK)
        canvas.setFont(_BOLD if int(grade) == answer.grade else _FONT, 8)
        canvas.drawCentredString(left + width / 2, top - 4 * mm, grade.label)
        canvas.drawCentredString(left + width / 2, top - 8 * mm, f"{share:.0%}")
        low, high = answer.low, answer.high
        if low is not None and high is not None and low <= grade <= high:
            canvas.setFillColor(_TEAL)
            canvas.rect(left, top - height - 1.4 * mm, width, 0.9 * mm, stroke=0, fill=1)
    return top - height - 1.6 * mm


def _blocks(report: Report, size: float) -> list[tuple[Paragraph, float]]:
    """Return paragraphs, each with the room before it."""
    plain_style, heading = _style(size, _INK), _style(size + 0.6, _TEAL, bold=True)
    blocks = []
    # What stands against the answer stands right below it.
    parts = sorted(
        wording.sections(replace(report, patient=None)), key=lambda part: part[0] != wording.AGAINST
    )
    for name, entries in parts:
        if not (shown := [entry for entry in entries if entry[0] not in _IN_THE_HEAD]):
            continue
        blocks.append((Paragraph(_escaped(name), heading), 3.2 * mm * size / _SIZES[0]))
        for label, text in shown:
            alarming = name == wording.AGAINST and report.refusals and text == shown[0][1]
            markup = _labelled(label, text)
            markup = f'<font color="#a8321f">{markup}</font>' if alarming else markup
            blocks.append((Paragraph(markup, plain_style), 0.7 * mm))
    return blocks


_IN_THE_HEAD = {"Kellgren-Lawrence", "As one grade", "Most probable", "Probabilities"}
"""Stands in large type already."""


def _draw_foot(canvas: Canvas, report: Report) -> None:
    _rule(canvas, 17 * mm)
    canvas.setFillColor(_QUIET)
    canvas.setFont(_FONT, 7)
    canvas.drawString(_MARGIN, 13 * mm, report.purpose)
    canvas.drawRightString(_WIDTH - _MARGIN, 13 * mm, wording.made(report))
    canvas.setFont(_FONT, 6)
    canvas.drawString(_MARGIN, 9.6 * mm, f"Film {report.film.digest}")


def _style(size: float, colour: colors.Color, *, bold: bool = False) -> ParagraphStyle:
    font = _BOLD if bold else _FONT
    return ParagraphStyle(
        "said", fontName=font, fontSize=size, leading=1.32 * size, textColor=colour
    )


@functools.cache
def _register_fonts() -> None:
    for name, file in ((_FONT, fonts.PLAIN), (_BOLD, fonts.BOLD)):
        pdfmetrics.registerFont(TTFont(name, str(file)))
    pdfmetrics.registerFontFamily(_FONT, _FONT, _BOLD, _FONT, _BOLD)


def _escaped(text: str) -> str:
    # A paragraph reads markup, and names come from strangers.
    return html.escape(fonts.shown(text))
