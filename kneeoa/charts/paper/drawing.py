"""A Plotly figure -> a drawing, and the drawing -> SVG and PDF."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import reportlab
from reportlab.graphics import renderPDF, renderSVG
from reportlab.graphics.shapes import Drawing, Polygon, Rect
from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont

from kneeoa.charts.paper import marks
from kneeoa.charts.paper.axes import Axis, axis_of, plain
from kneeoa.charts.paper.marks import FONT, add_line, add_marker, add_text, colour_of

WIDTH = 480.0
"""Points, a little less than the width of text on A4."""
_SCALE = 0.8
"""Points of height a pixel of the figure's."""
_GRID = colour_of("#c5ccd0")
_RIGHT, _TOP, _LEGEND = 14.0, 12.0, 16.0
_MARK, _APART = 18.0, 10.0
"""Widths in a legend: of a mark before its words, and between two entries."""


def svg(figure: go.Figure) -> bytes:
    """Return the figure as SVG, its text as text."""
    text = renderSVG.drawToString(drawn(figure))
    # The font of the PDF is embedded there; beside an SVG there may be one like it.
    return text.replace(
        f"font-family: {FONT};", f"font-family: {FONT}, Verdana, 'DejaVu Sans', sans-serif;"
    ).encode()


def pdf(figure: go.Figure) -> bytes:
    """Return the figure as a PDF of its own size, fonts embedded; the same figure, same bytes."""
    return renderPDF.drawToString(drawn(figure), invariant=1)


def drawn(figure: go.Figure) -> Drawing:
    """Return the figure as ReportLab draws it.

    Raises `ValueError` for what our figures with one pair of axes are not made of.
    """
    if FONT not in pdfmetrics.getRegisteredFontNames():
        folder = Path(reportlab.__file__).parent / "fonts"
        pdfmetrics.registerFont(TTFont(FONT, folder / f"{FONT}.ttf"))
    if any(trace.type not in _ADD for trace in figure.data) or "xaxis2" in figure.layout:
        raise ValueError("Expected a figure of one pair of axes. Received another.")
    more_rows = max(0, len(_legend_rows(figure)) - 1)
    height = _SCALE * (figure.layout.height or 300) + 20 + _LEGEND * more_rows
    x, y, height = _axes(figure, height)
    drawing = Drawing(WIDTH, height)
    drawing.add(Rect(0, 0, WIDTH, height, fillColor=colour_of("#ffffff"), strokeColor=None))
    _add_frame(drawing, figure, x, y)
    stacked: dict[Any, float] = {}
    for trace in figure.data:
        if trace.visible in (None, True):
            _ADD[trace.type](drawing, trace, x, y, stacked)
    for shape in figure.layout.shapes:
        _add_shape(drawing, shape, x, y)
    for note in figure.layout.annotations:
        _add_annotation(drawing, note, x, y)
    _add_legend(drawing, figure, x, height)
    return drawing


def _axes(figure: go.Figure, height: float) -> tuple[Axis, Axis, float]:
    """Place both axes, wide enough for their words; return them and the height."""
    layout = figure.layout
    xs, ys = _values(figure, "x"), _values(figure, "y")
    probe = axis_of(layout.yaxis, ys, start=0, length=100)
    widest = max((stringWidth(text, FONT, 8) for _, text in probe.ticks), default=0)
    left = 12.0 + widest + (16 if probe.title else 0)
    below = 30 + (14 if layout.xaxis.title.text else 0) + (layout.margin.b or 0) * 0.4
    above = _TOP + _LEGEND * len(_legend_rows(figure))
    wide, high = WIDTH - left - _RIGHT, height - below - above
    if layout.yaxis.scaleanchor:
        # One unit is as long on both axes: a matrix is square, and a ROC curve, too.
        flat = axis_of(layout.xaxis, xs, start=left, length=wide)
        unit = min(flat.unit(), high / abs(probe.high - probe.low))
        left += (wide - unit * abs(flat.high - flat.low)) / 2
        wide, high = unit * abs(flat.high - flat.low), unit * abs(probe.high - probe.low)
    x = axis_of(layout.xaxis, xs, start=left, length=wide)
    return x, axis_of(layout.yaxis, ys, start=below, length=high), below + high + above


def _values(figure: go.Figure, side: str) -> list[Any]:
    """All values on one axis, ends of error bars included."""
    on_axis: list[Any] = []
    stacked: dict[Any, float] = {}
    for trace in figure.data:
        values = [] if trace[side] is None else list(trace[side])
        on_axis += values
        error = trace[f"error_{side}"] if trace.type in ("scatter", "bar") else None
        if error is not None and error.array is not None:
            minus = error.arrayminus if error.arrayminus is not None else error.array
            on_axis += [v + e for v, e in zip(values, error.array, strict=False)]
            on_axis += [v - e for v, e in zip(values, minus, strict=False)]
        along = "x" if trace.type == "bar" and trace.orientation == "h" else "y"
        if trace.type == "bar" and side == along:
            on_axis.append(0.0)
            for key, value in zip(trace["y" if side == "x" else "x"], values, strict=True):
                stacked[key] = stacked.get(key, 0.0) + value
    return [*on_axis, *stacked.values()]


