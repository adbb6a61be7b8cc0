"""What all research figures share: one palette, one layout, legible on light and dark pages.

Text and grid take their colours from the page's theme. The colours of the networks are told apart
by readers with any colour vision (teal, orange and violet of unlike lightness), and every series
has a marker or dash of its own, too.
"""

import html
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.wording import plain

COLOUR = {
    "mobilenet": "#1d91a5",
    "resnet50": "#d17a1f",
    TOGETHER: "#8767b5",
}
SYMBOL = {"mobilenet": "circle", "resnet50": "square", TOGETHER: "diamond"}
DASH = {"mobilenet": "solid", "resnet50": "dash", TOGETHER: "dot"}
CLAIM_COLOUR = "#c0446c"
SINGLE = ("#1d91a5", "#d17a1f", "#8767b5", "#c0446c", "#5f8f2e", "#4a6fb3", "#a8763e", "#7d7d7d")
"""Of runs side by side, one after the other; dashes tell more of them apart."""
QUIET = "#8a949a"
"""A grey that is legible on white and on near black."""

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "png", "scale": 3},
}
"""Plotly's menu; a PNG is saved in print resolution."""

INK = {"light": "#0d2126", "dark": "#f4f8f8"}
"""Of texts on a coloured ground, for which a theme's grey is too pale."""


def config(name: str, image: str = "png") -> dict:
    """Return Plotly's menu for a figure that is saved under `name` as ``png`` or ``svg``."""
    kind = {"format": "svg"} if image == "svg" else CONFIG["toImageButtonOptions"]
    return CONFIG | {"toImageButtonOptions": kind | {"filename": name}}


def faded(colour: str, opacity: float) -> str:
    """Return ``#rrggbb`` as ``rgba(...)`` with an opacity in [0, 1]."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def name_of(network: str) -> str:
    """Return how a network or the ensemble is called in a legend."""
    return DISPLAY_NAME.get(network, network)


def key_of(name: str) -> str:
    """Return the key of a network in the palette from the name shown; the ensemble's otherwise."""
    return next((key for key, shown in DISPLAY_NAME.items() if shown == name), TOGETHER)


def figure(*, height: int, legend: bool = True) -> go.Figure:
    """Return an empty figure in the common layout."""
    axis = {"automargin": True, "showline": True, "linecolor": QUIET}
    # All at once: each later change of a layout takes Plotly some milliseconds.
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 10, "r": 10, "t": 16, "b": 10},
            "legend": {
                "orientation": "h",
                "y": 1.02,
                "yanchor": "bottom",
                "x": 1,
                "xanchor": "right",
            },
            "showlegend": legend,
            "hoverlabel": {"namelength": -1},
            "font": {"size": 13},
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def as_text(name: object) -> str:
    """Return a name from a file so that Plotly draws it as it is: it takes tags for markup."""
    return html.escape(plain(str(name), 200)).replace("%", "&#37;")


def interval(
    value: pd.Series, low: pd.Series, high: pd.Series, *, thickness: float = 1.5, width: float = 3
) -> dict[str, Any]:
    """Return the bars of intervals from `low` to `high` around `value`; none where one is unknown.

    `thickness` and `width`, of the ends, are in pixels.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": (high - value).fillna(0),
        "arrayminus": (value - low).fillna(0),
        "thickness": thickness,
        "width": width,
    }
