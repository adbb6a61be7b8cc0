"""Axes of a Plotly figure as numbers: where a value lies, which ticks there are, what they say."""

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_TAG = re.compile(r"</?(b|i|sub|sup|span)[^>]*>")
_PERCENT = re.compile(r"(\+?)\.(\d)%")
_ROOM = 0.05
"""Of the range of the data, free at both ends."""
_TICKS = 6


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes
    ----------
    low, high : the ends, at the left or at the bottom first; of a logarithmic axis its exponents
    start, length : where it lies on the paper, in points
    categories : the names of whole numbers, where values are names
    """

    low: float
    high: float
    start: float
    length: float
    log: bool = False
    categories: tuple[str, ...] = ()
    ticks: tuple[tuple[float, str], ...] = field(default=())
    title: str = ""

    def number(self, value: Any) -> float:
        """Return a value as the axis counts; NaN where it has no place on it."""
        if isinstance(value, str):
            return float(self.categories.index(value)) if value in self.categories else math.nan
        if value is None:
            return math.nan
        value = float(value)
        if not self.log:
            return value
        return math.log10(value) if value > 0 else math.nan

    def at(self, value: Any) -> float:
        """Return where a value lies, in points; NaN where it has no place."""
        return self.start + self.length * self.share(self.number(value))

    def share(self, number: float) -> float:
        """Return how far along the axis a number as it counts lies, 0 to 1 inside."""
        return (number - self.low) / ((self.high - self.low) or 1.0)

    def unit(self) -> float:
        """Return the length of one unit, in points."""
        return self.length / (abs(self.high - self.low) or 1.0)


def plain(text: object) -> str:
    """Return Plotly's text without its tags; ``<br>`` becomes a line break."""
    text = str(text or "").replace("<br>", "\n")
    return html.unescape(_TAG.sub("", text)).replace("\u2212", "-")


def axis_of(layout: Any, values: Sequence[Any], *, start: float, length: float) -> Axis:
    """Return the axis that Plotly's `layout` of it and the `values` on it ask for."""
    names = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    log = layout.type == "log"
    axis = Axis(0, 1, start, length, log, names)
    numbers = np.array([axis.number(value) for value in values] or [0.0, 1.0])
    numbers = numbers[np.isfinite(numbers)]
    if layout.range is not None:
        low, high = map(float, layout.range)
    elif names:
        low, high = -0.5, len(names) - 0.5
    elif not len(numbers):
        low, high = 0.0, 1.0
    else:
        low, high = numbers.min(), numbers.max()
        room = _ROOM * (high - low) or 0.5
        low, high = low - room, high + room
        if layout.rangemode == "tozero":
            low = min(0.0, numbers.min())
    if layout.range is None and layout.autorange == "reversed":
        low, high = high, low
    placed = Axis(float(low), float(high), start, length, log, names)
    return Axis(
        placed.low,
        placed.high,
        start,
        length,
        log,
        names,
        tuple(_ticks(layout, placed)),
        plain(layout.title.text),
    )


def _ticks(layout: Any, axis: Axis) -> list[tuple[float, str]]:
    ends = sorted((axis.low, axis.high))
    if layout.tickvals is not None:
        texts = layout.ticktext if layout.ticktext is not None else layout.tickvals
        given = [(axis.number(v), plain(t)) for v, t in zip(layout.tickvals, texts, strict=False)]
    elif axis.categories:
        given = [(float(place), plain(name)) for place, name in enumerate(axis.categories)]
    elif axis.log:
        places = range(math.ceil(ends[0]), math.floor(ends[1]) + 1)
        given = [(float(place), f"{10.0**place:g}") for place in places]
    else:
        given = [(value, said(value, layout.tickformat)) for value in _round_steps(*ends)]
    return [(value, text) for value, text in given if ends[0] - 1e-9 <= value <= ends[1] + 1e-9]


def _round_steps(low: float, high: float) -> list[float]:
    rough = (high - low) / _TICKS
    if not rough > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [0.0 if number == 0 else number * step for number in range(first, last + 1)]


def said(value: float, form: str | None) -> str:
    """Return a number as Plotly's `form` of ticks asks for; only percents are known of them."""
    match = _PERCENT.fullmatch(form or "")
    if match:
        return f"{100 * value:{match[1]}.{match[2]}f}%"
    return f"{value:.6g}"
