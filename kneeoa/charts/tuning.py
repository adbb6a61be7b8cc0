"""A search for settings, as figures."""

import pandas as pd
import plotly.graph_objects as go

from kneeoa.charts import style
from kneeoa.charts.parallel import parallel_figure
from kneeoa.records.tuning import settings_of


def trials_figure(trials: pd.DataFrame) -> go.Figure:
    """Return the finished and pruned trials as lines through their settings and validation loss."""
    measured = trials.dropna(subset="val_loss")
    axes = {name: name.replace("_", " ") for name in settings_of(measured)}
    axes["val_loss"] = "validation loss"
    names = measured["trial"].map("trial {}".format)
    return parallel_figure(measured.assign(name=names), axes, "val_loss", named="name")


def importance_figure(importance: pd.DataFrame) -> go.Figure:
    """Return how much of the variance over trials each setting explains."""
    ordered = importance.sort_values("importance")
    figure = style.figure(height=420, legend=False)
    figure.add_bar(
        x=ordered["importance"],
        y=ordered["setting"].map(style.as_text),
        orientation="h",
        marker_color=style.COLOUR["mobilenet"],
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
    figure.update_xaxes(title="Share of the variance over trials", tickformat=".0%")
    return figure
