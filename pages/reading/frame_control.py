"""The frame control: which knee of the film is graded, and where exactly."""

import streamlit as st

from kneeoa.films.joints import SMALLEST_FRAME, Frame
from pages.shared.session_films import Film, forget_frame


def choose_knee(film: Film) -> int:
    """Return which proposed frame to start from; ask where the film holds two knees."""
    if len(film.frames) == 1:
        return 0
    return st.segmented_control(
        "This film seems to show two knees. Grade the one on the",
        range(len(film.frames)),
        format_func=lambda index: film.frames[index].name,
        default=0,
        required=True,
        key=f"knee_{film.radiograph.digest[:12]}",
        persist_state="session",
    )


def choose_frame(film: Film, knee: int) -> Frame:
    """Return the frame to grade; let the reader move it from where it was proposed."""
    key = f"{film.radiograph.digest[:12]}_{knee}"
    proposed = film.frames[knee]
    height, width = film.radiograph.pixels.shape
    with st.popover("Frame", width="stretch", help="What the networks see; move it here"):
        st.caption(
            "The networks learned from square films centred on the joint, femur above and tibia "
            "below, a little wider than the knee. The dotted square is what they see; past the "
            "film's border its edge is repeated."
        )
        largest = max(2 * min(height, width), proposed.side)
        side = _slider("Size", SMALLEST_FRAME, largest, proposed.side, f"side_{key}")
        row, column = proposed.centre
        across = _slider("Middle, across", 0, width, column, f"across_{key}")
        down = _slider("Middle, down", 0, height, row, f"down_{key}")
        st.button("Back to the proposal", on_click=forget_frame, args=[film.radiograph.digest])
    return Frame.around(down, across, side, proposed.name)


def _slider(label, low, high, proposed, key):
    if low >= high:
        return proposed
    value = min(max(proposed, low), high)
    return st.slider(f"{label} (pixels)", low, high, value, key=key, persist_state="session")
