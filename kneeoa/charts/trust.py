"""ROC, precision-recall and reliability, as figures."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.charts import style

FEW = 10


def roc_figure(curves: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Return ROC curves per network, as from `operating.roc`."""
    figure = style.figure(height=360)
    _diagonal(figure)
    for network, curve in curves.items():
        _line(figure, network, curve["false_positive_rate"], curve["true_positive_rate"])
    figure.update_xaxes(title="False positive rate", range=[0, 1], constrain="domain")
    figure.update_yaxes(title="True positive rate", range=[0, 1.01], scaleanchor="x")
    return figure


def precision_recall_figure(curves: Mapping[str, pd.DataFrame], prevalence: float) -> go.Figure:
    """Return precision over recall per network; `prevalence` is what guessing gives."""
    figure = style.figure(height=360)
    figure.add_hline(y=prevalence, line={"color": style.QUIET, "dash": "dot", "width": 1})
    for network, curve in curves.items():
        _line(figure, network, curve["recall"], curve["precision"])
    figure.update_xaxes(title="Recall (sensitivity)", range=[0, 1], constrain="domain")
    figure.update_yaxes(title="Precision", range=[0, 1.01], scaleanchor="x")
    return figure


def reliability_figure(tables: Mapping[str, pd.DataFrame], *, height: int = 360) -> go.Figure:
    """Return how often answers are right at each confidence, as from `operating.reliability`.

    The line passes by levels of fewer than `FEW` knees, whose points are faint.
    """
    figure = style.figure(height=height)
    _diagonal(figure)
    for network, table in tables.items():
        carried = table[table["knees"] >= FEW]
        figure.add_scatter(
            x=carried["confidence"],
            y=carried["accuracy"],
            mode="lines",
            line={"color": style.COLOUR[network], "dash": style.DASH[network]},
            legendgroup=network,
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=table["confidence"],
            y=table["accuracy"],
            error_y=style.interval(
                table["accuracy"], table["accuracy_low"], table["accuracy_high"], thickness=1.2
            ),
            mode="markers",
            marker={
                "color": style.COLOUR[network],
                "symbol": style.SYMBOL[network],
                "size": 8,
                "opacity": np.where(table["knees"] < FEW, 0.4, 1),
            },
            legendgroup=network,
            name=style.name_of(network),
            customdata=table[["knees"]],
            hovertemplate="said %{x:.0%}, right %{y:.0%} of %{customdata[0]} knees<extra></extra>",
        )
    figure.update_xaxes(
        title="Confidence in its answer", range=[0, 1], tickformat=".0%", constrain="domain"
    )
    figure.update_yaxes(title="Share that is right", range=[0, 1.01], tickformat=".0%")
    figure.update_yaxes(scaleanchor="x")
    return figure


def _line(figure: go.Figure, network: str, x: pd.Series, y: pd.Series) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": style.COLOUR[network], "width": 2.5, "dash": style.DASH[network]},
        name=style.name_of(network),
        hovertemplate="%{x:.2f}, %{y:.2f}<extra></extra>",
    )


def _diagonal(figure: go.Figure) -> None:
    figure.add_shape(
        type="line",
        x0=0,
        y0=0,
        x1=1,
        y1=1,
        line={"color": style.QUIET, "dash": "dot", "width": 1},
    )
