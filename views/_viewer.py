"""A film, large: zoomed and panned with the mouse, windowed and inverted for the eye only."""

import streamlit as st

from kneeoa import display
from kneeoa.charts import viewer
from kneeoa.joints import Frame
from kneeoa.radiograph import Radiograph

LONGEST_SHOWN = 1600


def show_film(radiograph: Radiograph, frame: Frame, *, room: int = 500) -> None:
    """Show the film with `frame` drawn on it, at most `room` pixels high."""
    shown = display.fit_within(radiograph.pixels, LONGEST_SHOWN)
    height, width = radiograph.pixels.shape
    figure = viewer.film_figure(
        display.windowed(shown),
        height=height,
        width=width,
        frame=frame,
        view=radiograph.digest,
        room=room,
    )
    st.plotly_chart(figure, config=viewer.VIEWER_CONFIG, key="viewer", theme=None)
    low, high = st.session_state.get("window", (0, 255))
    invert = st.session_state.get("invert", False)
    shade = display.window_filter(low=low, high=high, invert=invert)
    st.html(f"<style>.st-key-viewer .main-svg {{filter: {shade};}}</style>")


def show_window(window, invert) -> None:
    """Show the window and invert controls in the two places given."""
    window.slider(
        "Window (grey values)",
        0,
        255,
        (0, 255),
        key="window",
        persist_state="session",
        help="For the eye only: the networks always see the whole range.",
    )
    invert.toggle("Invert", key="invert", persist_state="session")
