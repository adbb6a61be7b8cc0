"""A learner's sessions: how her scores went, and the way back to the result of each."""

import pandas as pd
import streamlit as st

from kneeoa.charts import teaching as charts
from kneeoa.store import practice as store
from kneeoa.teaching import answers as answered
from kneeoa.teaching import films, scoring
from kneeoa.teaching.exam import grades_text
from kneeoa.wording import counted
from pages.shared import cached, kept, table_view

RESULT = "result"
"""Which session's result is shown, by its number: in the browser session and in the address."""


def every(learner) -> dict:
    """Return the learner's sessions with their answers, by their numbers."""
    database = cached.store()
    sessions = store.sessions_of(database, learner)
    answers = store.answers_of_sessions(database, [session.session_id for session in sessions])
    return {
        number: (session, answers[session.session_id])
        for number, session in enumerate(sessions, start=1)
    }


SEEN = "with films seen before"


def kind_of(session, *, has_seen: bool) -> str:
    """Return what sets a session apart from others whose scores mean something else.

    `has_seen` is whether any of its films appeared in another session before.
    """
    parts = [grades_text(session.exam.grades)]
    if session.options.mode == "ai":
        parts.append("AI or not")
    if limit := session.options.seconds_per_film:
        parts.append(f"{limit:.0f} s a film")
    if films.are_drawn(session.exam.image_ids):
        parts.append("drawn films")
    if has_seen:
        parts.append(SEEN)
    return ", ".join(parts)


def name_of(number, session, kind) -> str:
    """Return how a session is called: numbered, for two may begin in one minute."""
    count = counted(len(session.exam.films), "film")
    return f"{number}: {session.started_at:%Y-%m-%d %H:%M} UTC, {count}, {kind}"


def show(learner) -> None:
    """Show a learner's scores session by session."""
    if learner and (damaged := store.damaged_sessions(cached.store(), learner)):
        st.warning(
            f"{counted(damaged, 'session')} left out: what is kept of them is damaged and cannot "
            "be read."
        )
    past = {} if learner is None else every(learner)
    again = answered.have_seen_films([answers for _, answers in past.values()])
    kinds = {
        number: kind_of(session, has_seen=has_seen)
        for (number, (session, _)), has_seen in zip(past.items(), again, strict=True)
    }
    sessions = {
        name_of(number, session, kinds[number]): (number, session, answers)
        for number, (session, answers) in past.items()
        if answers["grade"].notna().any()
    }
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
    answers_by_name = {name: answers for name, (_, _, answers) in sessions.items()}
    # A press on this page changes no answer, and drawing all patients anew takes long.
    progress = cached.of_films(scored, beneath(answers_by_name, cached.teaching_set().patients))
    progress = progress.assign(
        number=[sessions[name][0] for name in progress["session"]],
        kind=[kinds[sessions[name][0]] for name in progress["session"]],
    )
    table_view.show_figure(charts.progress_figure(progress, measure), "progress")
    if progress["kind"].nunique() > 1:
        st.caption("A line joins sessions of one kind alone: others are easier or harder.")
    if progress["kind"].str.contains(SEEN).any():
        st.caption(
            "Films seen before: their reference was told, and missed ones come back more often. "
            "A score on them is of these films, not of new ones."
        )
    if measure == "kappa" and (without := int(progress["kappa"].isna().sum())):
        st.caption(
            f"{counted(without, 'session')} not in the figure: kappa is not defined where one "
            "grade alone was given, or shown."
        )
    name = st.selectbox(
        "Look at a result again", list(sessions)[::-1], None, key="look_again", placeholder="Which?"
    )
    if name is not None:
        show_result(sessions[name][1])
        st.rerun()


def beneath(sessions, patients) -> pd.DataFrame:
    """Return the answers of sessions one beneath the other, with their session and patient."""
    answers = pd.concat(rows.assign(session=name) for name, rows in sessions.items())
    whose = [patients.get(name, name) for name in answers["image_id"]]
    columns = ["session", "image_id", "patient", "reference", "grade", "seconds"]
    return answers.assign(patient=whose)[columns]


def scored(answers: pd.DataFrame) -> pd.DataFrame:
    """Return `scoring.progress` of a table as from `beneath`."""
    patients = dict(zip(answers["image_id"], answers["patient"], strict=True))
    return scoring.progress(dict(iter(answers.groupby("session", sort=False))), patients)


def chosen(learner):
    """Return the session whose result is to be shown, or None; a reload finds it again."""
    wanted = kept.chosen(RESULT)
    hers = store.sessions_of(cached.store(), learner) if wanted and learner else []
    session = next((session for session in hers if str(session.session_id) == wanted), None)
    kept.turn_to(RESULT, None if session is None else wanted)
    return session


def show_result(session) -> None:
    """Turn to the result of a session."""
    kept.turn_to(RESULT, str(session.session_id))


def leave() -> None:
    """Turn away from the result."""
    kept.turn_to(RESULT, None)
