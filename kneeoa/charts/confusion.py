"""Confusion matrices and what follows from them, as figures."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.analysis.confusions import GRADE_METRICS, SHARES
from kneeoa.charts import style
from kneeoa.grades import GRADES

LABELS = [grade.label for grade in GRADES]
AXES = ("Reference grade", "Given grade")
OWN = ("Your readers' grade", "Networks' grade")
"""Rows and columns where the networks are held against readers of the user's own."""


def confusion_figure(
    values: np.ndarray,
    *,
    by: str,
    spread: np.ndarray | None = None,
    counts: np.ndarray | None = None,
    outlined: tuple[int, int] | None = None,
    axes: tuple[str, str] = AXES,
    height: int = 400,
) -> go.Figure:
    """Return a matrix ``(5, 5)``: row = reference grade, column = given grade, as `axes` say.

    Parameters
    ----------
    values : counts or %, as from `confusions.share` or `confusions.mean_and_spread`; NaN is blank
    by : a key of `confusions.SHARES`, which says what they are
    spread : standard deviations over runs, written below the values
    counts : knees, written below the values
    outlined : reference and given grade of the cell that is framed
    axes : what rows and columns are called: who gave these grades
    """
    limit = 100 if by != "counts" else np.nanmax(values, initial=1)
    scale = [[0, style.faded("#2b93a1", 0.04)], [1, style.faded("#2b93a1", 0.8)]]
    texts = _texts(values, spread, by, sign=False)
    if counts is not None:
        knees = np.vectorize("<br>({:d})".format)(counts)
        texts = np.char.add(texts.astype(str), np.where(np.isnan(values), "", knees))
    share_text = f"%{{customdata[2]:.1f}} {SHARES[by].lower()}"
    figure = _matrix(values, texts, scale, (0, limit), height, share_text, axes)
    if outlined is not None:
        true, given = outlined
        figure.add_shape(
            type="rect",
            x0=given - 0.48,
            x1=given + 0.48,
            y0=true - 0.48,
            y1=true + 0.48,
            line={"color": style.CLAIM_COLOUR, "width": 3},
        )
    return figure


def difference_figure(values: np.ndarray, *, by: str) -> go.Figure:
    """Return second minus first network, ``(5, 5)``: in its colour where the second has more."""
    limit = np.nanmax(np.abs(values), initial=1)
    scale = [
        [0, style.faded(style.COLOUR["mobilenet"], 0.75)],
        [0.5, style.faded(style.QUIET, 0.05)],
        [1, style.faded(style.COLOUR["resnet50"], 0.75)],
    ]
    texts = _texts(values, None, by, sign=True)
    return _matrix(values, texts, scale, (-limit, limit), 400, "%{customdata[2]:+.1f}")


