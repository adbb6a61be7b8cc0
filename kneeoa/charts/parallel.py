"""Many runs or trials as lines through their settings and what came of them.

Ordinary lines, where Plotly's own parallel coordinates are drawn by WebGL, which many a browser in
a hospital has not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from kneeoa.charts import style

SCALE = ["#1d91a5", "#b9c3c7", "#d17a1f"]
"""Teal is the better end."""
SHADES = 13
MOST_KINDS = 30
"""Names on one axis; more are counted instead of named."""
LONGEST_TICK = 16
_ASIDE = style.faded(style.QUIET, 0.16)

Brushes = Mapping[str, Sequence[tuple[float, float]]]
"""By column the parts of its axis, in [0, 1], of which a row has to pass one."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """A column as an axis: where each row passes, ``(rows,)`` in [0, 1], and what stands there."""

    label: str
    places: np.ndarray
    texts: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]


def axes_of(table: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, Axis]:
    """Return the axes of `columns`, by name, each with the words for it."""
    return {name: axis(words, table[name]) for name, words in columns.items()}


def axis(words: str, values: pd.Series) -> Axis:
    """Return one axis: numbers, on a logarithmic scale where they spread widely, or names."""
    label = style.as_text(words)
    numbers = pd.to_numeric(values, errors="coerce")
    if not np.isfinite(numbers).all() or values.map(lambda value: isinstance(value, bool)).any():
        return _of_names(label, values)
    texts = tuple(f"{number:g}" for number in numbers)
    if numbers.min() > 0 and numbers.max() / numbers.min() >= 20:
        numbers, label = np.log10(numbers), f"{label} (log)"
        first, last = int(np.floor(numbers.min())), int(np.ceil(numbers.max()))
        ticks = [e + np.log10(m) for e in range(first, last + 1) for m in (1, 3)]
        ticks = [tick for tick in ticks if numbers.min() <= tick <= numbers.max()]
        named = [f"{float(f'{10**tick:.0e}'):g}" for tick in ticks]
    else:
        ticks = list(np.unique(np.linspace(numbers.min(), numbers.max(), 5)))
        if (numbers % 1 == 0).all():
            ticks = list(np.unique(np.round(ticks)))
        if len(kinds := np.unique(numbers)) <= len(ticks):
            ticks = list(kinds)
        named = [f"{tick:.3g}" if tick % 1 else f"{tick:.0f}" for tick in ticks]
    low, spread = numbers.min(), numbers.max() - numbers.min()

    def place(number: Any) -> Any:
        return (number - low) / spread if spread else number * 0 + 0.5

    along = [float(place(tick)) for tick in ticks]
    places = np.asarray(place(numbers), float)
    return Axis(label, places, texts, tuple(zip(along, named, strict=True)))


def _of_names(label: str, values: pd.Series) -> Axis:
    texts = values.map(lambda value: "not set" if pd.isna(value) else str(value))
    kinds = sorted(texts.unique())
    named = kinds[:MOST_KINDS]
    if len(kinds) > MOST_KINDS:
        named[-1] = f"and {len(kinds) - MOST_KINDS + 1} more"
    at = {kind: min(number, MOST_KINDS - 1) for number, kind in enumerate(kinds)}
    last = max(len(named) - 1, 1)
    places = np.array([at[text] for text in texts]) / last if len(named) > 1 else 0.5
    ticks = tuple(
        (number / last if len(named) > 1 else 0.5, _short(kind))
        for number, kind in enumerate(named)
    )
    shown = tuple(style.as_text(text) for text in texts)
    return Axis(label, np.broadcast_to(np.asarray(places, float), len(values)), shown, ticks)


def _short(name: str) -> str:
    return style.as_text(name if len(name) <= LONGEST_TICK else f"{name[: LONGEST_TICK - 1]}…")


def passing(axes: Mapping[str, Axis], brushes: Brushes) -> np.ndarray:
    """Return which rows pass all `brushes`, ``(rows,) bool``; columns that are no axis are none."""
    kept = np.ones(len(next(iter(axes.values())).places), bool)
    for name, parts in brushes.items():
        if name in axes:
            places = axes[name].places
            kept &= np.any([(low <= places) & (places <= high) for low, high in parts], axis=0)
    return kept


def brushed(axes: Iterable[str], boxes: Iterable[Mapping[str, Any]]) -> Brushes:
    """Return the brushes of boxes drawn over axes, each with the ends ``x`` and ``y`` of it."""
    names = list(axes)
    parts: dict[str, list[tuple[float, float]]] = {}
    for box in boxes:
        (left, right), (low, high) = sorted(box["x"]), sorted(box["y"])
        for number, name in enumerate(names):
            if left <= number <= right:
                parts.setdefault(name, []).append((low, high))
    return parts


def parallel_figure(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    coloured: str,
    *,
    named: str,
    brushes: Brushes | None = None,
    higher_is_better: bool = False,
) -> go.Figure:
    """Return a line a row of `table` through `columns`, each with the words for it.

    `coloured` is the column whose value gives the line its colour, `named` the one that names it.
    Of rows without a finite `coloured` there is no line; those that do not pass `brushes` are pale.
    """
    drawn = with_colour(table, coloured)
    figure = style.figure(height=420, legend=False)
    if drawn.empty:
        return figure
    axes = axes_of(drawn, columns)
    shades, ends = _shades(drawn[coloured].astype(float), higher_is_better)
    kept = passing(axes, brushes or {})
    names = [style.as_text(name) for name in drawn[named]]
    traces: list[go.Scatter] = []
    if not kept.all():
        traces.append(_lines(axes, names, np.flatnonzero(~kept), _ASIDE))
    colours = sample_colorscale(SCALE, np.linspace(0, 1, SHADES))
    for shade in np.unique(shades[kept]):
        rows = np.flatnonzero(kept & (shades == shade))
        traces.append(_lines(axes, names, rows, colours[shade]))
    traces.append(_scale(columns[coloured], ends, higher_is_better))
    figure.add_traces(traces)
    figure.update_layout(_layout(axes, brushes or {}))
    return figure


def with_colour(table: pd.DataFrame, coloured: str) -> pd.DataFrame:
    """Return the rows that have a line: those whose `coloured` is a finite number."""
    return table[np.isfinite(pd.to_numeric(table[coloured], errors="coerce"))]


def _shades(values: pd.Series, higher_is_better: bool) -> tuple[np.ndarray, tuple[float, float]]:
    # One run that went wrong must not make all others look alike.
    low, high = (
        (values.quantile(0.1), values.max())
        if higher_is_better
        else (values.min(), values.quantile(0.9))
    )
    share = ((values - low) / (high - low)).clip(0, 1) if high > low else values * 0
    share = 1 - share if higher_is_better else share
    return (share * (SHADES - 1)).round().to_numpy(int), (low, high)


def _lines(
    axes: Mapping[str, Axis], names: Sequence[str], rows: np.ndarray, colour: str
) -> go.Scatter:
    """Return the lines of `rows` as one trace, with gaps between them."""
    gap = np.full((len(rows), 1), np.nan)
    across = np.tile(np.arange(len(axes), dtype=float), (len(rows), 1))
    places = np.stack([every.places[rows] for every in axes.values()], axis=1)
    texts = [
        text
        for row in rows
        for text in (
            *(f"{names[row]}<br>{every.label}: {every.texts[row]}" for every in axes.values()),
            "",
        )
    ]
    return go.Scatter(
        x=np.hstack([across, gap]).ravel(),
        y=np.hstack([places, gap]).ravel(),
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        mode="lines+markers",
        line={"color": colour, "width": 1.6},
        marker={"size": 5},
        # A box marks parts of axes, not points.
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _scale(words: str, ends: tuple[float, float], higher_is_better: bool) -> go.Scatter:
    """Return what draws the scale of colours, and nothing else."""
    places = np.linspace(0, 1, len(SCALE))
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        hoverinfo="skip",
        marker={
            "color": [ends[0]],
            "colorscale": list(zip(places, SCALE, strict=True)),
            "reversescale": higher_is_better,
            "cmin": ends[0],
            "cmax": ends[1] if ends[1] > ends[0] else ends[0] + 1,
            "showscale": True,
            "colorbar": {"title": {"text": style.as_text(words)}, "thickness": 12},
        },
    )


def _layout(axes: Mapping[str, Axis], brushes: Brushes) -> dict[str, Any]:
    line = {"type": "line", "line": {"color": style.QUIET, "width": 1}, "layer": "below"}
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for number, (name, every) in enumerate(axes.items()):
        shapes.append(line | {"x0": number, "x1": number, "y0": 0, "y1": 1})
        shapes += [
            line
            | {"x0": number, "x1": number, "y0": max(low, 0), "y1": min(high, 1)}
            | {"line": {"color": style.faded(style.CLAIM_COLOUR, 0.5), "width": 9}}
            for low, high in brushes.get(name, ())
        ]
        notes += [
            {
                "x": number,
                "y": place,
                "text": text,
                "showarrow": False,
                "xanchor": "right",
                "xshift": -7,
                "yshift": 8,  # not on the lines
                "font": {"size": 11},
            }
            for place, text in every.ticks
        ]
    return {
        "shapes": shapes,
        "annotations": notes,
        "dragmode": "select",
        "hovermode": "closest",
        "margin": {"l": 10, "r": 10, "t": 50, "b": 10},
        "xaxis": {
            "side": "top",
            "tickvals": list(range(len(axes))),
            "ticktext": [every.label for every in axes.values()],
            "range": [-0.6, len(axes) - 0.6],
            "showgrid": False,
            "zeroline": False,
            "showline": False,
            "fixedrange": True,
        },
        "yaxis": {"visible": False, "range": [-0.06, 1.06], "fixedrange": True},
    }
