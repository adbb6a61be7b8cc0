"""How training went, as figures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.analysis.learning_curves import CURVES
from kneeoa.charts import style
from kneeoa.networks import pair_of

PERCENT = ("accuracy", "val_accuracy")
MOST_LINES = 60
"""Single runs beyond these are left to the band: they would hide it."""
_DASHES = ("solid", "dash", "dot", "dashdot")


def learning_figure(
    curves: pd.DataFrame,
    bands: pd.DataFrame,
    stages: pd.DataFrame,
    chosen: Mapping[str, int],
    measure: str,
    *,
    names: Mapping[str, str],
    log: bool = False,
) -> go.Figure:
    """Return one measure over the epochs: runs thin, mean and one standard deviation bold.

    Parameters
    ----------
    curves, bands, stages : as the functions of these names in `analysis.learning_curves` give them
    chosen : run_id -> the epoch whose weights were kept, marked on its line
    measure : a key of `learning_curves.CURVES`
    names : run_id -> what a reader sees
    log : whether the values stand on a logarithmic scale
    """
    figure = style.figure(height=420)
    networks = pair_of(curves["architecture"].unique()) if len(curves) else []
    for network in networks:
        colour = style.COLOUR[network]
        network_curves = curves[curves["architecture"] == network]
        _add_runs(figure, network_curves, chosen, measure, colour, names)
        several = bands[(bands["architecture"] == network) & (bands["runs"] > 1)]
        recipes = network_curves["recipe"].unique()
        if len(recipes) == 1:
            several = bands[bands["architecture"] == network]
        for number, (recipe, band) in enumerate(several.groupby("recipe", sort=False)):
            label = style.name_of(network) if len(recipes) == 1 else _short(recipe)
            dash = style.DASH[network] if len(recipes) == 1 else _DASHES[number % len(_DASHES)]
            _add_band(figure, band, label, colour, dash, measure)
    _add_stages(figure, stages)
    _axes(figure, curves, measure, log)
    return figure


def marked_figure(
    curves: pd.DataFrame,
    chosen: Mapping[str, int],
    measure: str,
    *,
    names: Mapping[str, str],
    log: bool = False,
) -> go.Figure:
    """Return one measure of single runs, each with a colour, a dash and a name of its own.

    Parameters as of `learning_figure`; no mean, however few or many runs there are.
    """
    # Names are long: one below the other, under the figure, which grows by them.
    figure = style.figure(height=420 + 22 * curves["run_id"].nunique())
    for number, (run_id, run) in enumerate(curves.groupby("run_id", sort=False)):
        colour = style.SINGLE[number % len(style.SINGLE)]
        label = style.as_text(names[run_id])
        figure.add_scatter(
            x=run["epoch"],
            y=run[measure],
            mode="lines",
            line={"color": colour, "width": 2, "dash": _DASHES[number % len(_DASHES)]},
            name=label,
            legendgroup=run_id,
            hovertemplate=f"{label}<br>epoch %{{x}}: %{{y:.4g}}<extra></extra>",
        )
        kept = run[run["epoch"] == chosen.get(run_id)]
        figure.add_scatter(
            x=kept["epoch"],
            y=kept[measure],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": "star"},
            legendgroup=run_id,
            showlegend=False,
            hovertemplate=f"{label}<br>kept: epoch %{{x}}<extra></extra>",
        )
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "v", "y": -0.22, "yanchor": "top", "x": 0, "xanchor": "left"},
    )
    _axes(figure, curves, measure, log)
    return figure


def _axes(figure: go.Figure, curves: pd.DataFrame, measure: str, log: bool) -> None:
    figure.update_xaxes(title="Epoch", rangemode="tozero", dtick=_tick(curves))
    figure.update_yaxes(title=CURVES[measure])
    if measure in PERCENT:
        figure.update_yaxes(tickformat=".0%")
    if log or measure == "learning_rate":
        figure.update_yaxes(type="log", exponentformat="power")


def _add_stages(figure: go.Figure, stages: pd.DataFrame) -> None:
    """One line a stage, from the first run that begins it to the last; words in two rows."""
    if stages.empty:
        return
    later = stages[stages["stage"] > 1].groupby(["stage", "trainable_from"], sort=True)
    begun = later.agg(first=("first", "min"), last=("last", "max")).reset_index()
    # All at once, as in `style.figure`.
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for number, row in enumerate(begun.to_dict("records")):
        layer = row["trainable_from"]
        part = "all layers" if layer == "all" else f"from {style.as_text(layer)}"
        if row["last"] > row["first"]:
            shapes.append(
                {"type": "rect", "fillcolor": style.faded(style.QUIET, 0.12), "line": {"width": 0}}
                | _upright(row["first"] - 0.5, row["last"] - 0.5)
            )
        shapes.append(
            {"type": "line", "line": {"color": style.QUIET, "width": 1, "dash": "dot"}}
            | _upright(row["first"] - 0.5, row["first"] - 0.5)
        )
        notes.append(
            {
                "x": row["first"] - 0.5,
                "y": 1 - 0.07 * (number % 2),
                "yref": "y domain",
                "xanchor": "left",
                "yanchor": "top",
                "text": f"stage {row['stage']}: {part}",
                "font": {"size": 11},
                "showarrow": False,
            }
        )
    figure.update_layout(shapes=shapes, annotations=notes)


def _upright(left: float, right: float) -> dict[str, Any]:
    """Return where a shape from `left` to `right` stands that is as high as the figure."""
    return {"x0": left, "x1": right, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}


def _add_runs(
    figure: go.Figure,
    curves: pd.DataFrame,
    chosen: pd.DataFrame,
    measure: str,
    colour: str,
    names: Mapping[str, str],
) -> None:
    """One line broken between runs, and one of stars: a line each would take a second for many."""
    shown = curves[curves["run_id"].isin(curves["run_id"].unique()[:MOST_LINES])]
    shown = shown.dropna(subset=measure)
    if shown.empty:
        return
    runs, epochs = shown["run_id"].to_numpy(object), shown["epoch"].to_numpy(float)
    values = shown[measure].to_numpy(float)
    labels = {run: style.as_text(names.get(run, "")) for run in dict.fromkeys(runs)}
    # Between two runs a point without an epoch, at which the line breaks.
    ends = np.flatnonzero(runs[1:] != runs[:-1]) + 1
    figure.add_scatter(
        x=np.insert(epochs, ends, np.nan),
        y=np.insert(values, ends, np.nan),
        mode="lines",
        line={"color": style.faded(colour, 0.45), "width": 1},
        name="runs",
        showlegend=False,
        customdata=np.insert(np.array([labels[run] for run in runs], object), ends, ""),
        hovertemplate="%{customdata}<br>epoch %{x}: %{y:.3g}<extra></extra>",
    )
    kept = epochs == np.array([chosen.get(run, np.nan) for run in runs], float)
    figure.add_scatter(
        x=epochs[kept],
        y=values[kept],
        mode="markers",
        marker={"color": colour, "size": 7, "symbol": "star"},
        showlegend=False,
        customdata=np.array([labels[run] for run in runs[kept]], object),
        hovertemplate="%{customdata}<br>kept: epoch %{x}<extra></extra>",
    )


def _short(recipe: str) -> str:
    return style.as_text(recipe if len(recipe) <= 60 else f"{recipe[:59]}…")


def _add_band(
    figure: go.Figure, band: pd.DataFrame, name: str, colour: str, dash: str, measure: str
) -> None:
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
        line={"color": colour, "width": 3, "dash": dash},
        name=f"{name}, mean of {runs}" if runs > 1 else name,
        customdata=band[["sd", "runs"]].to_numpy(),
        hovertemplate=f"{name}, epoch %{{x}}<br>mean %{{y:.3g}}, sd %{{customdata[0]:.2g}}, "
        "%{customdata[1]} runs<extra></extra>",
    )


def _tick(curves: pd.DataFrame) -> int | None:
    last = curves["epoch"].max() if len(curves) else 1
    return 1 if last <= 12 else 5 if last <= 60 else None
