"""A film, large: zoomed, panned, windowed and inverted for the eye only, by mouse or by key."""

import streamlit as st

from kneeoa.charts import viewer
from kneeoa.films import display
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph

LONGEST_SHOWN = 1600
WINDOWS = ((0, 255), (64, 255), (0, 192), (64, 192))
"""What the key goes through: everything, then more contrast in bright, dark and middle parts."""
_PART = "part_in_view"


def show_film(radiograph: Radiograph, frame: Frame, *, room: int = 500) -> None:
    """Show the film with `frame` drawn on it, at most `room` pixels high."""
    shown = display.fit_within(radiograph.pixels, LONGEST_SHOWN)
    height, width = radiograph.pixels.shape
    part = _part_of(radiograph)
    figure = viewer.film_figure(
        display.windowed(shown),
        height=height,
        width=width,
        frame=frame,
        view=f"{radiograph.digest} {part}",
        part=part,
        room=room,
    )
    st.plotly_chart(figure, config=viewer.VIEWER_CONFIG, key="viewer", theme=None)
    low, high = st.session_state.get("window", WINDOWS[0])
    invert = st.session_state.get("invert", False)
    shade = display.window_filter(low=low, high=high, invert=invert)
    st.html(f"<style>.st-key-viewer .main-svg {{filter: {shade};}}</style>")


def show_window(window, invert) -> None:
    """Show the window and invert controls in the two places given."""
    _show_slider(window)
    invert.toggle("Invert", key="invert", persist_state="session")


def show_keys(radiograph: Radiograph) -> None:
    """Show what can be done to the film in view, each with its key."""
    window, *places = st.columns([2, 1, 1, 1], vertical_alignment="bottom", gap="small")
    _show_slider(window)
    for place, label, shortcut, act, is_on, told in (
        (places[0], "Zoom", "Z", _next_part, _part_of(radiograph) != viewer.PARTS[0],
         "The joint's left half, its right half, the whole film. The mouse zooms anywhere."),
        (places[1], "Window", "W", _next_window, False,
         "More contrast in the bright, the dark, the middle parts."),
        (places[2], "Invert", "I", _invert, st.session_state.get("invert", False), None),
    ):  # fmt: skip
        place.button(
            label,
            key=f"view_{label.lower()}",
            shortcut=shortcut,
            type="primary" if is_on else "secondary",
            help=told,
            on_click=act,
            args=[radiograph],
            width="stretch",
        )


def _show_slider(place):
    # Not as its default, which Streamlit would not let a key change.
    st.session_state.setdefault("window", WINDOWS[0])
    place.slider(
        "Window (grey values)",
        0,
        255,
        key="window",
        persist_state="session",
        help="For the eye only: the networks always see the whole range.",
    )


def _part_of(radiograph):
    # Every film begins whole.
    digest, part = st.session_state.get(_PART, ("", viewer.PARTS[0]))
    return part if digest == radiograph.digest else viewer.PARTS[0]


def _next_part(radiograph):
    st.session_state[_PART] = radiograph.digest, _after(viewer.PARTS, _part_of(radiograph))


def _next_window(_):
    st.session_state["window"] = _after(WINDOWS, tuple(st.session_state["window"]))


def _invert(_):
    st.session_state["invert"] = not st.session_state.get("invert", False)


def _after(choices, one):
    """Return the choice after `one`; the first where it is the last, or none of them."""
    return choices[(choices.index(one) + 1) % len(choices)] if one in choices else choices[0]
