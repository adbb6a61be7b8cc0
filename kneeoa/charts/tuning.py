"""A search for settings, as figures."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.charts import style
from kneeoa.records.tuning import settings_of

SCALE = [[0, "#1d91a5"], [0.5, "#b9c3c7"], [1, "#d17a1f"]]
"""Teal is the lowest validation loss."""


def trials_figure(trials: pd.DataFrame, *, height: int = 420) -> go.Figure:
    """Return the finished and pruned trials as lines through their settings and validation loss."""
    here = trials.dropna(subset="val_loss")
    figure = style.figure(height=height, legend=False)
    if here.empty:
        return figure
    dimensions = [_dimension(name, here[name]) for name in settings_of(here)]
    dimensions.append({"label": "validation loss", "values": here["val_loss"]})
    figure.add_trace(
        go.Parcoords(
            dimensions=dimensions,
            line={
                "color": here["val_loss"],
                "colorscale": SCALE,
                "cmin": here["val_loss"].min(),
                # One trial that went wrong must not make all others look alike.
                "cmax": here["val_loss"].quantile(0.9),
            },
            labelfont={"size": 13},
        )
    )
    figure.update_layout(margin={"l": 70, "r": 40, "t": 50, "b": 20})
    return figure


def importance_figure(importance: pd.DataFrame, *, height: int = 420) -> go.Figure:
    """Return how much of the variance over trials each setting explains."""
    ordered = importance.sort_values("importance")
    figure = style.figure(height=height, legend=False)
    figure.add_bar(
        x=ordered["importance"],
        y=ordered["setting"].map(style.as_text),
        orientation="h",
        marker_color=style.COLOUR["mobilenet"],
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
    figure.update_xaxes(title="Share of the variance over trials", tickformat=".0%")
    return figure


def _dimension(name: str, values: pd.Series) -> dict[str, Any]:
    label = style.as_text(name.replace("_", " "))
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        kinds = sorted(values.astype(str).unique())
        codes = [kinds.index(str(value)) for value in values]
        return {
            "label": label,
            "values": codes,
            "tickvals": list(range(len(kinds))),
            "ticktext": [style.as_text(kind) for kind in kinds],
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
