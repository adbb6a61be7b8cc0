"""The teacher's page: open a group session, lead it film by film, see what came of it."""

import math
import os
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from kneeoa.errors import ConfigError, KneeOAError
from kneeoa.store import audit
from kneeoa.store import group as store
from kneeoa.teaching import exam as exams
from kneeoa.teaching import keys
from kneeoa.wording import counted, entered
from pages.shared import boundary, cached, clients, dataset_films, exam_choice, style
from pages.teach import group_results, projector, steps

# The session's code in the address, so that a reload comes back to its film.
SESSION = "session"
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
    try:
        setting = keys.check_setting(os.environ.get(keys.SETTING))
    except ConfigError as error:
        st.title("Teach a group")
        st.info(boundary.escaped(str(error)))
        return False
    if st.session_state.get("teacher"):
        return True
    st.title("Teach a group")
    with st.form("sign_in", width=420):
        given = st.text_input("Teacher's key", type="password", key="key")
        if st.form_submit_button("Sign in", type="primary") and opens(given or "", setting):
            st.session_state["teacher"] = True
            st.rerun()
    return False


def opens(given: str, setting: str) -> bool:
    """Return whether the key is right; say so where it is not, or there were too many tries."""
    # Before it is compared, and for the right one, too: how long it takes must tell nothing.
    if wait := clients.seconds_to_wait():
        st.error(
            f"Too many tries from here. Wait {counted(math.ceil(wait), 'second')}, then try again."
        )
        return False
    right = keys.is_right(given, setting)
    clients.note("teacher signed in" if right else "wrong teacher's key")
    if not right:
        st.error("This is not the teacher's key. It is the one that the dashboard runs with.")
    return right


def show_start() -> None:
    """Show the form of a new session, and the sessions that there are."""
    films = cached.teaching_set()
    st.title("Teach a group")
    for note in films.notes:
        st.caption(boundary.escaped(note))
    if films.is_synthetic:
        st.warning("These films are drawn, not taken: learners see the signs, not real films.")
        dataset_films.say_how_to_get_films()
    new, there = st.columns([1, 1], gap="large")
    with new:
        show_new(films)
    with there:
        show_sessions()
    show_log()


def show_new(films) -> None:
    """Show the settings of a new session; open it."""
    st.subheader("A new session")
    refusal = st.container()  # above the form: below it, it might be out of sight
    title = st.text_input("Title", max_chars=exams.LONGEST_TITLE, key="title")
    count = exam_choice.choose_count()
    grades = exam_choice.choose_grades()
    seconds = exam_choice.choose_limit()
    st.caption("Voting closes by itself when the time is over, or when all who joined have voted.")
    with st.expander("Seed, or an exam from a file"):
        seed = exam_choice.choose_seed()
        file = exam_choice.choose_file()
    if st.button("Open the session", type="primary", key="open"):
        with refusal, boundary.refusals_shown():
            title = entered(title, exams.LONGEST_TITLE, "a title")
            if file is not None:
                exam = exam_choice.from_file(file, films)
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
            opened = store.open_group(cached.store(), exam, datetime.now(UTC), seconds=seconds)
            st.query_params[SESSION] = opened.code
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
            said, act, delete = st.columns([3, 1.2, 1], vertical_alignment="center")
            title = boundary.escaped(group.exam.title or "Untitled")
            said.markdown(
                f"**{title}**  \n{group.code}, {len(group.exam.films)} films, "
                f"{group.opened_at:%Y-%m-%d %H:%M} UTC, {STATES[group.state]}"
            )
            act.button(
                "Results" if group.state == "ended" else "Go on",
                key=f"go_{group.code}",
                on_click=_go_to,
                args=[group.code],
                width="stretch",
            )
            with delete.popover("Delete", width="stretch"):
                st.markdown("The session and its votes are deleted for good.")
                st.button(
                    "Delete now",
                    key=f"delete_{group.code}",
                    type="primary",
                    on_click=_delete,
                    args=[group.group_id],
                )


def _delete(*group_ids):
    for group_id in group_ids:
        store.delete_group(cached.store(), group_id, **clients.now_here())


def show_log() -> None:
    """Show who signed in, deleted or took along what, and when."""
    with st.expander("Log of sign-ins, deletions and exports", on_change="rerun", key="log") as log:
        if log.open:
            st.dataframe(
                audit.entries(cached.store()),
                column_config={
                    "happened_at": st.column_config.DatetimeColumn(
                        "When (UTC)", format="YYYY-MM-DD HH:mm:ss"
                    ),
                    "event": "What",
                    "client": "From",
                    "about": "Session or learner",
                },
                hide_index=True,
            )
            st.caption("No name, film or key stands in it. The last 500 entries are shown.")


def _go_to(code):
    st.query_params[SESSION] = code


def show() -> None:
    """Show the session that the address names, or the start."""
    cached.store()  # where it cannot be opened, that is said before a session is planned
    if not is_signed_in():
        return
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
            steps.show_said()
            page = group_results if group.state == "ended" else projector
            page.show(group)
            return
    show_start()


style.apply_style()
with boundary.refusals_shown():
    show()