def _add_frame(drawing: Drawing, figure: go.Figure, x: Axis, y: Axis) -> None:
    bottom, left = y.start, x.start
    heat = any(trace.type == "heatmap" for trace in figure.data)
    for value, text in x.ticks:
        at = x.start + x.length * x.share(value)
        if not heat and not x.categories:
            add_line(drawing, (at, bottom, at, bottom + y.length), _GRID, width=0.4)
        add_text(drawing, at, bottom - 12, text)
    for value, text in y.ticks:
        at = y.start + y.length * y.share(value)
        if not heat and not y.categories:
            add_line(drawing, (left, at, left + x.length, at), _GRID, width=0.4)
        add_text(drawing, left - 5, at - 2.8, text, anchor="right")
    if not heat:
        add_line(drawing, (left, bottom, left + x.length, bottom), None, width=0.6)
        add_line(drawing, (left, bottom, left, bottom + y.length), None, width=0.6)
    if x.title:
        add_text(drawing, left + x.length / 2, bottom - 26, x.title)
    if y.title:
        turned = Drawing(0, 0)
        add_text(turned, 0, 0, y.title)
        group = turned.asGroup()
        widest = max((stringWidth(text, FONT, 8) for _, text in y.ticks), default=0)
        group.translate(left - widest - 12, bottom + y.length / 2)
        group.rotate(90)
        drawing.add(group)


def _add_heatmap(drawing: Drawing, trace: Any, x: Axis, y: Axis, _: dict[Any, float]) -> None:
    z = np.asarray(trace.z, float)
    wide, high = x.unit() - 1.5, y.unit() - 1.5
    for (row, column), value in np.ndenumerate(z):
        if np.isfinite(value):
            share = (value - trace.zmin) / ((trace.zmax - trace.zmin) or 1.0)
            fill = marks.on_scale(trace.colorscale, share)
            at, up = x.at(trace.x[column]) - wide / 2, y.at(trace.y[row]) - high / 2
            drawing.add(Rect(at, up, wide, high, fillColor=fill, strokeColor=None))
            if trace.text is not None:
                middle = (at + wide / 2, up + high / 2)
                text = plain(trace.text[row][column])
                add_text(drawing, *middle, text, size=_size(trace.textfont.size), middle=True)


def _add_scatter(drawing: Drawing, trace: Any, x: Axis, y: Axis, _: dict[Any, float]) -> None:
    if trace.marker.opacity is not None and not np.any(trace.marker.opacity):
        return  # markers that are there to be clicked
    opacity = 1.0 if trace.opacity is None else trace.opacity
    points = [(x.at(a), y.at(b)) for a, b in zip(trace.x, trace.y, strict=True)]
    mode = trace.mode or "lines"
    line = colour_of(trace.line.color, opacity)
    if trace.fill == "toself" and points:
        flat = [part for point in points for part in point if np.isfinite(part)]
        drawing.add(Polygon(flat, fillColor=colour_of(trace.fillcolor), strokeColor=None))
    if "lines" in mode and trace.line.width != 0:
        for first, second in itertools.pairwise(points):
            width = 0.75 * (trace.line.width or 2)
            add_line(drawing, (*first, *second), line, width=width, dash=trace.line.dash)
    own = trace.marker.color if trace.marker.color is not None else trace.line.color
    _add_errors(drawing, trace, x, y, colour_of(own, opacity))
    if "markers" in mode:
        faint = np.broadcast_to(
            1.0 if trace.marker.opacity is None else trace.marker.opacity, len(points)
        )
        for point, share in zip(points, faint, strict=True):
            symbol, size = trace.marker.symbol or "circle", trace.marker.size or 8
            add_marker(drawing, *point, symbol, size, colour_of(own, opacity * float(share)))


def _add_errors(drawing: Drawing, trace: Any, x: Axis, y: Axis, colour: Color | None) -> None:
    for side in ("x", "y"):
        error = trace[f"error_{side}"]
        if error.array is None:
            continue
        minus = error.arrayminus if error.arrayminus is not None else error.array
        rows = zip(trace.x, trace.y, error.array, minus, strict=True)
        for a, b, more, less in rows:
            if side == "x":
                ends = (x.at(a - less), y.at(b), x.at(a + more), y.at(b))
            else:
                ends = (x.at(a), y.at(b - less), x.at(a), y.at(b + more))
            add_line(drawing, ends, colour, width=0.9)


