"""A learner's sessions: how her scores went, and the way back to the result of each."""

import streamlit as st

from kneeoa.charts import teaching as charts
from kneeoa.store import practice as store
from kneeoa.teaching import scoring
from kneeoa.wording import counted
from pages.shared import cached, table_view

RESULT = "result"
"""Which session's result is shown: in the browser session, and by its number in the address."""


def kept(learner) -> dict:
    """Return the learner's sessions that have an answer, with their answers, by a name."""
    database = cached.store()
    sessions = {}
    # Numbered: two may begin in one minute.
    for number, session in enumerate(store.sessions_of(database, learner), start=1):
        answers = store.answers_of(database, session.session_id)
        if answers["grade"].notna().any():
            kind = ", AI or not" if session.options.mode == "ai" else ""
            films = f"{len(session.exam.films)} films{kind}"
            sessions[f"{number}: {session.started_at:%Y-%m-%d %H:%M}, {films}"] = session, answers
    return sessions


def show(learner) -> None:
    """Show a learner's scores session by session."""
    if learner and (damaged := store.damaged_sessions(cached.store(), learner)):
        st.warning(
            f"{counted(damaged, 'session')} left out: what is kept of them is damaged and cannot "
            "be read."
        )
    sessions = {} if learner is None else kept(learner)
    if not sessions:
        return
    st.subheader("Your sessions")
    measure = st.segmented_control(
        "Progress in",
        ["accuracy", "kappa"],
        default="accuracy",
        required=True,
        key="progress_measure",
        label_visibility="collapsed",
    )
    progress = scoring.progress({name: answers for name, (_, answers) in sessions.items()})
    table_view.show_figure(charts.progress_figure(progress, measure), "progress")
    if measure == "kappa" and (without := int(progress["kappa"].isna().sum())):
        st.caption(
            f"{counted(without, 'session')} not in the figure: kappa is not defined where one "
            "grade alone was given, or shown."
        )
    name = st.selectbox(
        "Look at a result again", list(sessions)[::-1], None, key="look_again", placeholder="Which?"
    )
    if name is not None:
        st.session_state[RESULT] = sessions[name][0]
        st.rerun()


def chosen(learner):
    """Return the session whose result is to be shown, or None; a reload finds it again."""
    session = st.session_state.get(RESULT)
    wanted = st.query_params.get(RESULT)
    if session is None and wanted and learner is not None:
        hers = store.sessions_of(cached.store(), learner)
        session = next((session for session in hers if str(session.session_id) == wanted), None)
    if session is None:
        st.query_params.pop(RESULT, None)
    else:
        st.session_state[RESULT] = session
        st.query_params[RESULT] = str(session.session_id)
    return session


def leave() -> None:
    """Turn away from the result."""
    st.session_state.pop(RESULT, None)
    st.query_params.pop(RESULT, None)
