"""Many runs or trials as lines through their settings and what came of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.charts import style

SCALE = [[0, "#1d91a5"], [0.5, "#b9c3c7"], [1, "#d17a1f"]]
"""Teal is the better end."""
MOST_KINDS = 30
"""Names on one axis; more are counted instead of named."""


def parallel_figure(
    table: pd.DataFrame,
    axes: Mapping[str, str],
    coloured: str,
    *,
    higher_is_better: bool = False,
    height: int = 420,
) -> go.Figure:
    """Return a line a row of `table` through the columns `axes`, each with the words for it.

    `coloured` is the column whose value gives the line its colour; rows without it, or with an
    infinite one, are left out.
    """
    coloured_rows = table[np.isfinite(pd.to_numeric(table[coloured], errors="coerce"))]
    figure = style.figure(height=height, legend=False)
    if coloured_rows.empty:
        return figure
    values = coloured_rows[coloured].astype(float)
    # One run that went wrong must not make all others look alike.
    ends = (values.quantile(0.1), values.max()) if higher_is_better else (
        values.min(), values.quantile(0.9)
    )  # fmt: skip
    figure.add_trace(
        go.Parcoords(
            dimensions=[dimension(words, coloured_rows[name]) for name, words in axes.items()],
            line={
                "color": values,
                "colorscale": SCALE,
                "reversescale": higher_is_better,
                "cmin": ends[0],
                "cmax": ends[1],
            },
            labelfont={"size": 13},
        )
    )
    figure.update_layout(margin={"l": 70, "r": 40, "t": 50, "b": 20})
    return figure


def dimension(words: str, values: pd.Series) -> dict:
    """Return one axis: numbers, on a logarithmic scale where they spread widely, or names."""
    label = style.as_text(words)
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any() or values.map(lambda value: isinstance(value, bool)).any():
        texts = values.map(lambda value: "not set" if pd.isna(value) else str(value))
        kinds = sorted(texts.unique())
        named = kinds[:MOST_KINDS]
        if len(kinds) > MOST_KINDS:
            named[-1] = f"and {len(kinds) - MOST_KINDS + 1} more"
        places = {kind: min(place, MOST_KINDS - 1) for place, kind in enumerate(kinds)}
        return {
            "label": label,
            "values": [places[text] for text in texts],
            "tickvals": list(range(len(named))),
            "ticktext": [style.as_text(kind) for kind in named],
        }
    spread = numbers.max() / numbers.min() if numbers.min() > 0 else 1
    if spread < 20:
        return {"label": label, "values": numbers}
    exponents = range(
        int(np.floor(np.log10(numbers.min()))), int(np.ceil(np.log10(numbers.max()))) + 1
    )
    ticks = [e + np.log10(m) for e in exponents for m in (1, 3)]
    ticks = [t for t in ticks if np.log10(numbers.min()) <= t <= np.log10(numbers.max())]
    return {
        "label": f"{label} (log)",
        "values": np.log10(numbers),
        "tickvals": ticks,
        "ticktext": [f"{10**t:.0e}" for t in ticks],
    }
