"""The page of cases: those of this session, those that are saved, and how her grades agree."""

import streamlit as st

from kneeoa.wording import counted
from pages.cases import columns, saved_list
from pages.cases.session import actions, films
from pages.shared import boundary, kept, session_films, style
from pages.shared.access import sign_in
from pages.shared.cases import being_saved, knees, reopening, saved, unsaved
from pages.shared.pacs.running import running
from pages.shared.patients import named
from pages.shared.rows import component as rows

VIEWS = {
    "saved": "Saved",
    "session": "This session",
    "agreement": "My agreement",
    "archive": "Archive",
}


def show() -> None:
    """Show the view that was chosen, or is asked for by the address."""
    title, progress, views, out = st.columns([1, 1.6, 2.2, 1], vertical_alignment="bottom")
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
    with out.container(horizontal=True, horizontal_alignment="right"):
        named.choose_behind_eye()
        sign_out = st.empty()
    if saved.is_open() and being_saved.waiting():
        with sign_out.container(horizontal=True, horizontal_alignment="right"):
            show_sign_out_meanwhile()
    # Whichever view she turns to meanwhile: it goes on until the last film is saved. Beside the
    # title, so that nothing below moves.
    with progress:
        outcome = being_saved.go_on()
    if saved.is_open():  # after it: what could not be saved is asked about
        with sign_out.container(horizontal=True, horizontal_alignment="right"):
            show_sign_out()
    for why in outcome.failed:
        st.error(boundary.escaped(why))
    if outcome.saved:
        count = counted(len(outcome.saved), "film")
        st.toast(f"Saved {count}: {columns.few(outcome.saved)}.", duration="long")
        if not outcome.failed:
            rows.clear_marks(actions.ROWS)
    if view == "agreement":
        from pages.cases import agreement  # late: its figures need what no other view does

        agreement.show()
    elif view == "archive":
        show_archive()
    else:
        {"saved": saved_list, "session": films}[view].show()


def show_sign_out_meanwhile() -> None:
    """Show how the list is closed while films are being saved, and what of hers goes then."""
    count = being_saved.waiting()
    are = "film is" if count == 1 else "films are"
    with st.popover(_sign_out_label(), key="sign_out_asked_meanwhile", type="tertiary"):
        st.markdown(
            f"**{count} {are} being saved.** Those that wait are not when you sign out now, and "
            "what you said of them goes with it."
        )
        going = [film for film in unsaved.going() if not being_saved.is_waiting(film.digest)]
        st.markdown("\n".join(f"- {_told(film)}" for film in going))
        st.button(
            ":red[Sign out anyway]",
            key="sign_out_meanwhile",
            on_click=unsaved.sign_out,
            width="stretch",
        )


def _sign_out_label():
    return f"Sign out {boundary.escaped(saved.reader())}".strip()


def show_sign_out() -> None:
    """Show how the list is closed; where something of hers would go with it, what, and ask."""
    label, going = _sign_out_label(), unsaved.going()
    if not going:
        st.button(label, key="sign_out", on_click=unsaved.sign_out, type="tertiary")
        return
    with st.popover(label, key="sign_out_asked", type="tertiary"):
        them = "it" if len(going) == 1 else "them"
        st.markdown(
            f"**{counted(len(going), 'film')} with something not kept.** What is named of {them} "
            "goes when you sign out; the next reader does not get it."
        )
        st.markdown("\n".join(f"- {_told(film)}" for film in going))
        if to_save := [film.digest for film in going if film.case_id is None and film.is_here]:
            st.button(
                f"Save {counted(len(to_save), 'film')} first",
                key="sign_out_save",
                type="primary",
                on_click=being_saved.ask,
                args=[to_save],
                width="stretch",
            )
        st.button(
            ":red[Sign out anyway]", key="sign_out", on_click=unsaved.sign_out, width="stretch"
        )


def _told(film):
    where = ""
    if film.case_id is not None and not film.is_alike:
        where = f". It is case {film.case_id}, which counts its knees otherwise: grade that one"
    elif film.case_id is not None:
        where = f". It is case {film.case_id}: open it to keep this"
    elif not film.is_here:
        where = ". It was removed: bring it back on Read to save it"
    return f"{boundary.escaped(film.name)}: {boundary.escaped(film.what)}{where}"


def turn_to_opened() -> None:
    """Turn to the film of this session whose row was opened, in whichever view.

    What else she does meanwhile ends this run on the way to Read: the next one goes there.
    """
    state, was_going = st.session_state, "going_to_opened"
    opened = state.get(actions.OPEN, "")
    digest, _, place = opened.partition(".")
    film = session_films.all_films().get(digest)
    has_been_there = state.get(was_going) == opened and session_films.NEXT not in state
    if film is None or has_been_there:
        for name in (actions.OPEN, was_going):
            state.pop(name, None)
        return
    session_films.forget_refusals(folded=True)
    state[session_films.NEXT], state[was_going] = digest, opened
    if place:
        knees.turn_to(film, int(place))
    kept.open_read()


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
    kept.open_read()
with boundary.refusals_shown():
    show()
