"""The page of cases: those of this session, those that are saved, and how her grades agree."""

import streamlit as st

from pages.cases import saved_list, session_list
from pages.shared import boundary, kept, style
from pages.shared.cases import saved

VIEWS = {"saved": "Saved", "session": "This session", "agreement": "My agreement"}


def show() -> None:
    """Show the view that was chosen, or is asked for by the address."""
    title, views, out = st.columns([3, 2, 0.7], vertical_alignment="bottom")
    title.title("Cases")
    with views:
        view = kept.one(
            st.segmented_control,
            "Show",
            list(VIEWS),
            "view",
            default="saved" if saved.is_on() else "session",
            format_func=VIEWS.get,
            required=True,
            label_visibility="collapsed",
        )
    if saved.is_open():
        who = saved.reader()
        out.button(
            f"Sign out {boundary.escaped(who)}".strip(),
            key="sign_out",
            on_click=saved.sign_out,
            type="tertiary",
        )
    if view == "agreement":
        from pages.cases import agreement  # late: its figures need what no other view does

        agreement.show()
    else:
        {"saved": saved_list, "session": session_list}[view].show()


style.apply_style()
if saved.is_wanted():
    st.switch_page("reading/page.py")
with boundary.refusals_shown():
    show()