def per_grade_figure(tables: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Return precision, recall and F1 per grade, with intervals; `tables` per network."""
    figure = style.figure(height=330)
    positions = {metric: index for index, metric in enumerate(GRADE_METRICS)}
    shift = np.linspace(-0.12, 0.12, len(tables)) if len(tables) > 1 else [0]
    for offset, (network, table) in zip(shift, tables.items(), strict=True):
        table = table.dropna(subset="value")
        figure.add_scatter(
            x=[6 * positions[metric] + grade + offset for metric, grade in _pairs(table)],
            y=table["value"],
            error_y=style.interval(table["value"], table["low"], table["high"]),
            mode="markers",
            marker={"color": style.COLOUR[network], "symbol": style.SYMBOL[network], "size": 9},
            name=style.name_of(network),
            customdata=table[["grade", "low", "high", "reference", "given"]],
            hovertemplate="KL %{customdata[0]}: %{y:.1%} (%{customdata[1]:.1%} to "
            "%{customdata[2]:.1%})<br>%{customdata[3]} knees with this reference, given to "
            "%{customdata[4]}<extra></extra>",
        )
    places = [6 * index + grade for index in range(3) for grade in range(5)]
    figure.update_xaxes(
        tickvals=places, ticktext=[f"{grade}" for _ in range(3) for grade in range(5)]
    )
    for metric, index in positions.items():
        figure.add_annotation(
            x=6 * index + 2,
            y=-0.2,
            yref="paper",
            text=f"{GRADE_METRICS[metric]}, by KL grade",
            showarrow=False,
        )
    figure.update_yaxes(range=[0, 1.03], tickformat=".0%")
    figure.update_layout(margin_b=48)
    return figure


def error_figure(tables: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Return how many grades answers are off, a stacked bar per network."""
    figure = style.figure(height=200)
    shades = {"0": "#2b93a1", "1": "#d9b36c", "2+": "#b4404f"}
    words = {"0": "the reference grade", "1": "one grade off", "2+": "two grades off or more"}
    names = [style.name_of(network) for network in tables]
    for off, colour in shades.items():
        rows = [table.set_index("off").loc[off] for table in tables.values()]
        figure.add_bar(
            y=names,
            x=[row["share"] for row in rows],
            orientation="h",
            marker_color=colour,
            name=words[off],
            text=[f"{row['share']:.1%}" if row["share"] > 0.03 else "" for row in rows],
            customdata=[[row["knees"]] for row in rows],
            hovertemplate=f"%{{y}}, {words[off]}: %{{x:.1%}} (%{{customdata[0]}} knees)"
            "<extra></extra>",
            insidetextanchor="middle",
        )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed")
    return figure


def _pairs(table: pd.DataFrame) -> Iterator[tuple[str, int]]:
    return zip(table["metric"], table["grade"], strict=True)


def _texts(values: np.ndarray, spread: np.ndarray | None, by: str, *, sign: bool) -> np.ndarray:
    digits = int(by == "counts" and not np.allclose(values, np.round(values), equal_nan=True))
    form = f"{{:+.{digits}f}}" if sign else f"{{:.{digits}f}}"
    # Adding 0 makes 0 of -0, which stands with no sign.
    rounded = np.round(np.nan_to_num(values), digits) + 0.0
    texts = np.vectorize(form.format)(rounded)
    if sign:
        texts = np.where(rounded == 0, "0", texts)
    texts = np.where(np.isnan(values), "", texts)
    if spread is None or np.isnan(spread).all():
        return texts
    sd = np.where(np.isnan(spread), "", np.vectorize("± {:.1f}".format)(np.nan_to_num(spread)))
    return np.char.add(np.char.add(texts.astype(str), "<br>"), sd.astype(str))


def _matrix(
    values: np.ndarray,
    texts: np.ndarray,
    scale: list[list[object]],
    limits: tuple[float, float],
    height: int,
    share_text: str,
    axes: tuple[str, str] = AXES,
) -> go.Figure:
    figure = style.figure(height=height, legend=False)
    heat = {
        "type": "heatmap",
        "z": values,
        "x": LABELS,
        "y": LABELS,
        "colorscale": scale,
        "zmin": limits[0],
        "zmax": limits[1],
        "hoverinfo": "skip",
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": texts,
        # Without a colour of their own, texts are black or white by the cell's, as though no ground
        # shone through it: whoever shows the figure sets theirs.
        "texttemplate": "%{text}",
        "textfont": {"size": 15},
    }
    # A heatmap's cells cannot be picked: markers that are not seen can.
    cells = {
        "type": "scatter",
        "x": [label for _ in LABELS for label in LABELS],
        "y": [label for label in LABELS for _ in LABELS],
        "customdata": [[int(t), int(g), float(values[t, g])] for t in GRADES for g in GRADES],
        "mode": "markers",
        "marker": {"symbol": "square", "size": height / 8, "opacity": 0},
        "hovertemplate": (
            f"{axes[0]} %{{y}}, {axes[1].lower()} %{{x}}<br>{share_text}<extra></extra>"
        ),
        "unselected": {"marker": {"opacity": 0}},
        "selected": {"marker": {"opacity": 0}},
    }
    figure.add_traces([heat, cells])
    # The room for titles and grades: to find it, Plotly draws all of the figure once more.
    axis = {"showline": False, "showgrid": False, "constrain": "domain", "automargin": False}
    figure.update_layout(
        margin={"l": 60, "r": 10, "t": 16, "b": 72},
        xaxis={"title": axes[1], "range": [-0.5, 4.5], **axis},
        # In a narrow column the room that squares leave lies below, not under the heading.
        yaxis={
            "title": axes[0],
            "range": [4.5, -0.5],
            "scaleanchor": "x",
            "constraintoward": "top",
            **axis,
        },
    )
    return figure
