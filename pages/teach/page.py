"""The teacher's page: open a group session, lead it film by film, see what came of it."""

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.store import group as store
from kneeoa.teaching import exam as exams
from kneeoa.teaching import keys
from kneeoa.wording import counted, entered
from pages.shared import boundary, cached, clients, dataset_films, exam_choice, style
from pages.shared.access import log, sign_in
from pages.teach import group_results, projector, steps

# The session's code in the address, so that a reload comes back to its film.
SESSION = "session"
OPENED = "opened_session"
DOOR = sign_in.Door(
    "teacher",
    keys.SETTING,
    "Teacher's key",
    keys.check_setting,
    "teacher signed in",
    "wrong teacher's key",
)
A_PAGE = 8
STATES = {
    "waiting": "not begun",
    "voting": "open",
    "closed": "open",
    "told": "open",
    "ended": "ended",
}


def is_signed_in() -> bool:
    """Ask for the key until it is given."""
    if sign_in.is_open(DOOR):
        return True
    st.title("Teach a group")
    if why := sign_in.refusal(DOOR):
        st.info(boundary.escaped(why))
    else:
        sign_in.show_form(DOOR)
    return False


def show_start() -> None:
    """Show the form of a new session, and the sessions that there are."""
    films = cached.teaching_set()
    st.title("Teach a group")
    for note in films.notes:
        st.caption(boundary.escaped(note))
    if films.is_synthetic:
        st.warning("These films are drawn, not taken: learners see the signs, not real films.")
        dataset_films.say_how_to_get_films()
    new, sessions = st.columns([1, 1], gap="large")
    with new:
        show_new(films)
        if films.left_out:
            with st.expander("Not taken from the folder of films"):
                st.markdown("\n".join(f"- {boundary.escaped(line)}" for line in films.left_out))
    with sessions:
        show_sessions()
    log.show()


def show_new(films) -> None:
    """Show the settings of a new session; open it."""
    st.subheader("A new session")
    refusal = st.container()  # above the form: below it, it might be out of sight
    title = st.text_input("Title", max_chars=exams.LONGEST_TITLE, key="title")
    with st.container():  # there in any case, so that what is below stays open
        exam_choice.say_what_file_sets()
    count = exam_choice.choose_count(exam_choice.CLASS)
    grades = exam_choice.choose_grades(exam_choice.CLASS)
    seconds = exam_choice.choose_limit(exam_choice.CLASS)
    st.caption("Voting closes by itself when the time is over, or when all who joined have voted.")
    with st.expander("Seed, or an exam from a file"):
        seed = exam_choice.choose_seed()
        file = exam_choice.choose_file()
    if st.button("Open the session", type="primary", key="open"):
        with refusal, boundary.refusals_shown():
            title, left_out = entered(title, exams.LONGEST_TITLE, "a title"), 0
            if file is not None:
                exam, left_out = exam_choice.from_file(file, films)
                exam = replace(exam, title=title or exam.title)
            else:
                exam = exams.draw_exam(
                    films.films.values(),
                    count,
                    seed=exam_choice.new_seed(seed),
                    title=title,
                    grades=grades,
                )
                exam_choice.drawn(exam, count)
            # A second click must find what the first one opened, which it may have interrupted.
            opened = st.session_state.setdefault(OPENED, [])
            new = store.open_group(
                cached.store(), exam, datetime.now(UTC), seconds=seconds, left_out=left_out
            )
            opened.append(new.code)
            st.rerun()


def show_sessions() -> None:
    """Show the sessions that there are, the newest first."""
    groups = store.groups(cached.store())
    st.subheader("Sessions")
    if damaged := store.damaged_groups(cached.store()):
        st.warning(
            f"{counted(len(damaged), 'session')} left out: what is kept of them is damaged and "
            "cannot be read."
        )
        st.button("Delete what is damaged", on_click=_delete, args=damaged, key="delete_damaged")
    if not groups:
        st.caption("None yet.")
        return
    pages = -(-len(groups) // A_PAGE)
    page = st.pagination(pages, key="sessions_page") if pages > 1 else 1
    for group in groups[(page - 1) * A_PAGE : page * A_PAGE]:
        with st.container(border=True):
            summary, act, delete = st.columns([3, 1.2, 1], vertical_alignment="center")
            title = boundary.escaped(group.exam.title or "Untitled")
            summary.markdown(
                f"**{title}**  \n{group.code}, {len(group.exam.films)} films, "
                f"{group.opened_at:%Y-%m-%d %H:%M} UTC, {STATES[group.state]}"
            )
            which = f"{group.exam.title or 'Untitled'}, {group.code}"
            act.button(
                boundary.told_apart("Results" if group.state == "ended" else "Go on", which),
                key=f"go_{group.code}",
                on_click=_go_to,
                args=[group.code],
                width="stretch",
            )
            # By its own key it is closed, also where that of a session just deleted was open.
            with delete.popover(
                boundary.told_apart("Delete", which),
                width="stretch",
                key=f"away_{group.code}",
                on_change="rerun",
            ):
                st.markdown("The session and its votes are deleted for good.")
                st.button(
                    ":red[Delete now]",
                    key=f"delete_{group.code}",
                    on_click=_delete,
                    args=[group.group_id],
                )


def _delete(*group_ids):
    for group_id in group_ids:
        store.delete_group(cached.store(), group_id, **clients.now_here())


def _go_to(code):
    st.query_params[SESSION] = code


def show() -> None:
    """Show the session that the address names, or the start."""
    cached.store()  # where it cannot be opened, that is said before a session is planned
    if not is_signed_in():
        return
    if opened := st.session_state.get(OPENED):
        st.query_params[SESSION] = opened[-1]
        del st.session_state[OPENED]
    code = st.query_params.get(SESSION)
    if code:
        try:
            group = store.find_group(cached.store(), code)
        except KneeOAError as error:
            st.warning(boundary.escaped(str(error)))
            del st.query_params[SESSION]
        else:
            if steps.is_alone():
                style.hide_menu()
            steps.show_refusal()
            page = group_results if group.state == "ended" else projector
            page.show(group)
            return
    show_start()


style.apply_style()
with boundary.refusals_shown():
    show()
