"""A report as one picture, as an archive shows it: film, maps, answer, and what it is not."""

import functools
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kneeoa.grades import GRADES, KLGrade
from kneeoa.reports import fonts, wording
from kneeoa.reports.content import NetworkAnswer, Report
from kneeoa.reports.pictures import Pictures
from kneeoa.wording import capitalised

_Colour = tuple[int, int, int]
WIDTH, HEIGHT = 1600, 1200
NOT_FOR_DIAGNOSIS = "Not for diagnosis"
MORE = "There is more: see the report itself."
_INK, _QUIET, _TEAL, _AMBER = (232, 238, 240), (158, 170, 175), (110, 205, 218), (255, 178, 92)
_BAND, _EDGE = 64, 36
_SPLIT = 900
"""Column at which the words begin."""
_SMALL, _PLAIN, _LARGE, _HUGE = 17, 21, 26, 60
_SMALLEST = 11


def poster(report: Report, pictures: Pictures) -> np.ndarray:
    """Return the report as ``(1200, 1600, 3) uint8``; nothing of the patient is written on it."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    film = _fitted(pictures.film, _SPLIT - 2 * _EDGE, HEIGHT - 2 * _BAND - 2 * _EDGE)
    left = _EDGE + (_SPLIT - 2 * _EDGE - film.width) // 2
    image.paste(film, (left, _BAND + _EDGE))
    _draw_bands(draw, report)
    y = _draw_answer(draw, report, _BAND + 18)
    y = _draw_maps(image, draw, pictures, y + 18)
    _draw_lines(draw, report, y + 14)
    return np.asarray(image)


def _draw_bands(draw: ImageDraw.ImageDraw, report: Report) -> None:
    draw.text((_EDGE, 16), NOT_FOR_DIAGNOSIS, _AMBER, _font(32, bold=True))
    _right(draw, 22, "Research and teaching; not a medical device", _QUIET, _PLAIN)
    bottom = HEIGHT - _BAND + 18
    draw.text((_EDGE, bottom), NOT_FOR_DIAGNOSIS, _AMBER, _font(_LARGE, bold=True))
    film = f"film {report.film.digest[: wording.SHORT_HASH]}"
    _right(draw, bottom + 4, fonts.shown(f"{film}   {wording.made(report)}"), _QUIET, _SMALL)


def _right(draw: ImageDraw.ImageDraw, y: float, text: str, colour: _Colour, size: int) -> None:
    font = _font(size)
    draw.text((WIDTH - _EDGE - draw.textlength(text, font), y), text, colour, font)


def _draw_answer(draw: ImageDraw.ImageDraw, report: Report, y: int) -> int:
    colour = _AMBER if report.anyway or not report.graded else _TEAL
    draw.text((_SPLIT, y), wording.headline(report), colour, _font(_HUGE, bold=True))
    y += 78
    lines = [(capitalised(wording.knee_line(report)), _INK)]
    if report.anyway:
        lines.insert(0, ("Graded although it was refused", _AMBER))
    if answer := report.answer:
        lines.append((f"As one grade: {wording.one_grade(answer)}", _INK))
        lines.append((f"Most probable: {wording.most_probable(answer)}", _INK))
    for text, shade in lines:
        y = _paragraph(draw, y, text, shade, _PLAIN)
    return y + 8 if report.answer is None else _draw_cells(draw, report.answer, y + 10)


def _draw_cells(draw: ImageDraw.ImageDraw, answer: NetworkAnswer, y: int) -> int:
    room, gap, height = WIDTH - _EDGE - _SPLIT, 8, 58
    width = (room - 4 * gap) // 5
    for grade, share in zip(GRADES, answer.probabilities, strict=True):
        x = _SPLIT + int(grade) * (width + gap)
        tint = tuple(round(24 + share * (channel - 24)) for channel in (43, 147, 161))
        draw.rounded_rectangle((x, y, x + width, y + height), 6, tint)
        is_answer = int(grade) == answer.grade
        for row, text in enumerate((grade.label, f"{share:.0%}")):
            font = _font(_PLAIN, bold=is_answer)
            middle = x + (width - draw.textlength(text, font)) / 2
            draw.text((middle, y + 4 + 26 * row), text, _INK, font)
        low, high = answer.low, answer.high
        if low is not None and high is not None and low <= grade <= high:
            draw.rectangle((x, y + height + 4, x + width, y + height + 8), _TEAL)
    return y + height + 12


def _draw_maps(image: Image.Image, draw: ImageDraw.ImageDraw, pictures: Pictures, y: int) -> int:
    room = (WIDTH - _EDGE - _SPLIT - 20) // 2
    bottom = y
    for place, network_map in enumerate(pictures.maps):
        x = _SPLIT + place * (room + 20)
        picture = _fitted(network_map.picture, room, 300)
        image.paste(picture, (x, y))
        under = y + picture.height + 4
        draw.text((x, under), network_map.name, _INK, _font(_SMALL, bold=True))
        draw.text((x, under + 22), network_map.told, _QUIET, _font(15))
        bottom = max(bottom, under + 44)
    return bottom


def _draw_lines(draw: ImageDraw.ImageDraw, report: Report, y: int) -> None:
    """Write the rest in the largest type with which it has room."""
    lines = list(_lines(report))
    bottom = HEIGHT - _BAND
    for size in range(_SMALL, _SMALLEST - 1, -1):
        taken = sum(len(_wrapped(text, size)) for text, _ in lines) * _leading(size)
        if has_room := y + taken + 6 * len(lines) <= bottom:
            break
    for text, colour in lines:
        end = y + len(_wrapped(text, size)) * _leading(size)
        if not has_room and end > bottom - _leading(size):
            _paragraph(draw, y, MORE, _AMBER, size)
            return
        y = _paragraph(draw, y, text, colour, size) + 6


def _lines(report: Report) -> Iterator[tuple[str, _Colour]]:
    for line in wording.findings(report):
        yield line, _AMBER
    for network in report.networks:
        doubt = wording.undecided(network)
        line = f"{network.name}: {wording.network_line(network)}. {wording.shares(network)}"
        yield f"{line}. {doubt}" if doubt else line, _INK
    if report.agreement:
        yield f"{report.agreement.verdict} {report.agreement.difference}", _INK
    if answer := report.answer:
        yield KLGrade(answer.grade).label + ": " + KLGrade(answer.grade).criteria, _QUIET
    if report.profile:
        yield report.profile, _INK
    if line := wording.reader_line(report):
        yield f"Reader's own grade: {line}", _INK
    for measured in report.measurements:
        yield f"{capitalised(measured.kind)}: {wording.measurement_line(measured)}", _INK
    if report.comparison:
        for name, text in wording.comparison_lines(report.comparison):
            yield (f"{name}: {text}", _INK) if name else (text, _AMBER)
    if report.track_record:
        yield report.track_record, _QUIET
    if report.film.changes or report.film.drawn:
        yield f"Film: {wording.film_line(report)}", _INK
    if report.film.box_from == "reader":
        yield f"Box: {wording.box_line(report)}", _QUIET
    named = "; ".join(f"{name} {text}" for name, text in wording.models(report))
    yield f"Models: {named}. {report.signed}".strip(), _QUIET
    yield f"Scale: {wording.spacing_line(report)}", _QUIET


def _paragraph(draw: ImageDraw.ImageDraw, y: int, text: str, colour: _Colour, size: int) -> int:
    for line in _wrapped(text, size):
        draw.text((_SPLIT, y), line, colour, _font(size))
        y += _leading(size)
    return y


def _leading(size: int) -> int:
    return round(1.32 * size)


def _wrapped(text: str, size: int) -> list[str]:
    """Return lines that are as wide as there is room."""
    font, room = _font(size), WIDTH - _EDGE - _SPLIT
    lines = [""]
    for word in _words(fonts.shown(text), font, room):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _words(text: str, font: ImageFont.FreeTypeFont, room: float) -> Iterator[str]:
    """Yield the words of a text; of one that is wider than there is room, parts that are not."""
    for word in text.split():
        while font.getlength(word) > room:
            most = next(n for n in range(len(word), 0, -1) if font.getlength(word[:n]) <= room)
            yield word[:most]
            word = word[most:]
        yield word


def _fitted(picture: np.ndarray, width: int, height: int) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(picture))
    scale = min(width / image.width, height / image.height)
    size = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    return image.resize(size, Image.Resampling.LANCZOS)


@functools.cache
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts.BOLD if bold else fonts.PLAIN), size)
