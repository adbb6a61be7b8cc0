"""Accuracy under changes of the films, a panel each."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from kneeoa.charts import style

_APART = 0.03
"""Share of the width between two panels."""
_AROUND = 1.4
"""Steps from the middle of a panel to its sides."""
_ROW = 205
"""Pixels of a row of panels."""
_TITLE = 76.0
"""Pixels between two rows of panels: ticks below one, the title above the next."""


def robustness_figure(table: pd.DataFrame) -> go.Figure:
    """Return the change in accuracy under every change of the films, a panel each, in rows.

    ``table`` as from `train.publish.robustness`: three strengths a change, with paired intervals.
    """
    by_change = {
        change: rows for change, rows in table.groupby("change", sort=False) if change != "none"
    }
    # Four in a row where that leaves no gap: of sixteen none stands alone.
    columns = max(1, min(len(by_change), 4 if len(by_change) % 4 == 0 else 5))
    rows = -(-len(by_change) // columns)
    height = 60 + _ROW * rows
    models = list(table["model"].unique())
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = _layout(height)
    # All at once: built panel by panel, Plotly checks the whole figure again with every piece.
    for index, (change, change_rows) in enumerate(by_change.items()):
        number = "" if index == 0 else str(index + 1)
        across, up = _domains(index, rows, columns, height)
        unit = style.as_text(change_rows["unit"].iloc[0])
        named = style.as_text(change)
        for place, model in enumerate(models):
            part = change_rows[change_rows["model"] == model].sort_values("step")
            traces.append(
                _trace(part, model, named, unit, place - (len(models) - 1) / 2)
                | {"xaxis": f"x{number}", "yaxis": f"y{number}", "showlegend": index == 0}
            )
        layout[f"xaxis{number}"] = _strengths(change_rows, unit) | {
            "domain": across,
            "anchor": f"y{number}",
        }
        layout[f"yaxis{number}"] = {
            "domain": up,
            "anchor": f"x{number}",
            "showticklabels": index % columns == 0,
            "tickformat": "+.0%",
            "zeroline": True,
            "zerolinecolor": style.QUIET,
        } | ({"matches": "y"} if index else {})
        layout["annotations"].append(
            {
                "text": f"{named} ({unit})" if unit else named,
                "x": sum(across) / 2,
                "y": up[1],
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 12},
            }
        )
    return go.Figure(data=traces, layout=layout)


def _layout(height: float) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 60, "b": 10},
        "legend": {
            "orientation": "h",
            "y": 1 + 24 / (height - 70),
            "yanchor": "bottom",
            "x": 1,
            "xanchor": "right",
        },
        "annotations": [],
    }


def _domains(index: int, rows: int, columns: int, height: float) -> tuple[list[float], list[float]]:
    """Return from where to where a panel reaches, across and up, in shares of the figure."""
    row, column = divmod(index, columns)
    wide = (1 - _APART * (columns - 1)) / columns
    between = _TITLE / height if rows > 1 else 0.0
    high = (1 - between * (rows - 1)) / rows
    left, top = column * (wide + _APART), 1 - row * (high + between)
    return [left, left + wide], [max(0.0, top - high), top]


def _trace(part: pd.DataFrame, model: str, change: str, unit: str, shift: float) -> dict[str, Any]:
    key, value = style.key_of(model), part["change_in_accuracy"]
    return {
        "type": "scatter",
        "x": part["step"] + 0.12 * shift,
        "y": value,
        "error_y": style.interval(value, part["low"], part["high"], thickness=1.2, width=2),
        "mode": "lines+markers",
        "line": {"color": style.COLOUR[key], "dash": style.DASH[key], "width": 1.5},
        "marker": {"symbol": style.SYMBOL[key], "size": 7},
        "name": style.as_text(model),
        "legendgroup": model,
        "customdata": part[["strength", "accuracy"]].to_numpy(),
        "hovertemplate": f"{change} %{{customdata[0]:g}} {unit}<br>"
        "%{y:+.1%}, accuracy %{customdata[1]:.1%}<extra></extra>",
    }


def _strengths(change_rows: pd.DataFrame, unit: str) -> dict[str, Any]:
    strengths = change_rows.drop_duplicates("step").sort_values("step")
    first, last = strengths["step"].min(), strengths["step"].max()
    return {
        # As wide for one strength as for all: else its networks stand at the panel's two ends.
        "range": [(first + last) / 2 - _AROUND, (first + last) / 2 + _AROUND],
        "tickvals": strengths["step"],
        # Of what is done or not, such as mirroring, there are no strengths to name.
        "ticktext": [f"{s:g}" if unit else "" for s in strengths["strength"]],
        "ticks": "outside",
    }
