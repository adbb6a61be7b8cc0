"""What is looked for in the list of saved cases."""

from datetime import date

import streamlit as st

from kneeoa.grades import GRADES
from kneeoa.store.cases.listing import DOUBTS, Filters
from kneeoa.wording import counted

_ROUND = "cases_search_round"
SIDES = {"R": "right", "L": "left", "unknown": "not known"}


def choose() -> Filters:
    """Ask what is looked for."""
    left, more = st.columns([6.7, 1.5], vertical_alignment="bottom")
    text, grades, doubts = left.columns([2.2, 2.2, 2.3])  # labels in one line
    words = text.text_input(
        "Search",
        key="cases_text",
        placeholder="Film, case, mark, side, day, KL grade",
        help="Words of the film's name in this list, which may not be that of the file; *case 14*; "
        "the patient's mark; *left* or *right*; *2026-11-28*, *2026-11* or *2026*, of the study or "
        "the saving; *KL 2* or *KL 1 to 2*. A row must have all of them.",
        persist_state="session",
    )
    of_grades = grades.pills(
        "Grade",
        [int(grade) for grade in GRADES],
        selection_mode="multi",
        format_func=lambda grade: f"KL {grade}",
        key="cases_grades",
        persist_state="session",
    )
    of_doubts = doubts.pills(
        "Doubt", DOUBTS, selection_mode="multi", key="cases_doubts", persist_state="session"
    )
    with more.popover("Side, day, unread", width="stretch"):
        sides = st.pills(
            "Side",
            list(SIDES),
            selection_mode="multi",
            format_func=SIDES.__getitem__,
            key="cases_sides",
            persist_state="session",
        )
        days = st.date_input(
            "Day of the study, or of saving",
            value=[],
            min_value=date(1900, 1, 1),  # else of the last ten years alone
            max_value=date(2100, 1, 1),
            format="YYYY-MM-DD",
            key=f"cases_days_{st.session_state.get(_ROUND, 0)}",
            persist_state="session",
        )
        unread = st.toggle("Unread only", key="cases_unread", persist_state="session")
    since, until = (*days, None, None)[:2] if isinstance(days, tuple) else (days, days)
    return Filters(
        words, tuple(of_grades), tuple(of_doubts), tuple(sides), since, until, bool(unread)
    )


def show_nothing(count: int) -> None:
    """Show that none of `count` knees is what is looked for, and the way back to all of them."""
    with st.container(border=True):
        st.markdown(
            f"**Nothing here matches**, of {counted(count, 'knee')}. A film that was saved without "
            "its patient is not listed by its file's name: look for the number of its case, which "
            "stands beside it on *Read*, or for its side and day."
        )
        st.button("Clear search", key="cases_clear_search", type="primary", on_click=_clear)


def _clear():
    state = st.session_state
    state.update(cases_text="", cases_grades=[], cases_doubts=[], cases_sides=[])
    state.update(cases_unread=False)
    # Days that have a default are not to be set besides: asked for anew, they have it again.
    state[_ROUND] = state.get(_ROUND, 0) + 1
