"""The frame control: which knee of the film is graded, on which side, and where exactly."""

import streamlit as st

from kneeoa.films.frames import SMALLEST_FRAME, Frame
from pages.shared.session_films import Film, forget_frame

SIDES = {"R": "right knee", "L": "left knee", "unknown": "side unknown"}


def choose_knee(film: Film) -> int:
    """Return which proposed frame to start from; ask where the film holds two knees."""
    if len(film.frames) == 1:
        return 0
    return st.segmented_control(
        "This film shows two knees. Grade the one on the",
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
            "The networks learned from crops centred on the joint, femur above and tibia below, a "
            "little wider than the knee. The dotted frame is what they see, stretched to a square; "
            "past the film's border its edge is repeated."
        )
        tall = _slider("Height", 2 * height, proposed.height, f"height_{key}")
        wide = _slider("Width", 2 * width, proposed.width, f"width_{key}")
        row, column = proposed.centre
        across = _slider("Middle, across", width, column, f"across_{key}", lowest=0)
        down = _slider("Middle, down", height, row, f"down_{key}", lowest=0)
        st.segmented_control(
            "Side",
            list(SIDES),
            format_func=SIDES.get,
            default=film.found.knees[knee].side,
            required=True,
            key=_side_key(film, knee),
            persist_state="session",
            help="From the file, or from where a knee lies in a film of both; set it right here.",
        )
        st.button("Back to the proposal", on_click=forget_frame, args=[film.radiograph.digest])
    return Frame.around(down, across, tall, proposed.name, width=wide)


def side_of(film: Film, frame: Frame) -> str:
    """Return ``"L"``, ``"R"`` or ``"unknown"``: as the reader set it, else as it was found."""
    knee = index_of(film, frame)
    return st.session_state.get(_side_key(film, knee)) or film.found.knees[knee].side


def index_of(film: Film, frame: Frame) -> int:
    """Return which of the film's knees `frame` is of; moved frames keep their name."""
    names = [proposed.name for proposed in film.frames]
    return names.index(frame.name) if frame.name in names else 0


def _side_key(film, knee):
    return f"side_{film.radiograph.digest[:12]}_{knee}"


def _slider(label, highest, proposed, key, *, lowest=SMALLEST_FRAME):
    highest = max(highest, proposed)
    if lowest >= highest:
        return proposed
    value = min(max(proposed, lowest), highest)
    return st.slider(f"{label} (pixels)", lowest, highest, value, key=key, persist_state="session")
