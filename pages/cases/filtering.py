"""What is looked for in the list of saved cases."""

from datetime import date

import streamlit as st

from kneeoa.grades import GRADES
from kneeoa.store.cases.listing import DOUBTS, Filters

SIDES = {"R": "right", "L": "left", "unknown": "not known"}


def choose() -> Filters:
    """Ask what is looked for."""
    text, grades, doubts, more = st.columns([2.2, 2.2, 2.3, 1.5], vertical_alignment="bottom")
    words = text.text_input(
        "Search",
        key="cases_text",
        placeholder="Film, case, patient's mark, grade",
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
            key="cases_days",
            persist_state="session",
        )
        unread = st.toggle("Unread only", key="cases_unread", persist_state="session")
    since, until = (*days, None, None)[:2] if isinstance(days, tuple) else (days, days)
    return Filters(
        words, tuple(of_grades), tuple(of_doubts), tuple(sides), since, until, bool(unread)
    )