def _add_bar(drawing: Drawing, trace: Any, x: Axis, y: Axis, stacked: dict[Any, float]) -> None:
    flat = trace.orientation == "h"
    keys, values = (trace.y, trace.x) if flat else (trace.x, trace.y)
    across, along = (y, x) if flat else (x, y)
    thick = 0.65 * across.unit()
    texts = trace.text if trace.text is not None else [""] * len(keys)
    for key, value, text in zip(keys, values, texts, strict=True):
        below = stacked.get(key, 0.0)
        stacked[key] = below + value
        ends = sorted((along.at(below), along.at(below + value)))
        at = across.at(key) - thick / 2
        box = (ends[0], at, ends[1] - ends[0], thick)
        if not flat:
            box = (at, ends[0], thick, ends[1] - ends[0])
        drawing.add(Rect(*box, fillColor=colour_of(trace.marker.color), strokeColor=None))
        middle = (box[0] + box[2] / 2, box[1] + box[3] / 2)
        add_text(drawing, *middle, plain(text), size=7, middle=True, colour=colour_of("#ffffff"))


_ADD = {"heatmap": _add_heatmap, "scatter": _add_scatter, "bar": _add_bar}


def _place(value: Any, reference: str | None, axis: Axis) -> float:
    if reference == "paper" or str(reference or "").endswith("domain"):
        return axis.start + axis.length * float(value)
    return axis.at(value)


def _add_shape(drawing: Drawing, shape: go.layout.Shape, x: Axis, y: Axis) -> None:
    ends = (
        _place(shape.x0, shape.xref, x),
        _place(shape.y0, shape.yref, y),
        _place(shape.x1, shape.xref, x),
        _place(shape.y1, shape.yref, y),
    )
    colour, width = colour_of(shape.line.color), 0.75 * (shape.line.width or 0)
    if shape.type == "line":
        add_line(drawing, ends, colour, width=width or 0.75, dash=shape.line.dash)
    elif shape.type == "rect":
        left, bottom = min(ends[0], ends[2]), min(ends[1], ends[3])
        size = abs(ends[2] - ends[0]), abs(ends[3] - ends[1])
        fill = colour_of(shape.fillcolor)
        stroke = colour if width else None
        drawing.add(
            Rect(left, bottom, *size, fillColor=fill, strokeColor=stroke, strokeWidth=width)
        )


def _add_annotation(drawing: Drawing, note: go.layout.Annotation, x: Axis, y: Axis) -> None:
    at, up = _place(note.x, note.xref, x), _place(note.y, note.yref, y)
    if np.isfinite(at) and np.isfinite(up):
        size = _size(note.font.size)
        anchor = note.xanchor if note.xanchor in ("left", "right") else "center"
        add_text(drawing, at, up, plain(note.text), size=size, anchor=anchor, middle=True)


def _size(pixels: float | None) -> float:
    """Return in points how large a text is on paper that has so many pixels on the page."""
    return 0.62 * ((pixels or 12) + 1)


def _legend_rows(figure: go.Figure) -> list[list[tuple[str, Any]]]:
    """Return the names and traces of the legend, as many in a row as fit there."""
    if figure.layout.showlegend is False:
        return []
    rows: list[list[tuple[str, Any]]] = []
    free = 0.0
    for trace in figure.data:
        if not trace.name or trace.showlegend is False:
            continue
        name = plain(trace.name)
        wide = _MARK + stringWidth(name, FONT, 8) + _APART
        if wide > free or not rows:
            rows.append([])
            free = WIDTH - _RIGHT
        rows[-1].append((name, trace))
        free -= wide
    return rows


def _add_legend(drawing: Drawing, figure: go.Figure, x: Axis, height: float) -> None:
    for row, entries in enumerate(_legend_rows(figure)):
        at, up = WIDTH - _RIGHT, height - 11 - _LEGEND * row
        for name, trace in reversed(entries):
            at -= stringWidth(name, FONT, 8)
            add_text(drawing, at, up, name, anchor="left")
            own = trace.marker.color if trace.marker.color is not None else trace.line.color
            if trace.type == "scatter" and "lines" in (trace.mode or "lines"):
                ends = (at - _MARK, up + 3, at - 4, up + 3)
                colour = colour_of(trace.line.color)
                add_line(drawing, ends, colour, width=1.5, dash=trace.line.dash)
            else:
                symbol = "square" if trace.type == "bar" else trace.marker.symbol or "circle"
                add_marker(drawing, at - _MARK / 2, up + 3, symbol, 9, colour_of(own))
            at -= _MARK + _APART
