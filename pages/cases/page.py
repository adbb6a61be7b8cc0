"""The page of cases: those of this session, those that are saved, and how her grades agree."""

import streamlit as st

from pages.cases import saved_list, session_list
from pages.shared import boundary, kept, session_films, style
from pages.shared.access import sign_in
from pages.shared.cases import being_saved, knees, reopening, saved, unsaved
from pages.shared.pacs.running import running

VIEWS = {
    "saved": "Saved",
    "session": "This session",
    "agreement": "My agreement",
    "archive": "Archive",
}


def show() -> None:
    """Show the view that was chosen, or is asked for by the address."""
    title, views, out = st.columns([3, 2, 0.7], vertical_alignment="bottom")
    title.title("Cases")
    with views:
        view = kept.one(
            st.segmented_control,
            "Show",
            [name for name in VIEWS if name != "archive" or running().is_asked_for],
            "view",
            default="saved" if saved.is_on() else "session",
            format_func=VIEWS.get,
            required=True,
            label_visibility="collapsed",
        )
    turn_to_opened()
    if saved.is_open():
        who = saved.reader()
        out.button(
            f"Sign out {boundary.escaped(who)}".strip(),
            key="sign_out",
            on_click=unsaved.sign_out,
            type="tertiary",
        )
    # Whichever view she turns to meanwhile: it goes on until the last film is saved.
    for why in being_saved.go_on():
        st.error(boundary.escaped(why))
    if view == "agreement":
        from pages.cases import agreement  # late: its figures need what no other view does

        agreement.show()
    elif view == "archive":
        show_archive()
    else:
        {"saved": saved_list, "session": session_list}[view].show()


def turn_to_opened() -> None:
    """Turn to the film of this session whose row was opened, in whichever view."""
    digest, _, place = st.session_state.pop(session_list.OPEN, "").partition(".")
    if (film := session_films.all_films().get(digest)) is not None:
        session_films.forget_refusals()
        st.session_state[session_films.NEXT] = digest
        if place:
            knees.turn_to(film, int(place))
        kept.open_page("reading/page.py")


def show_archive() -> None:
    """Show what comes from and goes to an archive, which shows patients: to who has the key."""
    from pages.cases import pacs  # late: most servers have none

    if saved.is_open():
        pacs.show()
    elif why := sign_in.refusal(saved.DOOR):
        st.info(
            f"The archive is open to whoever has the key of the case list. {boundary.escaped(why)}"
        )
    else:
        st.markdown("The archive is open to whoever has the key of the case list.")
        saved.show_sign_in()


style.apply_style()
if reopening.wanted() is not None:
    kept.open_page("reading/page.py")
with boundary.refusals_shown():
    show()
