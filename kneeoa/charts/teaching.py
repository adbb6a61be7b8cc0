"""Teaching as figures: the votes on a film, a learner's progress, the films that divide a group.

In all of them the reference grade, and who gave it, is solid teal; any other answer is orange, and
hatched where it is a bar. What is neither, or may not be told yet, has none of these colours.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kneeoa.charts import style
from kneeoa.grades import GRADES, KLGrade

LABELS = [grade.label for grade in GRADES]
_RIGHT, _OTHER, _UNTOLD = "#2b93a1", "#d17a1f", style.QUIET
_HATCHED = "/"
_KINDS = tuple(style.SINGLE[place] for place in (5, 2, 3, 4, 7, 6))
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


def votes_figure(
    votes: Sequence[int], *, reference: KLGrade | None = None, height: int = 420
) -> go.Figure:
    """Return how many gave each grade, for a projector; which is the reference once it is told.

    `votes` (5,) int.
    """
    counts = np.asarray(votes, int)
    total = max(1, counts.sum())
    figure = style.figure(height=height, legend=False)
    is_other = [reference is not None and grade != reference for grade in GRADES]
    right = _UNTOLD if reference is None else _RIGHT
    figure.add_bar(
        x=LABELS,
        y=counts,
        text=[f"<b>{n}</b>" if n else "" for n in counts],
        textfont={"size": 26},
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": [_OTHER if other else right for other in is_other],
            "pattern": {"shape": [_HATCHED if other else "" for other in is_other]},
        },
        customdata=100 * counts / total,
        hovertemplate="%{x}: %{y} votes (%{customdata:.0f}%)<extra></extra>",
    )
    if reference is not None:
        figure.add_annotation(
            x=reference.label,
            y=0,
            yref="paper",
            yanchor="top",
            yshift=-38,
            text="reference",
            showarrow=False,
            font={"size": 16},
        )
    figure.update_xaxes(tickfont={"size": 22})
    top = max(1, counts.max(initial=0))
    figure.update_yaxes(range=[0, 1.18 * top], visible=False)
    figure.update_layout(margin={"b": 72})
    return figure


def progress_figure(progress: pd.DataFrame, measure: str, *, step: str = "Session") -> go.Figure:
    """Return a reader's scores over her sessions, or another `step`, with intervals.

    `progress` as from `scoring.progress`; `measure` is ``accuracy`` or ``kappa``. Where it has
    them, a ``number`` places each session, and a ``kind`` says which compare: each is a line.
    """
    numbers = pd.Series(range(1, len(progress) + 1), progress.index, name="number")
    table = progress if "number" in progress else progress.join(numbers)
    kinds = table["kind"].unique() if "kind" in table else [None]
    figure = style.figure(height=300, legend=len(kinds) > 1)
    for place, kind in enumerate(kinds):
        line = table if kind is None else table[table["kind"] == kind]
        value, colour = line[measure], _KINDS[place % len(_KINDS)]
        figure.add_scatter(
            x=line["number"].tolist(),
            y=value,
            error_y=style.interval(
                value, line[f"{measure}_low"], line[f"{measure}_high"], thickness=2, width=4
            )
            | {"color": style.faded(colour, 0.5)},
            name=kind,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 9, "symbol": _SYMBOLS[place % len(_SYMBOLS)]},
            customdata=line[["session", "answered"]],
            hovertemplate="%{customdata[0]}<br>%{y:.2f} on %{customdata[1]} films<extra></extra>",
        )
    # From the first to the last, and no further: there is no session 0.
    numbers = table["number"]
    ends = [numbers.min() - 0.5, numbers.max() + 0.5] if len(table) else None
    figure.update_xaxes(title=step, range=ends, **_whole(numbers))
    if measure == "accuracy":
        figure.update_yaxes(title="Accuracy", tickformat=".0%", range=[-0.03, 1.03])
    else:
        lowest = table[["kappa", "kappa_low"]].min(axis=None)
        floor = float(np.fmin(-0.25, lowest - 0.03))  # no interval is cut off
        figure.update_yaxes(title="Quadratic weighted kappa", range=[floor, 1.03])
    return figure


def _whole(numbers: pd.Series) -> dict[str, list[int]]:
    """Ticks at about a dozen of whole numbers, the first and the last among them."""
    if numbers.empty:
        return {}
    first, last = int(numbers.min()), int(numbers.max())
    step = max(1, (last - first) // 12)
    ticks = [number for number in range(first, last, step) if last - number >= step]
    return {"tickvals": [*ticks, last]}


def pace_figure(answers: pd.DataFrame, *, limit: float | None = None) -> go.Figure:
    """Return the time for each film of a session, those not graded as the reference marked.

    `answers` has ``position, reference, grade, seconds``; `limit` in seconds is a line.
    """
    figure = style.figure(height=220)
    is_right = (answers["grade"] == answers["reference"]).fillna(False).astype(bool)
    for which, name, colour, shape in (
        (is_right, "as the reference", _RIGHT, ""),
        (~is_right, "missed", _OTHER, _HATCHED),
    ):
        answered = answers[which]
        figure.add_bar(
            x=answered["position"] + 1,
            y=answered["seconds"],
            width=0.7,
            name=name,
            marker={"color": colour, "pattern": {"shape": shape}},
            customdata=[
                f"reference KL {reference}, given {'none' if pd.isna(grade) else f'KL {grade}'}"
                for reference, grade in zip(answered["reference"], answered["grade"], strict=True)
            ],
            hovertemplate="film %{x}: %{y:.1f} s<br>%{customdata}<extra></extra>",
        )
    if limit is not None:
        figure.add_hline(y=limit, line={"dash": "dot", "width": 1})
    figure.update_xaxes(title="Film", dtick=max(1, len(answers) // 25))
    figure.update_yaxes(title="Seconds", rangemode="tozero")
    figure.update_layout(barmode="overlay")
    return figure


def spread_figure(films: pd.DataFrame) -> go.Figure:
    """Return the votes on every film of a session as a strip, in the order of `films`.

    `films` as from `readers.by_film`. Circles grow with the votes; a line marks the reference.
    """
    figure = style.figure(height=340)
    names = [f"film {number}" for number in films.get("number", films.index + 1)]
    for grade in GRADES:
        votes, is_right = films[grade.label], films["reference"] == int(grade)
        figure.add_scatter(
            x=names,
            y=[int(grade)] * len(films),
            mode="markers",
            marker={
                "size": 34 * np.sqrt(votes / max(1, films["votes"].max())),
                "color": [_shade(right) for right in is_right],
            },
            showlegend=False,
            customdata=votes,
            hovertemplate=f"%{{x}}: %{{customdata}} votes for {grade.label}<extra></extra>",
        )
    # For the legend alone: the circle of a grade that nobody gave has no size.
    for is_right, name in ((True, "votes for the reference grade"), (False, "for another grade")):
        marker = {"size": 12, "color": _shade(is_right)}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)
    figure.add_scatter(
        x=names,
        y=films["reference"],
        mode="markers",
        marker={"symbol": "line-ew-open", "size": 30, "color": _UNTOLD, "line_width": 3},
        name="reference",
        hovertemplate="%{x}: reference KL %{y}<extra></extra>",
    )
    figure.update_yaxes(tickvals=list(range(5)), ticktext=LABELS, range=[-0.5, 4.5])
    return figure


def _shade(is_right: bool) -> str:
    return style.faded(_RIGHT if is_right else _OTHER, 0.75)
