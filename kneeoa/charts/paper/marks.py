"""What stands on the axes: colours as paper has them, markers, and texts of several lines."""

import itertools
import math
import re

from reportlab.graphics.shapes import (
    Circle,
    Drawing,
    Line,
    Polygon,
    Rect,
    String,
)
from reportlab.lib.colors import Color

FONT = "Vera"
INK = Color(0.05, 0.13, 0.15)
DASHES = {"solid": None, "dash": [5, 3], "dot": [1.5, 2.5], "dashdot": [5, 2.5, 1.5, 2.5]}
_RGBA = re.compile(r"rgba?\(([^)]*)\)")
_ANCHORS = {"left": "start", "right": "end", "center": "middle"}


def colour_of(text: object, opacity: float = 1.0) -> Color | None:
    """Return Plotly's ``#rrggbb`` or ``rgba(...)`` as it looks on white; None where it is neither.

    Not transparent: what printers and word processors make of that differs.
    """
    if not isinstance(text, str):
        return None
    match = _RGBA.fullmatch(text)
    if match:
        parts = [float(part) for part in match[1].split(",")]
        rgb, alpha = [part / 255 for part in parts[:3]], [*parts[3:], 1.0][0]
    elif re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        rgb, alpha = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)], 1.0
    else:
        return None
    alpha *= opacity
    return Color(*(1 - alpha * (1 - part) for part in rgb))


def on_scale(scale: list, share: float) -> Color:
    """Return the colour of a share in [0, 1] on Plotly's colour scale, on white.

    Raises `ValueError` where the scale has a colour that `colour_of` does not know.
    """
    share = min(1.0, max(0.0, share))
    stops = [(float(at), known) for at, text in scale if (known := colour_of(text))]
    if len(stops) != len(scale):
        raise ValueError(f"Expected a scale of colours that are known. Received {scale!r}.")
    for (low, first), (high, second) in itertools.pairwise(stops):
        if share <= high:
            part = (share - low) / ((high - low) or 1.0)
            ends = zip(first.rgb(), second.rgb(), strict=True)
            return Color(*(begin + part * (end - begin) for begin, end in ends))
    return stops[-1][1]


def add_text(
    drawing: Drawing,
    x: float,
    y: float,
    text: str,
    *,
    size: float = 8,
    anchor: str = "center",
    colour: Color | None = None,
    middle: bool = False,
) -> None:
    """Add lines of text from `y` downwards, or about it where it is the `middle`."""
    lines = text.split("\n")
    leading = 1.2 * size
    top = y + (leading * (len(lines) - 1) / 2 - 0.35 * size if middle else 0)
    for number, line in enumerate(lines):
        drawing.add(
            String(
                x,
                top - number * leading,
                line,
                fontName=FONT,
                fontSize=size,
                fillColor=colour or INK,
                textAnchor=_ANCHORS[anchor],
            )
        )


def add_line(
    drawing: Drawing,
    ends: tuple[float, float, float, float],
    colour: Color | None,
    *,
    width: float = 1.0,
    dash: str | None = None,
) -> None:
    """Add a line ``x0, y0, x1, y1`` where all of it has a place."""
    if all(map(math.isfinite, ends)):
        drawing.add(
            Line(
                *ends,
                strokeColor=colour or INK,
                strokeWidth=width,
                strokeDashArray=DASHES.get(dash or "solid"),
            )
        )


def add_marker(
    drawing: Drawing, x: float, y: float, symbol: str, size: float, colour: Color | None
) -> None:
    """Add a marker of one of the kinds that our figures have; any other is a circle."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return
    half = 0.4 * size
    fill = {"fillColor": colour or INK, "strokeColor": None}
    if symbol == "square":
        drawing.add(Rect(x - half, y - half, 2 * half, 2 * half, **fill))
    elif symbol == "diamond":
        points = [x, y + half, x + half, y, x, y - half, x - half, y]
        drawing.add(Polygon(points, **fill))
    elif symbol == "star":
        points = []
        for turn in range(10):
            radius = 1.3 * half * (1.0 if turn % 2 == 0 else 0.45)
            angle = math.pi / 2 + turn * math.pi / 5
            points += [x + radius * math.cos(angle), y + radius * math.sin(angle)]
        drawing.add(Polygon(points, **fill))
    elif symbol == "x":
        add_line(drawing, (x - half, y - half, x + half, y + half), colour, width=1.6)
        add_line(drawing, (x - half, y + half, x + half, y - half), colour, width=1.6)
    elif symbol == "line-ns-open":
        add_line(drawing, (x, y - half, x, y + half), colour, width=1.6)
    else:
        drawing.add(Circle(x, y, half, **fill))
