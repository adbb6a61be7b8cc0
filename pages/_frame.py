"""The frame control: which knee of the film is graded, and where exactly."""

import streamlit as st

from kneeoa.joints import SMALLEST_FRAME, Frame
from pages._films import Film


def choose_knee(film: Film) -> int:
    """Return which proposed frame to start from; ask where the film holds two knees."""
    if len(film.frames) == 1:
        return 0
    return st.segmented_control(
        "This film is as wide as two knees. Grade the knee on the",
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
    largest = min(height, width)
    if largest <= SMALLEST_FRAME:
        return proposed
    with st.popover("Frame", width="stretch", help="What the networks see; move it here"):
        st.caption(
            "The networks learned from square films centred on the joint, femur above and tibia "
            "below, a little wider than the knee. The dotted square is what they see."
        )
        side = st.slider(
            "Size (pixels)",
            SMALLEST_FRAME,
            largest,
            proposed.side,
            key=f"side_{key}",
            persist_state="session",
        )
        inset = (proposed.side - side) // 2
        left = _place("Across", width - side, proposed.left + inset, f"left_{key}_{side}")
        top = _place("Down", height - side, proposed.top + inset, f"top_{key}_{side}")
    return Frame(top, left, side, proposed.name)


def _place(label, room, proposed, key):
    if room <= 0:
        return 0
    value = min(max(proposed, 0), room)
    return st.slider(f"{label} (pixels)", 0, room, value, key=key, persist_state="session")
