"""What a hospital's own films teach the networks, as figures."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.charts import style
from kneeoa.networks import TOGETHER

READERS, PUBLISHED, ADAPTED = "your readers", "as published", "adapted, out of fold"
HOME = "as published, if they were the OAI's"


def lines_figure(table: pd.DataFrame) -> go.Figure:
    """Return for each line which share of the films lies at or above it, as from `lines.lines`."""
    figure = style.figure(height=260)
    names = [f"KL {line} or more" for line in table["line"]]
    for row, name in zip(table.itertuples(), names, strict=True):
        shares = [count / row.films for count in (row.readers, row.published, row.adapted)]
        figure.add_scatter(
            x=[min(shares), max(shares)],
            y=[name, name],
            mode="lines",
            line={"color": style.faded(style.QUIET, 0.5), "width": 2},
            showlegend=False,
            hoverinfo="skip",
        )
    at_home = [("home", HOME, style.QUIET, "x-thin-open")] * bool(table["home"].notna().all())
    for column, name, colour, symbol in (
        *at_home,
        ("published", PUBLISHED, style.QUIET, "circle-open"),
        ("adapted", ADAPTED, style.COLOUR[TOGETHER], "diamond"),
        ("readers", READERS, style.COLOUR["mobilenet"], "line-ns-open"),
    ):
        figure.add_scatter(
            x=table[column] / table["films"],
            y=names,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 13, "line": {"width": 2.5}},
            name=name,
            customdata=table[[column, "films"]],
            hovertemplate=f"{name}: %{{customdata[0]:.0f}} of %{{customdata[1]}} films"
            "<extra></extra>",
        )
    figure.update_xaxes(title="Share of the films", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(autorange="reversed")
    return figure


def learning_curve_figure(table: pd.DataFrame, measure: str, title: str) -> go.Figure:
    """Return a measure over the number of films learnt from, with intervals over patients.

    `table` as of `kneeoa.adaptation.curve.LearningCurve`; the row of 0 films, as published, is the
    dotted line.
    """
    figure = style.figure(height=320, legend=False)
    rows = table[table["measure"] == measure].sort_values("films")
    learnt, before = rows[rows["films"] > 0], rows[rows["films"] == 0]
    figure.add_hline(
        y=before["value"].iloc[0],
        line={"color": style.QUIET, "dash": "dot", "width": 1.5},
        annotation={"text": "as published", "font": {"size": 12}},
        annotation_position="bottom right",
    )
    figure.add_scatter(
        x=learnt["films"],
        y=learnt["value"],
        error_y=style.interval(learnt["value"], learnt["low"], learnt["high"], width=4),
        mode="lines+markers",
        line={"color": style.COLOUR[TOGETHER], "width": 2.5},
        marker={"size": 9, "symbol": style.SYMBOL[TOGETHER]},
        customdata=[
            "" if np.isnan(low) else f" ({low:.3f} to {high:.3f})"
            for low, high in zip(learnt["low"], learnt["high"], strict=True)
        ],
        hovertemplate="%{x} films: %{y:.3f}%{customdata}<extra></extra>",
    )
    figure.update_xaxes(title="Films learnt from", rangemode="tozero")
    figure.update_yaxes(title=title)
    if measure != "median_kappa":
        figure.update_yaxes(tickformat=".0%")
    return figure
