"""The networks against each other and against the paper, as figures."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from kneeoa.analysis.anova import METRICS
from kneeoa.analysis.many.side_by_side import MEASURES
from kneeoa.charts import style
from kneeoa.networks import pair_of

SHARES = (
    "accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "within_one_grade",
    "expected_calibration_error",
)
"""Metrics that are read as percentages."""


def strip_figure(
    observed: pd.DataFrame, metric: str, claims: Mapping[str, tuple[float, float]]
) -> go.Figure:
    """Return every cycle of a metric as a point, one line a network, with its mean and the claim.

    Parameters
    ----------
    observed : rows of one split, as from `anova.observations`
    claims : architecture -> claimed mean and standard deviation, where the paper gives one
    """
    figure = style.figure(height=300)
    networks = pair_of(observed["architecture"])
    for level, network in enumerate(networks):
        rows = observed[observed["architecture"] == network].dropna(subset=metric)
        if rows.empty:
            continue
        mean, sd = rows[metric].mean(), rows[metric].std(ddof=1)
        colour, name = style.COLOUR[network], style.name_of(network)
        # Cycles of one value stay apart: each seed has its own height.
        spread = rows["seed"].rank(method="first")
        place = level + 0.22 * ((spread - 1) / max(1, len(rows) - 1) - 0.5)
        figure.add_scatter(
            x=rows[metric],
            y=place,
            mode="markers",
            marker={"color": style.faded(colour, 0.7), "symbol": style.SYMBOL[network], "size": 9},
            name=f"{name}, a cycle each",
            customdata=rows[["seed", "run_id"]].assign(run_id=rows["run_id"].map(style.as_text)),
            hovertemplate="seed %{customdata[0]}: %{x:.4g}<br>%{customdata[1]}<extra></extra>",
        )
        figure.add_scatter(
            x=[mean],
            y=[level + 0.3],
            error_x={"type": "data", "array": [0 if pd.isna(sd) else sd], "thickness": 2},
            mode="markers",
            marker={"color": colour, "symbol": "line-ns-open", "size": 16, "line_width": 3},
            name=f"{name}, mean ± sd",
            hovertemplate="mean %{x:.4g}<extra></extra>",
        )
        if network in claims:
            claimed, claimed_sd = claims[network]
            figure.add_scatter(
                x=[claimed],
                y=[level + 0.3],
                error_x={"type": "data", "array": [claimed_sd], "thickness": 1.5},
                mode="markers",
                marker={"color": style.CLAIM_COLOUR, "symbol": "x", "size": 10},
                name="claimed, with its ±",
                legendgroup="claimed",
                showlegend=network == next(n for n in networks if n in claims),
                hovertemplate="claimed %{x:.4g}<extra></extra>",
            )
    figure.update_yaxes(
        tickvals=list(range(len(networks))),
        ticktext=[style.name_of(network) for network in networks],
        range=[len(networks) - 0.4, -0.5],
    )
    _metric_axis(figure, metric)
    return figure


def spread_figure(compared: pd.DataFrame, observed: pd.DataFrame, metric: str) -> go.Figure:
    """Return seed spread and sampling error of a metric in one picture, per network.

    Parameters
    ----------
    compared : rows of one split, as from `comparisons.comparisons`
    observed : rows of the same split, as from `anova.observations`

    Returns
    -------
    Figure
        Per network two bars about its mean: how far another seed moves it (mean ± 2 sd over
        cycles) and how far other patients would (95% bootstrap interval over patients).
    """
    figure = style.figure(height=300)
    sampling = compared[
        (compared["method"] == "bootstrap over patients") & (compared["metric"] == metric)
    ].set_index("comparison")
    ticks, ends = [], []
    for network in pair_of(observed["architecture"]):
        name, colour = style.name_of(network), style.COLOUR[network]
        values = observed.loc[observed["architecture"] == network, metric].dropna()
        mean, sd = values.mean(), values.std(ddof=1)
        kinds = []
        if len(values) > 1:
            kinds.append(("another seed (± 2 sd)", mean - 2 * sd, mean + 2 * sd, "solid"))
        row = sampling.loc[name] if name in sampling.index else None
        if row is not None and pd.notna(row["low"]):
            kinds.append(("other patients (95%)", row["low"], row["high"], "dot"))
        for kind, low, high, dash in kinds:
            ticks.append(f"{name}: {kind}")
            ends += [low, high]
            figure.add_scatter(
                x=[low, high],
                y=[len(ticks) - 1] * 2,
                mode="lines",
                line={"color": colour, "width": 9, "dash": dash if dash == "solid" else None},
                opacity=1.0 if dash == "solid" else 0.45,
                hovertemplate=f"{ticks[-1]}: {low:.4g} to {high:.4g}<extra></extra>",
                showlegend=False,
            )
            figure.add_scatter(
                x=[mean],
                y=[len(ticks) - 1],
                mode="markers",
                marker={"symbol": "line-ns-open", "size": 14, "color": style.QUIET},
                hoverinfo="skip",
                showlegend=False,
            )
    figure.update_yaxes(
        tickvals=list(range(len(ticks))), ticktext=ticks, range=[max(len(ticks), 1) - 0.5, -0.5]
    )
    if ends:
        # Thick lines reach past their ends.
        room = 0.06 * (max(ends) - min(ends))
        figure.update_xaxes(range=[min(ends) - room, max(ends) + room])
    _metric_axis(figure, metric)
    return figure


def differences_figure(table: pd.DataFrame) -> go.Figure:
    """Return differences with their intervals, a line each, in hundredths.

    ``table`` as from `side_by_side.side_by_side`. Less is better of the errors alone.
    """
    figure = style.figure(height=470, legend=False)
    rows = table.dropna(subset=["difference", "low", "high"])
    clear = (rows["low"] > 0) | (rows["high"] < 0)
    figure.add_scatter(
        x=100 * rows["difference"],
        y=rows["metric"].map(MEASURES),
        error_x=style.interval(
            100 * rows["difference"], 100 * rows["low"], 100 * rows["high"], thickness=1.8, width=4
        ),
        mode="markers",
        marker={
            "color": style.COLOUR["mobilenet"],
            "size": 9,
            "opacity": clear.map({True: 1.0, False: 0.45}),
        },
        hovertemplate="%{y}: %{x:+.2f}<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": style.QUIET, "width": 1})
    figure.update_xaxes(title="Second minus first, in hundredths")
    figure.update_yaxes(autorange="reversed", showline=False)
    return figure


def _metric_axis(figure: go.Figure, metric: str) -> None:
    options = {"title": METRICS[metric]}
    if metric in SHARES:
        options["tickformat"] = ".1%"
    figure.update_xaxes(**options)
