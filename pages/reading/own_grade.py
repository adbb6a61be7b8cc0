"""The reader's own grade: by key, before or after she sees what the networks say."""

import streamlit as st

from kneeoa.grades import GRADES, KLGrade
from pages.shared import kept, keyboard
from pages.shared.cases import own_grades
from pages.shared.session_films import Film


def show(film: Film, knee: int, *, waiting: bool = False) -> None:
    """Show the five grades to choose from, and when the networks' answer is shown.

    `waiting` says that there is an answer that waits for hers.
    """
    place = (film.digest, knee)
    keys = (own_grades.KEYS, *place)
    own = own_grades.of(*place)
    if own_grades.asked_early():
        st.toast("Give your grade first: 0 to 4.")
    keyboard.lead()
    with st.container(key="own_grade", gap="xxsmall"):
        row = st.container(
            key="own_grades", horizontal=True, gap="xxsmall", vertical_alignment="center"
        )
        with row:
            st.html("<b>My grade</b>", width="content")
            for grade in GRADES:
                st.button(
                    str(int(grade)),
                    key=f"own_{int(grade)}",
                    shortcut=str(int(grade)),
                    help=f"{grade.label}, {grade.text}. Key {int(grade)}.",
                    type="primary" if own.grade == grade else "secondary",
                    on_click=keyboard.note,
                    args=[keys, int(grade)],
                    width="stretch",
                )
            with st.popover("", icon=":material/visibility:", help="When theirs is shown"):
                choose_when()
                st.caption(
                    "Knees whose answer you have seen stay open. Where it only stood beside the "
                    "films or in a list it is hidden, but your grade counts as given after it."
                )
        if sentence := _order_in_words(own, is_hidden=own_grades.hides(*place)):
            st.html(f'<div class="kl-note kl-quiet">{sentence}</div>')
        if waiting and own_grades.hides(*place):
            st.button(
                "Show the networks' answer",
                key="own_commit",
                shortcut="Enter",
                type="primary" if own.grade is not None else "secondary",
                on_click=keyboard.note,
                args=[keys, "confirm"],
                width="stretch",
                help="Your grade is kept as it is now, as given before you saw theirs."
                if own.seen_at is None
                else None,
            )


def choose_when() -> None:
    """Let the reader choose when the networks' answers are shown, for the session."""
    kept.one(
        st.segmented_control,
        "Show the networks' answer",
        list(own_grades.WHEN),
        own_grades.REVEAL,
        format_func=own_grades.WHEN.get,
        required=True,
        help="After my grade: nothing of what the networks say is shown before you give yours. "
        "Both are kept.",
    )


def show_hidden() -> None:
    """Say that the networks have answered, and what their answer waits for."""
    st.html(
        '<div class="kl-lead kl-quiet">Both networks have read this knee. Their answer is shown '
        "after yours: press 0 to 4, then Enter.</div>"
    )


def _order_in_words(own, *, is_hidden):
    """Return how her grade and the networks' answer came after each other, once both are there."""
    if own.grade is None or own.seen_at is None:
        return ""
    if own.committed is None and is_hidden:
        return "The networks' answer stood beside the films or in a list before."
    if own.committed is None:
        return "Given after the networks' answer was in sight."
    if own.committed == own.grade:
        return "Given before the networks' answer was in sight."
    return f"Before the networks' answer was in sight: {KLGrade(own.committed).label}."
