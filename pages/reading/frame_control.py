"""The frame: which knee of the film is graded, on which side, and where exactly."""

import streamlit as st

from pages.shared import keyboard
from pages.shared.cases.knees import (
    back_to_proposal,
    findings_of,
    frame_of,
    index_of,
    knee_key,
    knee_of,
    move,
    proposal,
    side_key,
    side_of,
    turn_to,
)
from pages.shared.session_films import Film, all_films

__all__ = [
    "SIDES",
    "choose_knee",
    "findings_of",
    "frame_of",
    "index_of",
    "knee_of",
    "move",
    "proposal",
    "show_frame",
    "side_of",
    "turn_to",
]

_OTHER = {"R": "L", "L": "R"}
SIDES = {"R": "right knee", "L": "left knee", "unknown": "side unknown"}


def choose_knee(film: Film) -> int:
    """Return which proposed frame to start from; ask where the film holds two knees."""
    if len(film.frames) == 1:
        return 0
    st.session_state.setdefault(knee_key(film), 0)
    names = [frame.name for frame in film.frames]
    return keyboard.followed(
        st.segmented_control,
        "This film shows two knees. Grade the one on the",
        range(len(names)),
        knee_key(film),
        "knee",
        film.digest,
        format_func=lambda index: names[index],
        required=True,
        width="stretch",
    )


def show_frame(film: Film, knee: int) -> None:
    """Show how the frame is moved, the way back, and the knee's side."""
    with st.popover("Box and side", width="stretch"):
        st.caption(
            "The networks learned from crops centred on the joint, femur above and tibia below, a "
            "little wider than the knee. The dotted box on the film is what they see, stretched to "
            "a square; past the film's border its edge is repeated. Press B or choose Box above "
            "the film: then drag inside it to move it, a corner to resize it; the arrows move it, "
            "too, and Shift with the arrows resizes it. Esc when done."
        )
        st.session_state.setdefault(side_key(film, knee), film.localised.knees[knee].side)
        keyboard.followed(
            st.segmented_control,
            "Side",
            list(SIDES),
            side_key(film, knee),
            "side",
            film.digest,
            knee,
            format_func=SIDES.__getitem__,
            required=True,
            on_choice=_have_other_be_the_other,
            args=[film.digest, knee],
            help="From the file, or from where a knee lies in a film of both; set it right here.",
        )
        st.button(
            "Back to the proposal",
            key=keyboard.key_for("proposal", film.digest, knee),
            on_click=_back_to_proposal,
            args=[film.digest, knee],
            width="stretch",
        )


def _back_to_proposal(digest, knee):
    if (film := all_films().get(digest)) is not None:
        back_to_proposal(film, knee)


def _have_other_be_the_other(digest, knee):
    """Have the other knee of a film of both be of the other side than the one just set.

    Not where the file names one side for all: two films of one knee may have been put together.
    """
    film = all_films().get(digest)
    if film is None or len(film.frames) < 2:
        return
    side = st.session_state.get(side_key(film, knee))
    if side in _OTHER and film.radiograph.laterality is None:
        st.session_state[side_key(film, 1 - knee)] = _OTHER[side]
