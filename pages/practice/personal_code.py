"""Who practises: a personal code and nothing else; what is kept under it, and how it goes."""

import json
from datetime import datetime

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.store import practice as store
from pages.shared import boundary, cached, clients, dataset_films, exam_choice

CODE = "learner"
"""The code's place in the address, so that a bookmark brings the learner back."""
CHOICES = ("mode", "feedback", "repeats")
"""Keys of what a learner chose for a session, which is not the next one's."""


def current():
    """Return the learner of this browser session, or None; a code that is not known is said."""
    learner = st.session_state.get(CODE)
    wanted = st.query_params.get(CODE)
    if learner is None and wanted:
        try:
            learner = store.find_learner(cached.store(), wanted)
        except KneeOAError as error:
            st.warning(boundary.escaped(str(error)))
            del st.query_params[CODE]
    if learner is not None:
        take(learner)
    return learner


def take(learner) -> None:
    """Let this browser session go on as `learner`."""
    st.session_state[CODE] = learner
    if st.query_params.get(CODE) != learner.code:
        st.query_params[CODE] = learner.code


def new(now: datetime):
    """Return a new learner, at once the one of this session."""
    learner = store.new_learner(cached.store(), now)
    take(learner)
    return learner


def show(learner) -> None:
    """Show the code and what can be done with what is kept; or ask for a code."""
    if learner is None:
        st.caption(
            "No name is asked for. With the first session you get a personal code, under which "
            "your answers are kept, so that you can see yourself improve."
        )
        with st.expander("I have a code"), st.form("have_code", border=False):
            code = st.text_input("Personal code", key="code_given")
            if st.form_submit_button("Go on") and code.strip():
                with boundary.refusals_shown():
                    take(store.find_learner(cached.store(), code))
                    st.rerun()
        return
    st.markdown(f"Your personal code is **{boundary.escaped(learner.code)}**.")
    st.caption(
        "It stands in this page's address, too: a bookmark brings you back. Who has the code sees "
        "your results."
    )
    with st.popover("My data"):
        st.download_button(
            "Download everything kept (JSON)",
            clients.noted(
                "practice exported",
                lambda: json.dumps(store.export_learner(cached.store(), learner), indent=1),
                f"learner {learner.learner_id}",
            ),
            file_name="practice.json",
            mime="application/json",
            on_click="ignore",
        )
        if st.checkbox("Delete everything, for good", key="sure"):
            st.button(":red[Delete now]", key="delete", on_click=_delete, args=[learner])


def _delete(learner):
    store.delete_learner(cached.store(), learner, **clients.now_here())
    forget()


def forget() -> None:
    """Let this browser session go on as nobody."""
    for key in (CODE, "play", "practice", "result", "sure", *exam_choice.CHOICES, *CHOICES):
        st.session_state.pop(key, None)
    st.query_params.pop(CODE, None)


def say_synthetic() -> None:
    """Say that no patient is behind these films, and how to get real ones."""
    st.warning(
        "These films are drawn, not taken: they show the signs of each grade, not what real films "
        "look like."
    )
    dataset_films.say_how_to_get_films()
