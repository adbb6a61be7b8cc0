"""How training went, as figures."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.analysis.learning_curves import CURVES
from kneeoa.charts import style
from kneeoa.networks import pair_of

PERCENT = ("accuracy", "val_accuracy")
MOST_LINES = 60
"""Single runs beyond these are left to the band: they would hide it."""


def learning_figure(
    curves: pd.DataFrame,
    bands: pd.DataFrame,
    stages: pd.DataFrame,
    chosen: dict[str, int],
    measure: str,
    *,
    height: int = 420,
) -> go.Figure:
    """Return one measure over the epochs: runs thin, mean and one standard deviation bold.

    Parameters
    ----------
    curves, bands, stages : as the functions of these names in `analysis.learning_curves` give them
    chosen : run_id -> the epoch whose weights were kept, marked on its line
    measure : a key of `learning_curves.CURVES`
    """
    figure = style.figure(height=height)
    networks = pair_of(curves["architecture"].unique()) if len(curves) else []
    for network in networks:
        colour = style.COLOUR[network]
        _add_runs(figure, curves[curves["architecture"] == network], chosen, measure, colour)
        _add_band(figure, bands[bands["architecture"] == network], network, measure)
    # Networks with the same stages share one line; else each has its own, in its colour.
    for (stage, layer, epoch), rows in stages.groupby(["stage", "trainable_from", "first"]):
        if stage == 1:
            continue
        said = (
            f"stage {stage}: {'all layers' if layer == 'all' else f'from {style.as_text(layer)}'}"
        )
        colour = style.QUIET
        if len(rows) < len(networks):
            (network,) = rows["architecture"]
            said, colour = f"{style.name_of(network)}, {said}", style.COLOUR[network]
        figure.add_vline(
            x=epoch - 0.5,
            line={"color": colour, "width": 1, "dash": "dot"},
            annotation={"text": said, "font": {"size": 11, "color": colour}},
            annotation_position="top right",
        )
    figure.update_xaxes(title="Epoch", rangemode="tozero", dtick=_tick(curves))
    figure.update_yaxes(title=CURVES[measure])
    if measure in PERCENT:
        figure.update_yaxes(tickformat=".0%")
    if measure == "learning_rate":
        figure.update_yaxes(type="log", exponentformat="power")
    return figure


def _add_runs(figure, curves, chosen, measure, colour):
    """One line broken between runs, and one of stars: a line each would take a second for many."""
    shown = curves[curves["run_id"].isin(curves["run_id"].unique()[:MOST_LINES])]
    runs = [run for _, run in shown.dropna(subset=measure).groupby("run_id", sort=False)]
    if not runs:
        return
    gap = runs[0].head(1)[["run_id", "epoch"]].assign(run_id="", epoch=np.nan)
    line = pd.concat([part for run in runs for part in (run, gap)])
    figure.add_scatter(
        x=line["epoch"],
        y=line[measure],
        mode="lines",
        line={"color": style.faded(colour, 0.45), "width": 1},
        name="runs",
        showlegend=False,
        customdata=line["run_id"].map(style.as_text),
        hovertemplate="%{customdata}<br>epoch %{x}: %{y:.3g}<extra></extra>",
    )
    kept = line[line["epoch"] == line["run_id"].map(chosen)]
    figure.add_scatter(
        x=kept["epoch"],
        y=kept[measure],
        mode="markers",
        marker={"color": colour, "size": 7, "symbol": "star"},
        showlegend=False,
        customdata=kept["run_id"].map(style.as_text),
        hovertemplate="%{customdata}<br>kept: epoch %{x}<extra></extra>",
    )


def _add_band(figure, band, network, measure):
    colour, name = style.COLOUR[network], style.name_of(network)
    several = band.dropna(subset="sd")
    figure.add_scatter(
        x=[*several["epoch"], *several["epoch"][::-1]],
        y=[*several["high"], *several["low"][::-1]],
        mode="lines",
        fill="toself",
        fillcolor=style.faded(colour, 0.18),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    runs = int(band["runs"].max()) if len(band) else 0
    figure.add_scatter(
        x=band["epoch"],
        y=band["mean"],
        mode="lines",
        line={"color": colour, "width": 3, "dash": style.DASH[network]},
        name=f"{name}, mean of {runs}" if runs > 1 else name,
        customdata=band[["sd", "runs"]],
        hovertemplate=f"{name}, epoch %{{x}}<br>mean %{{y:.3g}}, sd %{{customdata[0]:.2g}}, "
        "%{customdata[1]} runs<extra></extra>",
    )


def _tick(curves):
    last = curves["epoch"].max() if len(curves) else 1
    return 1 if last <= 12 else 5 if last <= 60 else None
